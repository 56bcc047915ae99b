// All routes of the Connector's API, one row each: the Runtime's use case behind it, and what the HTTP layer must know.
//
//   method, path  below /api/core/v1; an earlier row wins over a later one
//   scopes        one of them is needed
//   status        of a success
//   accepts       media types to choose from by the Accept header; without it any Accept will do
//   before        middleware that reads the body
//   download      the result is a file
//   call          (services, input) -> Result; input has params, query, body, file, wantsPng

import { ApplicationError, Result } from "@js-soft/ts-utils";
import { Reference } from "@nmshd/core-types";
import { OwnerRestriction } from "@nmshd/runtime";
import multer from "multer";

const JSON_ONLY = ["application/json"];
const JSON_OR_PNG = ["application/json", "image/png"];

const upload = multer({ storage: multer.memoryStorage(), defParamCharset: "utf8" }).single("file");

/** Returns a function that makes a row; what rows of one group share is given once. */
function group(...scopes) {
  return (method, path, status, call, more = {}) => ({
    method,
    path,
    scopes: scopes.map((scope) => `core:${scope}`),
    status,
    call,
    accepts: JSON_ONLY,
    ...more
  });
}

const anyAccept = { accepts: undefined };
const orPng = { accepts: JSON_OR_PNG };

const boolean = (text) => ({ true: true, false: false })[text] ?? text;

/** Splits the flags off a query: what remains filters the list. */
function withFlags({ onlyLatestVersions, hideTechnical, ...query }) {
  const flags = { onlyLatestVersions: boolean(onlyLatestVersions), hideTechnical: boolean(hideTechnical) };
  return { ...Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)), query };
}

/** The id of a File, given by itself or by a reference; what is neither is left for the use case to refuse. */
function fileId(idOrReference) {
  if (idOrReference.startsWith("FIL")) return idOrReference;
  try {
    return Reference.from(idOrReference).id.toString();
  } catch {
    return idOrReference;
  }
}

const account = group("account");
const announcements = group("announcements");
const attributes = group("attributes");
const backboneNotifications = group("backboneNotifications");
const challenges = group("challenges");
const files = group("files");
const identityMetadata = group("identityMetadata");
const messages = group("messages");
const relationships = group("relationships");
const templates = group("relationshipTemplates");
const incoming = group("requests", "requests:incoming");
const outgoing = group("requests", "requests:outgoing");
const tokens = group("tokens");

const relationshipAction = (method, path, useCase) =>
  relationships(method, path, 200, ({ transport }, { params }) =>
    transport.relationships[useCase]({ relationshipId: params.id })
  );

const decision = (action, useCase) =>
  incoming("put", `/Requests/Incoming/:id/${action}`, 200, ({ consumption }, { params, body }) =>
    body.decidedByAutomation
      ? Result.fail(
          new ApplicationError(
            "error.connector.incomingRequests.decidedByAutomation",
            "The property 'decidedByAutomation' must not be set to true: whoever calls this route decides by hand."
          )
        )
      : consumption.incomingRequests[useCase]({ requestId: params.id, items: body.items })
  );

const queryExecution = (path, useCase) =>
  attributes("post", `/Attributes/${path}`, 200, ({ consumption }, { body }) => consumption.attributes[useCase](body));

async function succeedAttribute({ consumption }, { params: { predecessorId }, body: { successorContent } }) {
  const predecessor = await consumption.attributes.getAttribute({ id: predecessorId });
  if (predecessor.isError) return predecessor;
  const useCase =
    predecessor.value.content["@type"] === "IdentityAttribute"
      ? "succeedOwnIdentityAttribute"
      : "succeedRelationshipAttributeAndNotifyPeer";
  return consumption.attributes[useCase]({ predecessorId, successorContent });
}

const ownerships = [
  ["Own", OwnerRestriction.Own],
  ["Peer", OwnerRestriction.Peer]
];

