// The OpenAPI document of a Connector: made from the route table, and from the schemas by which the Runtime checks input.

import * as Schemas from "@nmshd/runtime/dist/useCases/common/Schemas.js";

/** Which schema of the Runtime describes the input of a route (its path values, body and query together). */
export const INPUTS = {
  "get /Announcements": "GetAnnouncementsRequest",
  "put /Attributes/CanCreate": "CanCreateOwnIdentityAttributeRequest",
  "post /Attributes": "CreateOwnIdentityAttributeRequest",
  "post /Attributes/:predecessorId/Succeed": "SucceedOwnIdentityAttributeRequest",
  "post /Attributes/:id/NotifyPeer": "NotifyPeerAboutOwnIdentityAttributeSuccessionRequest",
  "get /Attributes": "GetAttributesRequest",
  "get /Attributes/Own/Identity": "GetOwnIdentityAttributesRequest",
  "get /Attributes/Own/Shared/:peer": "GetOwnAttributesSharedWithPeerRequest",
  "get /Attributes/Peer/:peer": "GetPeerAttributesRequest",
  "get /Attributes/:id/ForwardingDetails": "GetForwardingDetailsForAttributeRequest",
  "get /Attributes/:id/Versions/Shared": "GetVersionsOfAttributeSharedWithPeerRequest",
  "post /Attributes/ExecuteIdentityAttributeQuery": "ExecuteIdentityAttributeQueryRequest",
  "post /Attributes/ExecuteRelationshipAttributeQuery": "ExecuteRelationshipAttributeQueryRequest",
  "post /Attributes/ExecuteThirdPartyRelationshipAttributeQuery": "ExecuteThirdPartyRelationshipAttributeQueryRequest",
  "post /Attributes/ExecuteIQLQuery": "ExecuteIQLQueryRequest",
  "post /Attributes/ValidateIQLQuery": "ValidateIQLQueryRequest",
  "post /BackboneNotifications": "SendBackboneNotificationRequest",
  "post /Challenges": "CreateChallengeRequest",
  "post /Challenges/Validate": "ValidateChallengeRequest",
  "post /Files/Peer": "GetOrLoadFileRequest",
  "get /Files": "GetFilesRequest",
  "get /Files/Own": "GetFilesRequest",
  "get /Files/Peer": "GetFilesRequest",
  "post /Files/:id/Token": "CreateTokenForFileRequest",
  "put /IdentityMetadata": "UpsertIdentityMetadataRequest",
  "get /IdentityMetadata": "GetIdentityMetadataRequest",
  "delete /IdentityMetadata": "DeleteIdentityMetadataRequest",
  "post /Messages": "SendMessageRequest",
  "get /Messages": "GetMessagesRequest",
  "put /Relationships/CanCreate": "CanCreateRelationshipRequest",
  "post /Relationships": "CreateRelationshipRequest",
  "get /Relationships": "GetRelationshipsRequest",
  "get /RelationshipTemplates": "GetRelationshipTemplatesRequest",
  "get /RelationshipTemplates/Own": "GetRelationshipTemplatesRequest",
  "get /RelationshipTemplates/Peer": "GetRelationshipTemplatesRequest",
  "post /RelationshipTemplates/Own": "CreateOwnRelationshipTemplateRequest",
  "post /RelationshipTemplates/Peer": "LoadPeerRelationshipTemplateRequest",
  "post /RelationshipTemplates/Own/:id/Token": "CreateTokenForOwnRelationshipTemplateRequest",
  "put /Requests/Incoming/:id/CanAccept": "AcceptIncomingRequestRequest",
  "put /Requests/Incoming/:id/Accept": "AcceptIncomingRequestRequest",
  "put /Requests/Incoming/:id/CanReject": "RejectIncomingRequestRequest",
  "put /Requests/Incoming/:id/Reject": "RejectIncomingRequestRequest",
  "get /Requests/Incoming": "GetIncomingRequestsRequest",
  "post /Requests/Outgoing/Validate": "CanCreateOutgoingRequestRequest",
  "post /Requests/Outgoing": "CreateOutgoingRequestRequest",
  "get /Requests/Outgoing": "GetOutgoingRequestsRequest",
  "post /Tokens/Own": "CreateOwnTokenRequest",
  "post /Tokens/Peer": "LoadPeerTokenRequest",
  "get /Tokens/Own": "GetTokensRequest",
  "get /Tokens/Peer": "GetTokensRequest",
  "post /IdentityDeletionProcess": "InitiateIdentityDeletionProcessRequest"
};

