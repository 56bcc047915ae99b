// All routes of the Connector's API, one row each: the use case of the Runtime behind it, and what the HTTP layer and
// the description of the API must know.
//
//   method, path     the path below /api/core/v1; an earlier row wins over a later one
//   scopes           one of them is needed
//   status           of a success
//   services, facade where the Runtime has the use case
//   useCase          its name, or (facade, input) -> its name
//   input            (path, {body, query, file, wantsPng}) -> what it is called with
//   from             where callers write that: path, body, query, or form (an upload)
//   schema           the name of the Runtime's schema of the input
//   id               the name that the path's `:id` has in the input
//   accepts          media types to choose from by the Accept header; without it any Accept will do
//   download         the result is a file

import {
  byReference,
  decision,
  filter,
  filterAndFlags,
  gracePeriod,
  inPath,
  ofBody,
  ofOwner,
  ofQuery,
  token,
  tokenFor,
  upload,
  versionsForPeer,
  wholeBody,
  wholeQuery
} from "./inputs.js";

const JSON_ONLY = { accepts: ["application/json"] };
const ANY = { accepts: undefined };
const OR_PNG = { accepts: ["application/json", "image/png"] };
const DOWNLOAD = { download: true };

/** Returns a function that makes a row; what rows of one group share is given once. */
function group(where, ...scopes) {
  const [services, facade] = where.split(".");
  return (line, status, useCase, ...details) => {
    const [method, path] = line.split(" ");
    const row = { method: method.toLowerCase(), path, scopes, status, services, facade, useCase };
    return Object.assign(row, { id: "id" }, inPath(), JSON_ONLY, ...details);
  };
}

const account = group("transportServices.account", "core:account");
const announcements = group("transportServices.announcements", "core:announcements");
const attributes = group("consumptionServices.attributes", "core:attributes");
const backboneNotifications = group("transportServices.backboneNotifications", "core:backboneNotifications");
const challenges = group("transportServices.challenges", "core:challenges");
const deletions = group("transportServices.identityDeletionProcesses", "debug:identityDeletionProcess");
const files = group("transportServices.files", "core:files");
const identityMetadata = group("consumptionServices.identityMetadata", "core:identityMetadata");
const incoming = group("consumptionServices.incomingRequests", "core:requests", "core:requests:incoming");
const messages = group("transportServices.messages", "core:messages");
const outgoing = group("consumptionServices.outgoingRequests", "core:requests", "core:requests:outgoing");
const relationships = group("transportServices.relationships", "core:relationships");
const templates = group("transportServices.relationshipTemplates", "core:relationshipTemplates");
const tokens = group("transportServices.tokens", "core:tokens");

/** The lists of what is one's own, and of what is a peer's. */
const ofEachOwner = (row, path, useCase, schema) =>
  ["Own", "Peer"].map((owner) => row(`GET ${path}/${owner}`, 200, useCase, ofOwner(owner, schema)));

const change = (line, status, useCase) => relationships(line, status, useCase, { id: "relationshipId" });

const decide = (action, useCase, schema) =>
  incoming(`PUT /Requests/Incoming/:id/${action}`, 200, useCase, decision(schema), { id: "requestId" });

const execute = (useCase, schema) =>
  attributes(`POST /Attributes/${schema.replace(/Request$/, "")}`, 200, useCase, wholeBody(schema));

async function succession(facade, { predecessorId }) {
  const predecessor = await facade.getAttribute({ id: predecessorId });
  if (predecessor.isError) throw predecessor.error;
  const isOfIdentity = predecessor.value.content["@type"] === "IdentityAttribute";
  return isOfIdentity ? "succeedOwnIdentityAttribute" : "succeedRelationshipAttributeAndNotifyPeer";
}