export const ROUTES = [
  account("get", "/Account/IdentityInfo", 200, ({ transport }) => transport.account.getIdentityInfo()),
  account("post", "/Account/Sync", 204, ({ transport }) => transport.account.syncEverything()),
  account("get", "/Account/SyncInfo", 200, ({ transport }) => transport.account.getSyncInfo()),

  announcements("get", "/Announcements", 200, ({ transport }, { query }) =>
    transport.announcements.getAnnouncements({ language: query.language })
  ),

  attributes("put", "/Attributes/CanCreate", 200, ({ consumption }, { body }) =>
    consumption.attributes.canCreateOwnIdentityAttribute(body)
  ),
  attributes("post", "/Attributes", 201, ({ consumption }, { body }) =>
    consumption.attributes.createOwnIdentityAttribute(body)
  ),
  attributes("post", "/Attributes/:predecessorId/Succeed", 201, succeedAttribute),
  attributes("post", "/Attributes/:id/NotifyPeer", 201, ({ consumption }, { params, body }) =>
    consumption.attributes.notifyPeerAboutOwnIdentityAttributeSuccession({ attributeId: params.id, peer: body.peer })
  ),
  attributes("get", "/Attributes", 200, ({ consumption }, { query }) => consumption.attributes.getAttributes({ query })),
  attributes("get", "/Attributes/Own/Identity", 200, ({ consumption }, { query }) =>
    consumption.attributes.getOwnIdentityAttributes(withFlags(query))
  ),
  attributes("get", "/Attributes/Own/Shared/:peer", 200, ({ consumption }, { params, query }) =>
    consumption.attributes.getOwnAttributesSharedWithPeer({ peer: params.peer, ...withFlags(query) })
  ),
  attributes("get", "/Attributes/Peer/:peer", 200, ({ consumption }, { params, query }) =>
    consumption.attributes.getPeerAttributes({ peer: params.peer, ...withFlags(query) })
  ),
  attributes("get", "/Attributes/TagCollection", 200, ({ consumption }) =>
    consumption.attributes.getAttributeTagCollection()
  ),
  queryExecution("ExecuteIdentityAttributeQuery", "executeIdentityAttributeQuery"),
  queryExecution("ExecuteRelationshipAttributeQuery", "executeRelationshipAttributeQuery"),
  queryExecution("ExecuteThirdPartyRelationshipAttributeQuery", "executeThirdPartyRelationshipAttributeQuery"),
  queryExecution("ExecuteIQLQuery", "executeIQLQuery"),
  queryExecution("ValidateIQLQuery", "validateIQLQuery"),
  attributes("get", "/Attributes/:id/ForwardingDetails", 200, ({ consumption }, { params, query }) =>
    consumption.attributes.getForwardingDetailsForAttribute({ attributeId: params.id, query })
  ),
  attributes("get", "/Attributes/:id/Versions", 200, ({ consumption }, { params }) =>
    consumption.attributes.getVersionsOfAttribute({ attributeId: params.id })
  ),
  attributes("get", "/Attributes/:id/Versions/Shared", 200, ({ consumption }, { params, query }) => {
    const { onlyLatestVersions, query: rest } = withFlags(query);
    const flag = onlyLatestVersions === undefined ? {} : { onlyLatestVersions };
    return consumption.attributes.getVersionsOfAttributeSharedWithPeer({ attributeId: params.id, peer: rest.peer, ...flag });
  }),
  attributes("get", "/Attributes/:id", 200, ({ consumption }, { params }) =>
    consumption.attributes.getAttribute({ id: params.id })
  ),
  attributes(
    "delete",
    "/Attributes/:id",
    200,
    ({ consumption }, { params }) => consumption.attributes.deleteAttributeAndNotify({ attributeId: params.id }),
    anyAccept
  ),

  backboneNotifications("post", "/BackboneNotifications", 204, ({ transport }, { body }) =>
    transport.backboneNotifications.sendBackboneNotification(body)
  ),

  challenges("post", "/Challenges", 201, ({ transport }, { body }) => transport.challenges.createChallenge(body)),
  challenges("post", "/Challenges/Validate", 200, ({ transport }, { body }) =>
    transport.challenges.validateChallenge(body)
  ),

  files(
    "post",
    "/Files/Own",
    201,
    ({ transport }, { body, file }) => {
      const { expiresAt, title, description, tags } = body;
      const content = file && { content: file.buffer, filename: file.originalname, mimetype: file.mimetype };
      const texts = { expiresAt, title, description, tags: tags === undefined ? tags : [tags].flat() };
      const given = Object.entries({ ...content, ...texts }).filter(([, value]) => value !== undefined);
      return transport.files.uploadOwnFile(Object.fromEntries(given));
    },
    { before: [upload] }
  ),
  files("post", "/Files/Peer", 201, ({ transport }, { body }) => transport.files.getOrLoadFile(body)),
  files("get", "/Files", 200, ({ transport }, { query }) => transport.files.getFiles({ query })),
  ...ownerships.map(([path, ownerRestriction]) =>
    files("get", `/Files/${path}`, 200, ({ transport }, { query }) =>
      transport.files.getFiles({ query, ownerRestriction })
    )
  ),
  files(
    "get",
    "/Files/:id",
    200,
    ({ transport }, { params }) => transport.files.getFile({ id: fileId(params.id) }),
    orPng
  ),
  files(
    "get",
    "/Files/:id/Download",
    200,
    ({ transport }, { params }) => transport.files.downloadFile({ id: params.id }),
    { ...anyAccept, download: true }
  ),
  files(
    "post",
    "/Files/:id/Token",
    201,
    ({ transport }, { params, body, wantsPng }) =>
      transport.files.createTokenForFile({ ...body, fileId: params.id, ephemeral: wantsPng || body.ephemeral === true }),
    orPng
  ),
  files("delete", "/Files/:id", 204, ({ transport }, { params }) => transport.files.deleteFile({ fileId: params.id }), anyAccept),
  files(
    "patch",
    "/Files/:id/RegenerateOwnershipToken",
    200,
    ({ transport }, { params }) => transport.files.regenerateFileOwnershipToken({ id: params.id }),
    anyAccept
  ),

  identityMetadata("put", "/IdentityMetadata", 200, ({ consumption }, { body }) =>
    consumption.identityMetadata.upsertIdentityMetadata(body)
  ),
  identityMetadata(
    "get",
    "/IdentityMetadata",
    200,
    ({ consumption }, { query }) => consumption.identityMetadata.getIdentityMetadata({ ...query }),
    anyAccept
  ),
  identityMetadata(
    "delete",
    "/IdentityMetadata",
    204,
    ({ consumption }, { query }) => consumption.identityMetadata.deleteIdentityMetadata({ ...query }),
    anyAccept
  ),

  messages("post", "/Messages", 201, ({ transport }, { body }) => transport.messages.sendMessage(body)),
  messages("get", "/Messages", 200, ({ transport }, { query }) => transport.messages.getMessages({ query })),
  messages("get", "/Messages/:id", 200, ({ transport }, { params }) => transport.messages.getMessage({ id: params.id })),
  messages("get", "/Messages/:id/Attachments/:attachmentId", 200, ({ transport }, { params: { id, attachmentId } }) =>
    transport.messages.getAttachmentMetadata({ id, attachmentId })
  ),
  messages(
    "get",
    "/Messages/:id/Attachments/:attachmentId/Download",
    200,
    ({ transport }, { params: { id, attachmentId } }) => transport.messages.downloadAttachment({ id, attachmentId }),
    { download: true }
  ),

  relationships("put", "/Relationships/CanCreate", 200, ({ transport }, { body }) =>
    transport.relationships.canCreateRelationship(body)
  ),
  relationships("post", "/Relationships", 201, ({ transport }, { body }) =>
    transport.relationships.createRelationship(body)
  ),
  relationships("get", "/Relationships", 200, ({ transport }, { query }) =>
    transport.relationships.getRelationships({ query })
  ),
  relationships("get", "/Relationships/:id", 200, ({ transport }, { params }) =>
    transport.relationships.getRelationship({ id: params.id })
  ),
  relationships("get", "/Relationships/:id/Attributes", 200, ({ transport }, { params }) =>
    transport.relationships.getAttributesForRelationship({ id: params.id })
  ),
  relationshipAction("put", "/Relationships/:id/Accept", "acceptRelationship"),
  relationshipAction("put", "/Relationships/:id/Reject", "rejectRelationship"),
  relationshipAction("put", "/Relationships/:id/Revoke", "revokeRelationship"),
  relationshipAction("put", "/Relationships/:id/Terminate", "terminateRelationship"),
  relationshipAction("put", "/Relationships/:id/Reactivate", "requestRelationshipReactivation"),
  relationshipAction("put", "/Relationships/:id/Reactivate/Accept", "acceptRelationshipReactivation"),
  relationshipAction("put", "/Relationships/:id/Reactivate/Reject", "rejectRelationshipReactivation"),
  relationshipAction("put", "/Relationships/:id/Reactivate/Revoke", "revokeRelationshipReactivation"),
  relationships("delete", "/Relationships/:id", 204, ({ transport }, { params }) =>
    transport.relationships.decomposeRelationship({ relationshipId: params.id })
  ),

  templates(
    "get",
    "/RelationshipTemplates",
    200,
    ({ transport }, { query }) => transport.relationshipTemplates.getRelationshipTemplates({ query }),
    anyAccept
  ),
  ...ownerships.map(([path, ownerRestriction]) =>
    templates("get", `/RelationshipTemplates/${path}`, 200, ({ transport }, { query }) =>
      transport.relationshipTemplates.getRelationshipTemplates({ query, ownerRestriction })
    )
  ),
  templates(
    "get",
    "/RelationshipTemplates/:id",
    200,
    ({ transport }, { params }) => transport.relationshipTemplates.getRelationshipTemplate({ id: params.id }),
    orPng
  ),
  templates("post", "/RelationshipTemplates/Own", 201, ({ transport }, { body }) =>
    transport.relationshipTemplates.createOwnRelationshipTemplate(body)
  ),
  templates("post", "/RelationshipTemplates/Peer", 201, ({ transport }, { body }) =>
    transport.relationshipTemplates.loadPeerRelationshipTemplate(body)
  ),
  templates(
    "post",
    "/RelationshipTemplates/Own/:id/Token",
    201,
    ({ transport }, { params, body, wantsPng }) =>
      transport.relationshipTemplates.createTokenForOwnRelationshipTemplate({
        ...body,
        templateId: params.id,
        ephemeral: wantsPng || body.ephemeral === true
      }),
    orPng
  ),
  templates(
    "delete",
    "/RelationshipTemplates/:id",
    204,
    ({ transport }, { params }) => transport.relationshipTemplates.deleteRelationshipTemplate({ templateId: params.id }),
    anyAccept
  ),

  decision("CanAccept", "canAccept"),
  decision("Accept", "accept"),
  decision("CanReject", "canReject"),
  decision("Reject", "reject"),
  incoming("get", "/Requests/Incoming/:id", 200, ({ consumption }, { params }) =>
    consumption.incomingRequests.getRequest({ id: params.id })
  ),
  incoming("get", "/Requests/Incoming", 200, ({ consumption }, { query }) =>
    consumption.incomingRequests.getRequests({ query })
  ),

  outgoing("post", "/Requests/Outgoing/Validate", 201, ({ consumption }, { body }) =>
    consumption.outgoingRequests.canCreate(body)
  ),
  outgoing("post", "/Requests/Outgoing", 201, ({ consumption }, { body }) => consumption.outgoingRequests.create(body)),
  outgoing("get", "/Requests/Outgoing/:id", 200, ({ consumption }, { params }) =>
    consumption.outgoingRequests.getRequest({ id: params.id })
  ),
  outgoing("get", "/Requests/Outgoing", 200, ({ consumption }, { query }) =>
    consumption.outgoingRequests.getRequests({ query })
  ),

  tokens("post", "/Tokens/Own", 201, ({ transport }, { body }) =>
    transport.tokens.createOwnToken({ ...body, ephemeral: body.ephemeral ?? false })
  ),
  tokens("post", "/Tokens/Peer", 201, ({ transport }, { body }) =>
    transport.tokens.loadPeerToken({ ...body, ephemeral: body.ephemeral ?? false })
  ),
  ...ownerships.map(([path, ownerRestriction]) =>
    tokens("get", `/Tokens/${path}`, 200, ({ transport }, { query }) =>
      transport.tokens.getTokens({ query, ownerRestriction })
    )
  ),
  tokens("get", "/Tokens/:id", 200, ({ transport }, { params }) => transport.tokens.getToken({ id: params.id }), orPng),
  tokens(
    "delete",
    "/Tokens/:id",
    204,
    ({ transport }, { params }) => transport.tokens.deleteToken({ tokenId: params.id }),
    anyAccept
  )
];

const deletion = (method, call) => ({
  ...group()(method, "/IdentityDeletionProcess", 200, call),
  scopes: ["debug:identityDeletionProcess"]
});

/** Routes that a Connector only has with `debug: true`. */
export const DEBUG_ROUTES = [
  deletion("post", ({ transport }, { query: { lengthOfGracePeriodInDays: days } }) =>
    transport.identityDeletionProcesses.initiateIdentityDeletionProcess(
      days === undefined ? {} : { lengthOfGracePeriodInDays: Number(days) }
    )
  ),
  deletion("get", ({ transport }) => transport.identityDeletionProcesses.getActiveIdentityDeletionProcess()),
  deletion("delete", ({ transport }) => transport.identityDeletionProcesses.cancelIdentityDeletionProcess())
];