/** What of an input stands in the path, or is set by the Connector itself. */
const NOT_IN_BODY = ["attributeId", "decidedByAutomation", "fileId", "ownerRestriction", "predecessorId", "requestId"];
/** The id in the path of these routes has this name in the input; elsewhere it is a value of the body. */
const TEMPLATE_IN_PATH = { "post /RelationshipTemplates/Own/:id/Token": "templateId" };

const EXAMPLES = {
  AddressString: "did:e:localhost:dids:0123456789abcdef012345",
  ISO8601DateTimeString: "2030-01-01T00:00:00.000Z"
};

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
      properties: Object.fromEntries(["id", "code", "message", "time", "docs"].map((name) => [name, { type: "string" }]))
    }
  }
};

const json = (schema) => ({ content: { "application/json": { schema } } });
const failure = (description) => ({ description, ...json({ $ref: "#/components/schemas/Error" }) });
const resolve = (schema, definitions) => (schema.$ref ? definitions[schema.$ref.split("/").pop()] : schema);

/** Returns the OpenAPI 3.1 document of rows of the route table, which are served below `base`. */
export function openApi(rows, base, version, keyHeader) {
  const schemas = { Error: ERROR };
  const paths = {};
  for (const row of rows) {
    const path = (paths[base + row.path.replace(/:(\w+)/g, "{$1}")] ??= {});
    path[row.method] = operation(row, schemas);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "enmeshed Connector (local network of enmeshed-nb)",
      version,
      description: "Success: `{\"result\": …}`. Failure: `{\"error\": …}`. The schemas of inputs are the Runtime's own.",
      license: { name: "the Runtime: AGPL-3.0-or-later" }
    },
    security: [{ apiKey: [] }],
    paths,
    components: { securitySchemes: { apiKey: { type: "apiKey", in: "header", name: keyHeader } }, schemas }
  };
}

function operation(row, schemas) {
  const key = `${row.method} ${row.path}`;
  const input = inputOf(key, schemas);
  const pathNames = [...row.path.matchAll(/:(\w+)/g)].map(([, name]) => name);
  const result = {
    tags: [row.path.split("/")[1]],
    summary: `Scope: ${row.scopes.join(" or ")}`,
    operationId: `${row.method}_${row.path.replace(/\W+/g, "_").replace(/^_/, "")}`,
    parameters: pathNames.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    responses: { [row.status]: success(row), 401: failure("No or a wrong API key"), 403: failure("The scope is missing") }
  };
  if (row.path === "/Files/Own" && row.method === "post") {
    result.requestBody = { required: true, content: { "multipart/form-data": { schema: UPLOAD } } };
  } else if (input && ["post", "put"].includes(row.method) && row.path !== "/IdentityDeletionProcess") {
    result.requestBody = { required: true, ...json(without([...NOT_IN_BODY, TEMPLATE_IN_PATH[key]], input)) };
  } else if (input) {
    result.parameters.push(...queryParameters(without([...NOT_IN_BODY, ...pathNames], input), schemas));
  }
  if (input || pathNames.length) result.responses[400] = failure("The input is refused; the code says why");
  if (pathNames.length) result.responses[404] = failure("Nothing has this id");
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
function inputOf(key, schemas) {
  if (!INPUTS[key]) return undefined;
  const { $schema, definitions, ...schema } = relocated(Schemas[INPUTS[key]]);
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
