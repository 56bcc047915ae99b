// Everything that the host relies on without the Runtime (or its store) promising it. Each function says what it relies
// on; `tests/host/internals.test.js` checks that against what is installed, and says what an upgrade broke.

import { ApplicationError } from "@js-soft/ts-utils";
import { LokiJsCollection, LokiJsMap } from "@js-soft/docdb-access-loki";
import { ConsumptionController } from "@nmshd/consumption";
import { CoreAddress, CoreError, CoreId } from "@nmshd/core-types";
import { CryptoSecretKey } from "@nmshd/crypto";
import { SchemaRepository } from "@nmshd/runtime/dist/useCases/common/SchemaRepository.js";
import * as Schemas from "@nmshd/runtime/dist/useCases/common/Schemas.js";
import { UseCase } from "@nmshd/runtime/dist/useCases/common/UseCase.js";
import {
  AccountController,
  ClientResult,
  Message,
  MessageSentEvent,
  Relationship,
  RelationshipChangedEvent,
  RequestError
} from "@nmshd/transport";
import { ExternalEvent } from "@nmshd/transport/dist/modules/sync/data/ExternalEvent.js";
import { LinearPattern } from "./patterns.js";
import { RESTClient } from "@nmshd/transport/dist/core/backbone/RESTClient.js";

const repository = new SchemaRepository();
await repository.loadSchemas();

// --- Input

/**
 * Returns the Runtime's JSON schema of an input.
 *
 * Relies on: `Schemas.js` has each schema that the route table names, self-contained, as `{$ref, definitions}`.
 */
export function schemaOf(name) {
  return Schemas[name];
}

/**
 * Returns the error that says why the Runtime refuses an input, given what its check of the input threw.
 *
 * Relies on: a use case answers all that goes wrong in it by a Result, so what it throws comes from its check of the
 * input; `SchemaRepository.getSchema(name).validate(input)` gives `{isValid, errors}` with ajv's errors.
 */