export const ROUTES = [
  account("GET /Account/IdentityInfo", 200, "getIdentityInfo"),
  account("POST /Account/Sync", 204, "syncEverything"),
  account("GET /Account/SyncInfo", 200, "getSyncInfo"),

  announcements("GET /Announcements", 200, "getAnnouncements", ofQuery(["language"], "GetAnnouncementsRequest")),

  attributes(
    "PUT /Attributes/CanCreate",
    200,
    "canCreateOwnIdentityAttribute",
    wholeBody("CanCreateOwnIdentityAttributeRequest")
  ),
  attributes("POST /Attributes", 201, "createOwnIdentityAttribute", wholeBody("CreateOwnIdentityAttributeRequest")),
  attributes(
    "POST /Attributes/:predecessorId/Succeed",
    201,
    succession,
    ofBody(["successorContent"], "SucceedOwnIdentityAttributeRequest")
  ),
  attributes(
    "POST /Attributes/:id/NotifyPeer",
    201,
    "notifyPeerAboutOwnIdentityAttributeSuccession",
    ofBody(["peer"], "NotifyPeerAboutOwnIdentityAttributeSuccessionRequest"),
    { id: "attributeId" }
  ),
  attributes("GET /Attributes", 200, "getAttributes", filter("GetAttributesRequest")),
  attributes(
    "GET /Attributes/Own/Identity",
    200,
    "getOwnIdentityAttributes",
    filterAndFlags("GetOwnIdentityAttributesRequest")
  ),
  attributes(
    "GET /Attributes/Own/Shared/:peer",
    200,
    "getOwnAttributesSharedWithPeer",
    filterAndFlags("GetOwnAttributesSharedWithPeerRequest")
  ),
  attributes("GET /Attributes/Peer/:peer", 200, "getPeerAttributes", filterAndFlags("GetPeerAttributesRequest")),
  attributes("GET /Attributes/TagCollection", 200, "getAttributeTagCollection"),
  execute("executeIdentityAttributeQuery", "ExecuteIdentityAttributeQueryRequest"),
  execute("executeRelationshipAttributeQuery", "ExecuteRelationshipAttributeQueryRequest"),
  execute("executeThirdPartyRelationshipAttributeQuery", "ExecuteThirdPartyRelationshipAttributeQueryRequest"),
  execute("executeIQLQuery", "ExecuteIQLQueryRequest"),
  execute("validateIQLQuery", "ValidateIQLQueryRequest"),
  attributes(
    "GET /Attributes/:id/ForwardingDetails",
    200,
    "getForwardingDetailsForAttribute",
    filter("GetForwardingDetailsForAttributeRequest"),
    { id: "attributeId" }
  ),
  attributes("GET /Attributes/:id/Versions", 200, "getVersionsOfAttribute", {
    id: "attributeId"
  }),
  attributes(
    "GET /Attributes/:id/Versions/Shared",
    200,
    "getVersionsOfAttributeSharedWithPeer",
    versionsForPeer("GetVersionsOfAttributeSharedWithPeerRequest"),
    { id: "attributeId" }
  ),
  attributes("GET /Attributes/:id", 200, "getAttribute"),
  attributes("DELETE /Attributes/:id", 200, "deleteAttributeAndNotify", { id: "attributeId" }, ANY),

  backboneNotifications(
    "POST /BackboneNotifications",
    204,
    "sendBackboneNotification",
    wholeBody("SendBackboneNotificationRequest")
  ),

  challenges("POST /Challenges", 201, "createChallenge", wholeBody("CreateChallengeRequest")),
  challenges("POST /Challenges/Validate", 200, "validateChallenge", wholeBody("ValidateChallengeRequest")),

  files("POST /Files/Own", 201, "uploadOwnFile", upload("UploadOwnFileRequest")),
  files("POST /Files/Peer", 201, "getOrLoadFile", wholeBody("GetOrLoadFileRequest")),
  files("GET /Files", 200, "getFiles", filter("GetFilesRequest")),
  ...ofEachOwner(files, "/Files", "getFiles", "GetFilesRequest"),
  files("GET /Files/:id", 200, "getFile", byReference(), OR_PNG),
  files("GET /Files/:id/Download", 200, "downloadFile", ANY, DOWNLOAD),
  files(
    "POST /Files/:id/Token",
    201,
    "createTokenForFile",
    tokenFor("CreateTokenForFileRequest"),
    { id: "fileId" },
    OR_PNG
  ),
  files("DELETE /Files/:id", 204, "deleteFile", { id: "fileId" }, ANY),
  files("PATCH /Files/:id/RegenerateOwnershipToken", 200, "regenerateFileOwnershipToken", ANY),

  identityMetadata("PUT /IdentityMetadata", 200, "upsertIdentityMetadata", wholeBody("UpsertIdentityMetadataRequest")),
  identityMetadata("GET /IdentityMetadata", 200, "getIdentityMetadata", wholeQuery("GetIdentityMetadataRequest"), ANY),
  identityMetadata(
    "DELETE /IdentityMetadata",
    204,
    "deleteIdentityMetadata",
    wholeQuery("DeleteIdentityMetadataRequest"),
    ANY
  ),

  messages("POST /Messages", 201, "sendMessage", wholeBody("SendMessageRequest")),
  messages("GET /Messages", 200, "getMessages", filter("GetMessagesRequest")),
  messages("GET /Messages/:id", 200, "getMessage"),
  messages("GET /Messages/:id/Attachments/:attachmentId", 200, "getAttachmentMetadata"),
  messages("GET /Messages/:id/Attachments/:attachmentId/Download", 200, "downloadAttachment", DOWNLOAD),

  relationships(
    "PUT /Relationships/CanCreate",
    200,
    "canCreateRelationship",
    wholeBody("CanCreateRelationshipRequest")
  ),
  relationships("POST /Relationships", 201, "createRelationship", wholeBody("CreateRelationshipRequest")),
  relationships("GET /Relationships", 200, "getRelationships", filter("GetRelationshipsRequest")),
  relationships("GET /Relationships/:id", 200, "getRelationship"),
  relationships("GET /Relationships/:id/Attributes", 200, "getAttributesForRelationship"),
  change("PUT /Relationships/:id/Accept", 200, "acceptRelationship"),
  change("PUT /Relationships/:id/Reject", 200, "rejectRelationship"),
  change("PUT /Relationships/:id/Revoke", 200, "revokeRelationship"),
  change("PUT /Relationships/:id/Terminate", 200, "terminateRelationship"),
  change("PUT /Relationships/:id/Reactivate", 200, "requestRelationshipReactivation"),
  change("PUT /Relationships/:id/Reactivate/Accept", 200, "acceptRelationshipReactivation"),
  change("PUT /Relationships/:id/Reactivate/Reject", 200, "rejectRelationshipReactivation"),
  change("PUT /Relationships/:id/Reactivate/Revoke", 200, "revokeRelationshipReactivation"),
  change("DELETE /Relationships/:id", 204, "decomposeRelationship"),

  templates(
    "GET /RelationshipTemplates",
    200,
    "getRelationshipTemplates",
    filter("GetRelationshipTemplatesRequest"),
    ANY
  ),
  ...ofEachOwner(templates, "/RelationshipTemplates", "getRelationshipTemplates", "GetRelationshipTemplatesRequest"),
  templates("GET /RelationshipTemplates/:id", 200, "getRelationshipTemplate", OR_PNG),
  templates(
    "POST /RelationshipTemplates/Own",
    201,
    "createOwnRelationshipTemplate",
    wholeBody("CreateOwnRelationshipTemplateRequest")
  ),
  templates(
    "POST /RelationshipTemplates/Peer",
    201,
    "loadPeerRelationshipTemplate",
    wholeBody("LoadPeerRelationshipTemplateRequest")
  ),
  templates(
    "POST /RelationshipTemplates/Own/:id/Token",
    201,
    "createTokenForOwnRelationshipTemplate",
    tokenFor("CreateTokenForOwnRelationshipTemplateRequest"),
    { id: "templateId" },
    OR_PNG
  ),
  templates("DELETE /RelationshipTemplates/:id", 204, "deleteRelationshipTemplate", { id: "templateId" }, ANY),

  decide("CanAccept", "canAccept", "AcceptIncomingRequestRequest"),
  decide("Accept", "accept", "AcceptIncomingRequestRequest"),
  decide("CanReject", "canReject", "RejectIncomingRequestRequest"),
  decide("Reject", "reject", "RejectIncomingRequestRequest"),
  incoming("GET /Requests/Incoming/:id", 200, "getRequest"),
  incoming("GET /Requests/Incoming", 200, "getRequests", filter("GetIncomingRequestsRequest")),

  outgoing("POST /Requests/Outgoing/Validate", 201, "canCreate", wholeBody("CanCreateOutgoingRequestRequest")),
  outgoing("POST /Requests/Outgoing", 201, "create", wholeBody("CreateOutgoingRequestRequest")),
  outgoing("GET /Requests/Outgoing/:id", 200, "getRequest"),
  outgoing("GET /Requests/Outgoing", 200, "getRequests", filter("GetOutgoingRequestsRequest")),

  tokens("POST /Tokens/Own", 201, "createOwnToken", token("CreateOwnTokenRequest")),
  tokens("POST /Tokens/Peer", 201, "loadPeerToken", token("LoadPeerTokenRequest")),
  ...ofEachOwner(tokens, "/Tokens", "getTokens", "GetTokensRequest"),
  tokens("GET /Tokens/:id", 200, "getToken", OR_PNG),
  tokens("DELETE /Tokens/:id", 204, "deleteToken", { id: "tokenId" }, ANY)
];

/** Routes that a Connector only has with `debug: true`. */
export const DEBUG_ROUTES = [
  deletions(
    "POST /IdentityDeletionProcess",
    200,
    "initiateIdentityDeletionProcess",
    gracePeriod("InitiateIdentityDeletionProcessRequest")
  ),
  deletions("GET /IdentityDeletionProcess", 200, "getActiveIdentityDeletionProcess"),
  deletions("DELETE /IdentityDeletionProcess", 200, "cancelIdentityDeletionProcess")
];
