// Everything that the host relies on without the Runtime (or its store) promising it. Each function says what it relies
// on; `tests/host/internals.test.js` checks that against what is installed, and says what an upgrade broke.

import { ApplicationError } from "@js-soft/ts-utils";
import { LokiJsCollection } from "@js-soft/docdb-access-loki";
import { ConsumptionController } from "@nmshd/consumption";
import { CoreError } from "@nmshd/core-types";
import { SchemaRepository } from "@nmshd/runtime/dist/useCases/common/SchemaRepository.js";
import * as Schemas from "@nmshd/runtime/dist/useCases/common/Schemas.js";
import { AccountController, RequestError } from "@nmshd/transport";

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

// --- Store

/**
 * A collection whose documents are found by their ids through LokiJS's index.
 *
 * Relies on: `LokiJsCollection` keeps LokiJS's collection in `collection` and reads through `read`.
 */
export class IndexedCollection extends LokiJsCollection {
  async read(id) {
    return this.collection.by("id", id);
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