export function refusalOf(error, schema, input) {
  if ([ApplicationError, CoreError, RequestError].some((known) => error instanceof known)) return error;
  const { errors: [first] = [] } = schema ? repository.getSchema(schema).validate(input) : {};
  const message = first
    ? `${first.instancePath} ${first.message}`.replace(/^\//, "").replaceAll('"', "").trim()
    : `The input cannot be checked: ${error.message}`;
  const refusal = new ApplicationError("error.runtime.validation.invalidPropertyValue", message);
  return Object.assign(refusal, { stack: error.stack });
}

// --- Identity

/**
 * Gives a Runtime its Identity, kept in this database: the known one, else a new one; returns the Runtime's services.
 *
 * Relies on: how a Runtime's parts are put together (`transport`, `AccountController`, `ConsumptionController`, `login`),
 * and that the switch for default Attributes is called `setDefaultOwnIdentityAttributes`.
 */
export async function openIdentity(runtime, database) {
  const { transport } = runtime;
  const account = new AccountController(transport, database, transport.config);
  const consumption = new ConsumptionController(transport, account, { setDefaultOwnIdentityAttributes: false });
  await account.init();
  await consumption.init();
  return runtime.login(account, consumption);
}

/**
 * Tells whether a database has an Identity already.
 *
 * Relies on: `AccountController.init` makes a new Identity if the map `AccountInfo` has no `identity`.
 */
export async function hasIdentity(database) {
  const known = await database.getMap("AccountInfo");
  return Boolean(await known.get("identity"));
}

/**
 * Returns the token for calls of the Backbone.
 *
 * Relies on: `AccountController.authenticator.getToken` gives the one it has, or a new one if that is about to expire.
 */
export async function backboneToken(account) {
  return account.authenticator.getToken();
}

/**
 * Makes the next call of the Backbone ask for a new token.
 *
 * Relies on: `AccountController.authenticator.clear` forgets the token.
 */
export function forgetBackboneToken(account) {
  account.authenticator.clear();
}

// --- Work

/** Replaces `owner[name]` by a function that gets the original one first, bound to its owner. */
function wrap(owner, name, replacement) {
  const original = owner[name];
  owner[name] = function (...words) {
    return replacement.call(this, original.bind(this), ...words);
  };
}

/**
 * Does each use case of the Runtime by `around(execute)`, for all Runtimes of this process.
 *
 * Relies on: all use cases are executed by `UseCase.prototype.execute`, which returns a Result.
 */
export function aroundUseCases(around) {
  wrap(UseCase.prototype, "execute", (execute, ...words) => around(() => execute(...words)));
}

/**
 * Does each synchronisation of an account by `synchronise(work)`, what starts a run at the Backbone by `start(work)`, what
 * lists its events by `list(work)`, and what confirms to the Backbone what was applied by `finalize(work)`.
 *
 * Relies on: `_syncAndResyncDatawallet` is one synchronisation, shared by all who ask for one meanwhile;
 * `finalizeExternalEventsSyncRun` is the call after which the Backbone does not deliver a run's events again; the pages of
 * events are read by `collect`.
 */
export function aroundSynchronisations({ synchronization }, { synchronise, start, list, finalize }) {
  const around = (owner, name, way) => wrap(owner, name, (work, ...words) => way(() => work(...words)));
  around(synchronization, "_syncAndResyncDatawallet", synchronise);
  around(synchronization.client, "startSyncRun", start);
  wrap(synchronization.client, "getExternalEventsOfSyncRun", async (send, ...words) => {
    const result = await send(...words);
    if (result.isSuccess) around(result.value, "collect", list);
    return result;
  });
  around(synchronization, "finalizeExternalEventsSyncRun", finalize);
}

/** The answer of the Backbone when it has started a run. */
export function createdRun(syncRun) {
  return ClientResult.ok({ status: "Created", syncRun });
}

/**
 * Applies each event that the Backbone delivers by `around(apply, event)`; returns a function that applies one anew.
 *
 * Relies on: the registry of processors returns a class for an event's type, whose `execute(event)` applies it.
 */
export function aroundExternalEvents(account, around) {
  const { externalEventRegistry: registry, eventBus } = account.synchronization;
  wrap(registry, "getProcessorForItem", (get, type) => {
    const Processor = get(type);
    return class extends Processor {
      execute(event) {
        return around(() => super.execute(event), event);
      }
    };
  });
  return (event) => new (registry.getProcessorForItem(event.type))(eventBus, account).execute(event);
}

/**
 * Does each call of the Backbone by `around(send)`, where `send(signal)` ends it when the signal says so; for all
 * Runtimes of this process.
 *
 * Relies on: the methods of `RESTClient`, the places of their options for axios, and that they return a ClientResult.
 */
export function aroundBackboneCalls(around) {
  const places = { get: 2, getPaged: 2, post: 3, postMultipart: 2, put: 2, patch: 2, delete: 1, download: 1 };
  for (const [name, place] of Object.entries(places)) {
    wrap(RESTClient.prototype, name, (call, ...words) =>
      around((signal) => {
        words[place] = { ...words[place], signal };
        return call(...words);
      })
    );
  }
}

// --- Store

/**
 * A collection whose documents are found by their ids through LokiJS's index, and by patterns in linear time.
 *
 * Relies on: `LokiJsCollection` keeps LokiJS's collection in `collection` and reads through `read`, `find`, `findOne` and
 * `count`; a query has its patterns in `$regex`, and LokiJS calls `test` of one that is a RegExp.
 */
export class IndexedCollection extends LokiJsCollection {
  async read(id) {
    return this.collection.by("id", id);
  }

  async find(query, ...options) {
    return super.find(inLinearTime(query), ...options);
  }

  async findOne(query) {
    return super.findOne(inLinearTime(query));
  }

  async count(query) {
    return super.count(inLinearTime(query));
  }
}

function inLinearTime(query) {
  if (query === null || typeof query !== "object" || query instanceof RegExp) return query;
  if (Array.isArray(query)) return query.map(inLinearTime);
  const linear = ([key, value]) => [key, key === "$regex" ? new LinearPattern(value) : inLinearTime(value)];
  return Object.fromEntries(Object.entries(query).map(linear));
}

/**
 * Makes what is asked of a collection by a text at a path, e.g. an id or `source.reference`, be found by an index; what
 * is found and its order stay the same. A path is indexed when it is asked for the first time.
 *
 * Relies on: whatever looks for documents begins with `chain()`, and then gives a query to `find`, in which a text means
 * that it is there, be it in one of several objects in a list; LokiJS looks on among `filteredrows` if
 * `filterInitialized` says that these were looked for; `get(key, true)` returns a document and its place; `by` finds
 * what `uniqueNames` has.
 */
export function indexTexts(collection) {
  const indexes = new Map();
  const keysOf = (path, text) => {
    if (collection.uniqueNames.includes(path)) return new Set([collection.by(path, text)?.$loki].filter(Boolean));
    if (!indexes.has(path)) indexes.set(path, new TextIndex(path, collection.data));
    return indexes.get(path).keysOf(text);
  };
  collection.on(["insert", "update"], (document) => indexes.forEach((index) => index.put(document)));
  collection.on("delete", (document) => indexes.forEach((index) => index.remove(document)));
  wrap(collection, "chain", (chain, ...words) => {
    const found = chain(...words);
    wrap(found, "find", (find, query, ...others) => {
      if (!found.filterInitialized) {
        const [fewest] = [...textsIn(query)]
          .map(([path, text]) => keysOf(path, text))
          .sort((one, other) => one.size - other.size);
        // Many are found sooner by looking at all documents.
        if (fewest && fewest.size * 8 <= collection.data.length) {
          found.filteredrows = [...fewest].map((key) => collection.get(key, true)[1]).sort((one, other) => one - other);
          found.filterInitialized = true;
        }
      }
      return find(query, ...others);
    });
    return found;
  });
}

/** The keys of documents by the texts that these have at a path. */
class TextIndex {
  #names;
  #keys = new Map();
  #texts = new Map();

  constructor(path, documents) {
    this.#names = path.split(".");
    for (const document of documents) this.put(document);
  }

  keysOf(text) {
    return this.#keys.get(text) ?? new Set();
  }

  put(document) {
    this.remove(document);
    const texts = new Set(textsAt(document, this.#names));
    for (const text of texts) {
      if (!this.#keys.has(text)) this.#keys.set(text, new Set());
      this.#keys.get(text).add(document.$loki);
    }
    if (texts.size > 0) this.#texts.set(document.$loki, texts);
  }

  remove({ $loki: key }) {
    for (const text of this.#texts.get(key) ?? []) {
      const keys = this.#keys.get(text);
      keys.delete(key);
      if (keys.size === 0) this.#keys.delete(text);
    }
    this.#texts.delete(key);
  }
}

/** The texts that a query asks for, each with its path. */
function* textsIn(query) {
  for (const [path, value] of Object.entries(query ?? {})) {
    if (path === "$and") for (const each of value) yield* textsIn(each);
    else if (typeof value === "string") yield [path, value];
  }
}

/** The texts at a path of an object; in a list, those of all objects in it. */
function* textsAt(value, [name, ...more]) {
  const at = value?.[name];
  if (more.length > 0) for (const each of Array.isArray(at) ? at : [at]) yield* textsAt(each, more);
  else if (typeof at === "string") yield at;
}

/**
 * A map that knows when its documents were changed without it.
 *
 * Relies on: `LokiJsMap` keeps what it has read in `_map`, and reads it anew if that is undefined.
 */
export class MapInMemory extends LokiJsMap {
  forget() {
    this._map = undefined;
  }
}

/**
 * Puts stored documents, each with its key and in their order, into an empty collection of LokiJS.
 *
 * Relies on: LokiJS numbers documents by `maxId + 1`; so each keeps its key, and new ones get keys that never were.
 */
export function fill(collection, rows) {
  for (const { key, document } of rows) {
    collection.maxId = key - 1;
    collection.insert(document);
  }
}

/**
 * Calls `write(key, document)` for each document that is inserted or updated, and `remove(key)` for each removed one.
 *
 * Relies on: LokiJS's events `insert`, `update` and `delete` are handled before the call that causes them returns, for
 * single documents; `$loki` is a document's key, `meta` its times, and nothing else of it is LokiJS's.
 */
export function onChange(collection, write, remove) {
  collection.on(["insert", "update"], ({ $loki, meta, ...document }) => write($loki, document));
  collection.on("delete", ({ $loki }) => remove($loki));
}

/**
 * Gives one document of a collection a certain state; undefined: it is not there.
 *
 * Relies on: LokiJS keeps its documents in `data`, in the order of their keys, and their keys in `idIndex`, which
 * `ensureId` makes if there is none.
 */
export function restore(collection, key, document) {
  const present = collection.get(key);
  if (present && document) {
    collection.update({ ...document, $loki: key, meta: present.meta });
  } else if (present) {
    collection.remove(present);
  } else if (document) {
    const { maxId } = collection;
    fill(collection, [{ key, document }]);
    collection.maxId = Math.max(maxId, key);
    collection.data.sort((one, other) => one.$loki - other.$loki);
    collection.idIndex = null;
    collection.ensureId();
  }
}

/**
 * Returns what an account has stored of a kind, "Requests" or "Messages", as it is stored.
 *
 * Relies on: `getSynchronizedCollection` and these names; documents are what the Runtime's objects are as JSON.
 */
export async function storedDocuments(account, kind, query) {
  return (await account.getSynchronizedCollection(kind)).find(query);
}

// --- What the Backbone may know, though its answer never came

const CHANGES_OF_RELATIONSHIPS = [
  "acceptRelationship",
  "rejectRelationship",
  "revokeRelationship",
  "terminateRelationship",
  "reactivateRelationship",
  "acceptRelationshipReactivation",
  "rejectRelationshipReactivation",
  "revokeRelationshipReactivation"
];

/**
 * Does each call that creates a Message or a Relationship, that changes a Relationship, or that claims a File, by
 * `around(kind, details, send)`.
 *
 * Relies on: the clients of `messages`, `relationships` and `files`, and what their methods get.
 */
export function aroundChangingCalls(account, around) {
  const { client: messages } = account.messages;
  const { client: relationships } = account.relationships;
  wrap(messages, "createMessage", (send, message) => around("message", { body: message.body }, () => send(message)));
  wrap(relationships, "createRelationship", (send, relationship) =>
    around("relationship", { templateId: relationship.relationshipTemplateId }, () => send(relationship))
  );
  for (const name of CHANGES_OF_RELATIONSHIPS) {
    wrap(relationships, name, (send, id, ...words) =>
      around("change", { relationshipId: id }, () => send(id, ...words))
    );
  }
  wrap(account.files.client, "claimFileOwnership", (send, fileId, token) =>
    around("claim", { fileId }, () => send(fileId, token))
  );
  wrap(relationships, "decomposeRelationship", (send, id) =>
    around("decomposition", { relationshipId: id }, () => send(id))
  );
}

/**
 * Makes what cannot be done twice succeed if it was done already: a File that is gone is deleted, a File that is ours
 * is claimed, a Relationship that we have left is decomposed.
 *
 * Relies on: the clients of `files` and `relationships`, that a claim is answered with a new token, which the owner of a
 * File may ask for, too, and the Backbone's codes.
 */
export function doneIsDone(account) {
  const { client: files } = account.files;
  const isOurs = (id) => ownsFile(account, id);
  wrap(files, "deleteFile", async (send, id) => {
    const result = await send(id);
    return result.isError && result.error.status === 404 ? ClientResult.ok({}) : result;
  });
  wrap(files, "claimFileOwnership", async (send, id, token) => {
    const result = await send(id, token);
    return isRefusal(result) && (await isOurs(id)) ? files.regenerateFileOwnershipToken(id) : result;
  });
  wrap(files, "validateFileOwnershipToken", async (send, id, token) => {
    const result = await send(id, token);
    const isValid = result.isSuccess && result.value.isValid;
    return !isValid && (await isOurs(id)) ? ClientResult.ok({ isValid: true }) : result;
  });
  wrap(account.relationships.client, "decomposeRelationship", async (send, id) => {
    const result = await send(id);
    return result.isError && isGone(result.error) ? ClientResult.ok({}) : result;
  });
}

function isGone({ code, status }) {
  return status === 404 || code === "error.platform.validation.relationship.relationshipAlreadyDecomposed";
}

/** Tells whether a result of the Backbone is a refusal: it says no, and has done nothing. */
export function isRefusal(result) {
  return result.isError && result.error.status >= 400 && result.error.status < 500;
}

/** Tells whether an error may be gone when the same is tried again. */
export function isPassing(error) {
  if (error.code === "error.connector.cannotStore") return true;
  return error instanceof RequestError && !(error.status >= 400 && error.status < 500 && error.status !== 401);
}

/** Returns a delivered event, given what it was as JSON. */
export function externalEvent(json) {
  return ExternalEvent.fromAny(json);
}

/**
 * Returns, as JSON, the events that the Backbone may ever have delivered of all that it holds for an account now: each
 * Message of a peer has come, each Relationship has changed.
 *
 * Relies on: the clients of `messages` and `relationships` list all, and the payloads of these events.
 */
export async function possibleEvents({ messages, relationships, identity }) {
  const received = (await (await messages.client.getMessages({})).value.collect()).filter(
    ({ createdBy }) => !identity.isMe(CoreAddress.from(createdBy))
  );
  const related = await (await relationships.client.getRelationships({})).value.collect();
  const event = (type, payload) => ({ id: payload.id, type, index: 0, createdAt: "", syncErrorCount: 0, payload });
  return [
    ...related.map(({ id }) => event("RelationshipStatusChanged", { id, relationshipId: id })),
    ...received.map(({ id }) => event("MessageReceived", { id }))
  ];
}

/**
 * Tells whether an event says that a Message came that is known already.
 *
 * Relies on: the payload of such an event has the Message's id.
 */
export async function isKnownMessage(account, { type, payload }) {
  return type === "MessageReceived" && Boolean(await account.messages.getMessage(CoreId.from(payload.id)));
}

/**
 * Returns the own Message with this encrypted body as the Backbone has it, undefined without one.
 *
 * Relies on: the client of `messages` lists Messages, and the Backbone keeps bodies as they are.
 */
export async function sentMessage({ messages, identity }, body) {
  const listed = await (await messages.client.getMessages({})).value.collect();
  return listed.find((each) => each.body === body && identity.isMe(CoreAddress.from(each.createdBy)));
}

/**
 * Stores an own Message that the Backbone has and the store has not.
 *
 * Relies on: a Message's key can be opened by whom it was sealed by, and the controller decrypts an own Message with it.
 */
export async function adoptMessage({ messages, relationships, identity }, sent) {
  const envelope = messages.getEnvelopeFromBackboneGetMessagesResponse(sent);
  const [recipient] = envelope.recipients;
  const { relationshipSecretId } = await relationships.getRelationshipToIdentity(recipient.address);
  const key = await messages.secrets.decryptOwn(relationshipSecretId, recipient.encryptedKey);
  const secretKey = CryptoSecretKey.deserialize(key.toUtf8());
  const [backboneData] = await messages.decryptMessage(envelope, secretKey);
  const message = Message.from({ id: envelope.id, isOwn: true, secretKey, ...backboneData });
  await messages.messages.create(message);
  messages.eventBus.publish(new MessageSentEvent(identity.address.toString(), message));
}

/**
 * Returns the Relationship that this account has created at the Backbone from a template, undefined without one.
 *
 * Relies on: the client of `relationships` lists Relationships.
 */
export async function createdRelationship({ relationships, identity }, templateId) {
  const listed = await (await relationships.client.getRelationships({})).value.collect();
  return listed.find(
    (each) => each.relationshipTemplateId === templateId && identity.isMe(CoreAddress.from(each.from))
  );
}

/**
 * Stores a Relationship of this account that the Backbone has and the store has not, given what its creation had changed
 * before the call: its secret is among that.
 *
 * Relies on: a Relationship's secret is a document with the secret's id as its `name`, and the controller decrypts what
 * an own Relationship was created with.
 */
export async function adoptRelationship(account, created, changes) {
  const { relationships, relationshipTemplates, identity } = account;
  const { name } = changes
    .map(([, , json]) => JSON.parse(json ?? "{}"))
    .find((each) => each.name?.startsWith("TRPRSE"));
  const secret = CoreId.from(name);
  const from = CoreAddress.from(created.from);
  const { content } = await relationships.decryptCreationContent(created.creationContent, from, secret);
  const template = await relationshipTemplates.getRelationshipTemplate(CoreId.from(created.relationshipTemplateId));
  const relationship = Relationship.fromBackboneAndCreationContent(created, template.identity, content, secret);
  await relationships.relationships.create(relationship);
  relationships.eventBus.publish(new RelationshipChangedEvent(identity.address.toString(), relationship));
}

/** Tells whether a File belongs to this account at the Backbone. */
export async function ownsFile({ files, identity }, id) {
  const result = await files.client.getFile(id);
  if (result.isError && !isRefusal(result)) throw result.error;
  return result.isSuccess && identity.isMe(CoreAddress.from(result.value.owner));
}

/** Tells whether this account has left a Relationship at the Backbone. */
export async function isDecomposed(account, id) {
  const result = await account.relationships.client.getRelationship(id);
  if (result.isError && !isRefusal(result)) throw result.error;
  return result.isError && isGone(result.error);
}

/**
 * Makes a Relationship what it is at the Backbone.
 *
 * Relies on: `applyRelationshipChangedEvent` fetches it, and returns what it was and what it is now.
 */
export async function refreshRelationship(account, id) {
  const { oldRelationship, changedRelationship } = await account.relationships.applyRelationshipChangedEvent(id);
  if (changedRelationship && oldRelationship?.auditLog.length !== changedRelationship.auditLog.length) {
    const event = new RelationshipChangedEvent(account.identity.address.toString(), changedRelationship);
    account.relationships.eventBus.publish(event);
  }
}
