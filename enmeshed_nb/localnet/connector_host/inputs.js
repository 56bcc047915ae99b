// What the Runtime's use cases are called with: kinds of input, each made of what the caller of a route sends.
// Each is a part of a row of the route table: `from`, `schema` and `input` (see there).

import { Reference } from "@nmshd/core-types";
import { OwnerRestriction } from "@nmshd/runtime";
import { HttpError } from "./errors.js";

const defined = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
const named = (names, values) => Object.fromEntries(names.map((name) => [name, values[name]]));
const boolean = (text) => ({ true: true, false: false })[text] ?? text;
const fromBody = (schema, input) => ({ from: "body", schema, input });
const fromQuery = (schema, input) => ({ from: "query", schema, input });

/** What stands in the path. */
export const inPath = () => ({ from: "path", input: (path) => path });

/** The id of a File is given by itself or by a reference; what is neither is left for the use case to refuse. */
export const byReference = () => ({
  from: "path",
  input: ({ id }) => {
    if (id.startsWith("FIL")) return { id };
    try {
      return { id: Reference.from(id).id.toString() };
    } catch {
      return { id };
    }
  }
});

/** The body is the input. */
export const wholeBody = (schema) => fromBody(schema, (_path, { body }) => body);

/** These values of the body, and what stands in the path. */
export const ofBody = (names, schema) => fromBody(schema, (path, { body }) => ({ ...path, ...named(names, body) }));

/** The body; a token is kept unless it says otherwise. */
export const token = (schema) =>
  fromBody(schema, (_path, { body }) => ({ ...body, ephemeral: body.ephemeral ?? false }));

/** The body, and what stands in the path; the token behind a picture is not kept. */
export const tokenFor = (schema) =>
  fromBody(schema, (path, { body, wantsPng }) => ({
    ...body,
    ...path,
    ephemeral: wantsPng || body.ephemeral === true
  }));

/** What is decided about a Request; a decision that pretends to be made by a rule is refused. */
export const decision = (schema) =>
  fromBody(schema, (path, { body: { items, decidedByAutomation } }) => {
    if (!decidedByAutomation) return { ...path, items };
    throw new HttpError(
      400,
      "error.connector.incomingRequests.decidedByAutomation",
      "The property 'decidedByAutomation' must not be set to true: whoever calls this route decides by hand."
    );
  });

/** The query is the input. */
export const wholeQuery = (schema) => fromQuery(schema, (_path, { query }) => ({ ...query }));

/** These values of the query. */
export const ofQuery = (names, schema) => fromQuery(schema, (_path, { query }) => named(names, query));

/** The query filters a list. */
export const filter = (schema) => fromQuery(schema, (path, { query }) => ({ ...path, query }));

/** The query filters the list of what is one's own ("Own") or a peer's ("Peer"). */
export const ofOwner = (owner, schema) =>
  fromQuery(schema, (_path, { query }) => ({ query, ownerRestriction: OwnerRestriction[owner] }));

/** The query filters a list of Attributes; two of its names are flags beside the filter. */
export const filterAndFlags = (schema) =>
  fromQuery(schema, (path, { query: { onlyLatestVersions, hideTechnical, ...query } }) => ({
    ...path,
    ...defined({ onlyLatestVersions: boolean(onlyLatestVersions), hideTechnical: boolean(hideTechnical) }),
    query
  }));

/** The query names the peer, and may have a flag. */
export const versionsForPeer = (schema) =>
  fromQuery(schema, (path, { query: { peer, onlyLatestVersions } }) => ({
    ...path,
    peer,
    ...defined({ onlyLatestVersions: boolean(onlyLatestVersions) })
  }));

/** The query may have a number of days. */
export const gracePeriod = (schema) =>
  fromQuery(schema, (_path, { query: { lengthOfGracePeriodInDays: days } }) =>
    defined({ lengthOfGracePeriodInDays: days && Number(days) })
  );

/** A form with a file. */
export const upload = (schema) => ({
  from: "form",
  schema,
  input: (_path, { body: { expiresAt, title, description, tags }, file }) => ({
    ...(file && { content: file.buffer, filename: file.originalname, mimetype: file.mimetype }),
    ...defined({ expiresAt, title, description, tags: tags && [tags].flat() })
  })
});
