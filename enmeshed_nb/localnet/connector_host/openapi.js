// The OpenAPI document of a Connector: made from the route table, and from the schemas by which the Runtime checks input.

import { schemaOf } from "./internals.js";

/** What of an input is set by the Connector itself. */
const NOT_OF_CALLERS = ["decidedByAutomation", "ownerRestriction"];

const EXAMPLES = {
  AddressString: "did:e:localhost:dids:0123456789abcdef012345",
  ISO8601DateTimeString: "2030-01-01T00:00:00.000Z"
};

/** The form of an upload; the Runtime's schema is about what becomes of it. */
const UPLOAD = {
  type: "object",
  required: ["file"],
  properties: {
    file: { type: "string", format: "binary" },
    expiresAt: { type: "string", format: "date-time" },
    title: { type: "string" },
    description: { type: "string" },
    tags: { type: "array", items: { type: "string" } }
  }
};

const ERROR = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["id", "code", "message", "time", "docs"],
      properties: Object.fromEntries(
        ["id", "code", "message", "time", "docs"].map((name) => [name, { type: "string" }])
      )
    }
  }
};

const json = (schema) => ({ content: { "application/json": { schema } } });
const failure = (description) => ({ description, ...json({ $ref: "#/components/schemas/Error" }) });
const resolve = (schema, definitions) => (schema.$ref ? definitions[schema.$ref.split("/").pop()] : schema);

/** Returns the OpenAPI 3.1 document of rows of the route table, which are served below `base`. */
export function openApi(rows, base, version, authentication) {
  const schemas = { Error: ERROR };
  const paths = {};
  for (const row of rows) {
    const path = (paths[base + row.path.replace(/:(\w+)/g, "{$1}")] ??= {});
    path[row.method] = operation(row, schemas);
  }
  const securitySchemes = {
    apiKey: { type: "apiKey", in: "header", name: authentication.header },
    ...(authentication.takesTokens && { jwtBearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } })
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "enmeshed Connector (local network of enmeshed-nb)",
      version,
      description: 'Success: `{"result": …}`. Failure: `{"error": …}`. The schemas of inputs are the Runtime\'s own.',
      license: { name: "the Runtime: AGPL-3.0-or-later" }
    },
    security: Object.keys(securitySchemes).map((name) => ({ [name]: [] })),
    paths,
    components: { securitySchemes, schemas }
  };
}

function operation(row, schemas) {
  const input = inputOf(row, schemas);
  const names = [...row.path.matchAll(/:(\w+)/g)].map(([, name]) => name);
  const result = {
    tags: [row.path.split("/")[1]],
    summary: `Scope: ${row.scopes.join(" or ")}`,
    operationId: `${row.method}_${row.path.replace(/\W+/g, "_").replace(/^_/, "")}`,
    parameters: names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    responses: {
      [row.status]: success(row),
      401: failure("No or a wrong API key"),
      403: failure("The scope is missing")
    }
  };
  if (input) {
    const given = without([...NOT_OF_CALLERS, ...names.map((name) => (name === "id" ? row.id : name))], input);
    if (row.from === "query") result.parameters.push(...queryParameters(given, schemas));
    if (row.from === "body") result.requestBody = { required: true, ...json(given) };
    if (row.from === "form") {
      result.requestBody = { required: true, content: { "multipart/form-data": { schema: UPLOAD } } };
    }
  }
  if (input || names.length) result.responses[400] = failure("The input is refused; the code says why");
  if (names.length) result.responses[404] = failure("Nothing has this id");
  return result;
}

function success({ status, download, accepts = [] }) {
  const description = "Success";
  if (status === 204) return { description };
  if (download) return { description, content: { "application/octet-stream": {} } };
  const { content } = json({ type: "object", required: ["result"], properties: { result: {} } });
  return { description, content: accepts.includes("image/png") ? { ...content, "image/png": {} } : content };
}

/** The schema of a route's input; what it refers to is put into `schemas`. */
function inputOf(row, schemas) {
  if (!row.schema) return undefined;
  const { definitions, ...schema } = relocated(schemaOf(row.schema));
  for (const [name, definition] of Object.entries(definitions)) schemas[name] = withExample(name, definition);
  return resolve(schema, definitions);
}

/** Adds an example to texts with a pattern; the pages would show noise that fits the pattern instead. */
function withExample(name, definition) {
  const example = name.endsWith("IdString") ? `${definition.pattern.slice(0, 3)}aBcDeFgHiJkLmNoPq` : EXAMPLES[name];
  return example ? { ...definition, example } : definition;
}

function relocated(schema) {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/definitions/', '"#/components/schemas/'));
}

function without(names, schema) {
  if (!schema.properties) return schema;
  const properties = Object.fromEntries(Object.entries(schema.properties).filter(([name]) => !names.includes(name)));
  return { ...schema, properties, required: (schema.required ?? []).filter((name) => name in properties) };
}

function queryParameters({ properties, required }, schemas) {
  return Object.entries(properties).flatMap(([name, schema]) =>
    name === "query"
      ? queryParameters({ required: [], ...resolve(schema, schemas) }, schemas)
      : [{ name, in: "query", required: required.includes(name), schema }]
  );
}
