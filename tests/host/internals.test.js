// What the host relies on without the Runtime promising it, checked against the Runtime that is installed: after an
// upgrade, the first thing to fail here names the function of `internals.js` to look at, and what it relied on.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { host, installed } from "./installed.js";

const {
  aroundBackboneCalls,
  aroundUseCases,
  backboneToken,
  fill,
  forgetBackboneToken,
  hasIdentity,
  IndexedCollection,
  indexTexts,
  onChange,
  MapInMemory,
  openIdentity,
  refusalOf,
  restore,
  schemaOf,
  storedDocuments
} = await host("internals.js");
const { DEBUG_ROUTES, ROUTES } = await host("routes.js");
const { Store } = await host("store.js");
const { LocalRequest } = installed("@nmshd/consumption");
const { Request } = installed("@nmshd/content");
const { CoreAddress, CoreDate, CoreId } = installed("@nmshd/core-types");
const { buildInformation } = installed("@nmshd/runtime");
const { AccountController, Transport } = installed("@nmshd/transport");
const { SchemaRepository } = installed("@nmshd/runtime/dist/useCases/common/SchemaRepository.js");
const { SchemaValidator } = installed("@nmshd/runtime/dist/useCases/common/validation/SchemaValidator.js");
const { UseCase } = installed("@nmshd/runtime/dist/useCases/common/UseCase.js");
const { EventEmitter2EventBus, Result } = installed("@js-soft/ts-utils");
const Loki = installed("lokijs");

const folder = mkdtempSync(join(tmpdir(), "internals-"));
after(() => rmSync(folder, { recursive: true }));

/** A test whose failure says which function relied on what. */
function reliesOn(name, what, check) {
  test(`${name} relies on: ${what}`, async () => {
    try {
      await check();
    } catch (cause) {
      const broken = `The installed Runtime ${buildInformation.version} broke '${name}' of internals.js`;
      throw new Error(`${broken}, which relies on: ${what}. ${cause.message}`, { cause });
    }
  });
}

let stores = 0;
const newStore = () => new Store(join(folder, `${(stores += 1)}.db`));
const logger = Object.fromEntries(
  ["trace", "debug", "info", "warn", "error", "fatal"].map((level) => [level, () => {}])
);

/** A transport library that would talk to the Backbone at `baseUrl`. */
function transportTo(baseUrl, more = {}) {
  const config = {
    baseUrl,
    platformClientId: "test",
    platformClientSecret: "test",
    supportedIdentityVersion: 1,
    ...more
  };
  return new Transport(config, new EventEmitter2EventBus(() => {}), { getLogger: () => logger }).init();
}

/** Serves one answer for each call; returns its URL and the calls that came. */
async function serve(answer) {
  const calls = [];
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer(calls.length)));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return { url: `http://127.0.0.1:${server.address().port}`, calls };
}

reliesOn("schemaOf", "there is a schema for each name in the route table, self-contained, with `definitions`", () => {
  const names = new Set([...ROUTES, ...DEBUG_ROUTES].map(({ schema }) => schema).filter(Boolean));
  assert.ok(names.size > 30);
  for (const name of names) {
    const schema = schemaOf(name);
    assert.ok(schema, `there is no schema ${name}`);
    assert.equal(schema.$ref, `#/definitions/${name}`);
    const referred = [...JSON.stringify(schema).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
    for (const reference of referred) {
      assert.ok(schema.definitions[reference.replace("#/definitions/", "")], `${name} lacks ${reference}`);
    }
  }
});

reliesOn(
  "refusalOf",
  "`SchemaRepository` checks an input, and the Runtime's sentences are made of ajv's errors",
  async () => {
    const repository = new SchemaRepository();
    await repository.loadSchemas();
    const input = { content: {}, expiresAt: {}, ephemeral: false };
    const ofRuntime = new SchemaValidator(repository.getSchema("CreateOwnTokenRequest")).validate(input);
    const refusal = refusalOf(new TypeError("x"), "CreateOwnTokenRequest", input);
    assert.equal(refusal.message, ofRuntime.getFailures()[0].error.message);
    assert.equal(refusal.code, ofRuntime.getFailures()[0].error.code);
    assert.match(refusalOf(new TypeError("x"), undefined, {}).message, /cannot be checked: x/);
  }
);

reliesOn("refusalOf", "a use case throws only what its check of the input throws", async () => {
  class Failing extends UseCase {
    executeInternal() {
      throw new Error("while it worked");
    }
  }
  const failed = await new Failing().execute({});
  assert.ok(failed.isError && failed.error.message.includes("while it worked"));
  class Checking extends UseCase {
    executeInternal() {
      return Result.ok();
    }
  }
  const check = () => {
    throw new Error("while it checked");
  };
  await assert.rejects(new Checking({ validate: check }).execute({}), /while it checked/);
});

reliesOn(
  "openIdentity",
  "the transport library, an account, a consumption controller and `login`, put together so",
  async () => {
    const { url, calls } = await serve(() => ({ error: { code: "error.platform.unknown", message: "no" } }));
    const transport = await transportTo(url);
    await assert.rejects(openIdentity({ transport, login: () => {} }, newStore()));
    assert.match(calls[0], /^POST .*\/Challenges/, "a new Identity starts with a challenge of the Backbone");
  }
);

reliesOn("hasIdentity", "`AccountController.init` looks for `identity` in the map `AccountInfo`", async () => {
  const store = newStore();
  const transport = await transportTo("http://127.0.0.1:9", { allowIdentityCreation: false });
  const init = () => new AccountController(transport, store, transport.config).init();
  await assert.rejects(init, /noIdentityFound/);
  assert.equal(await hasIdentity(store), false);
  const info = await store.getMap("AccountInfo");
  await info.set("identity", { "@type": "Identity" });
  await info.set("device", { "@type": "Device" });
  await assert.rejects(init, /BaseKey/);
  assert.equal(await hasIdentity(store), true);
});

reliesOn("backboneToken", "`authenticator` of an account keeps its token, and forgets it by `clear`", async () => {
  const { url, calls } = await serve((count) => ({ access_token: `token ${count}`, expires_in: 600 }));
  const transport = await transportTo(url);
  const account = new AccountController(transport, newStore(), transport.config);
  const getCredentials = async () => ({ username: "device", password: "secret" });
  Object.defineProperty(account, "activeDevice", { value: { getCredentials } });
  assert.equal(await backboneToken(account), "token 1");
  assert.equal(await backboneToken(account), "token 1");
  forgetBackboneToken(account);
  assert.equal(await backboneToken(account), "token 2");
  assert.deepEqual(calls, ["POST /connect/token", "POST /connect/token"]);
});

const newCollection = () =>
  new Loki("test", { persistenceMethod: "memory" }).addCollection("things", { unique: ["id"] });

reliesOn(
  "IndexedCollection",
  "`LokiJsCollection` keeps LokiJS's collection in `collection` and reads by `read`",
  async () => {
    const things = new IndexedCollection(newCollection());
    await things.create({ id: "a", value: 1 });
    assert.equal((await things.read("a")).value, 1);
    assert.equal(await things.read("b"), undefined);
    assert.equal(things.collection.by("id", "a").value, 1, "the unique index of ids");
  }
);

reliesOn("fill", "LokiJS numbers documents by `maxId + 1`", () => {
  const collection = newCollection();
  fill(collection, [
    { key: 2, document: { id: "a" } },
    { key: 7, document: { id: "b" } }
  ]);
  const keyOf = (id) => collection.by("id", id).$loki;
  collection.insert({ id: "c" });
  assert.deepEqual(["a", "b", "c"].map(keyOf), [2, 7, 8]);
});

reliesOn(
  "onChange",
  "LokiJS's events come at once, one for each document, with `$loki` and `meta` and no more",
  async () => {
    const things = new IndexedCollection(newCollection());
    const seen = [];
    onChange(
      things.collection,
      (key, document) => seen.push([key, document]),
      (key) => seen.push([key])
    );
    const changes = [
      [() => things.create({ id: "a" }), [[1, { id: "a" }]]],
      [() => things.create({ id: "b" }), [[2, { id: "b" }]]],
      [async () => things.update(await things.read("a"), { id: "a", value: 1 }), [[1, { id: "a", value: 1 }]]],
      [async () => things.patch(await things.read("b"), { id: "b", value: 2 }), [[2, { id: "b", value: 2 }]]],
      [() => things.delete({}), [[1], [2]]]
    ];
    for (const [change, expected] of changes) {
      await change();
      assert.deepEqual(seen.splice(0), expected);
    }
  }
);

reliesOn("storedDocuments", "`getSynchronizedCollection`, and documents that are the objects as JSON", async () => {
  const transport = await transportTo("http://127.0.0.1:9");
  const account = new AccountController(transport, newStore(), transport.config);
  const request = LocalRequest.from({
    id: CoreId.from("REQ00000000000000001"),
    isOwn: false,
    peer: CoreAddress.from("did:e:localhost:dids:1234567890abcdef123456"),
    createdAt: CoreDate.utc(),
    content: Request.from({ items: [{ "@type": "AuthenticationRequestItem", title: "?", mustBeAccepted: true }] }),
    source: { type: "Message", reference: CoreId.from("MSG00000000000000001") },
    status: "Open",
    statusLog: []
  });
  await (await account.getSynchronizedCollection("Requests")).create(request);
  const [found] = await storedDocuments(account, "Requests", { isOwn: false, status: "Open" });
  assert.deepEqual([found.id, found.source.reference], ["REQ00000000000000001", "MSG00000000000000001"]);
  assert.deepEqual(await storedDocuments(account, "Messages", {}), []);
});

reliesOn(
  "indexTexts",
  "`LokiJsCollection` looks for documents by `chain().find(query)`, among `filteredrows`",
  async () => {
    const things = new IndexedCollection(newCollection());
    indexTexts(things.collection);
    let reads = 0;
    const source = (reference) => ({
      get reference() {
        reads += 1;
        return reference;
      }
    });
    for (let number = 0; number < 100; number += 1) {
      await things.create({ id: `${number}`, source: source(`${number}`) });
    }
    await things.findOne({ "source.reference": "7" }); // from now on it is indexed
    for (const look of ["find", "findOne", "count", "delete"]) {
      reads = 0;
      assert.ok(await things[look]({ "source.reference": "7" }));
      assert.ok(reads < 10, `'${look}' has looked at ${reads} documents`);
    }
  }
);

test("what is found by an index is what is there, in its order, whatever was changed", async () => {
  const both = [newCollection(), newCollection()].map((collection) => new IndexedCollection(collection));
  indexTexts(both[1].collection);
  let seed = 1;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  const one = (values) => values[random(values.length)];
  const text = () => one([..."abcdefghijklmno", 1, null]);
  const value = () => one([text(), text(), ["a", "b"]]);
  const twice = (each) => [{ of: each }, { of: each }];
  const source = () => one([{ of: value() }, [{ of: value() }, { of: value() }], twice(text()), {}, "a"]);
  const changes = {
    create: async (things, { id, document }) => (await things.read(id)) ?? things.create(document),
    update: async (things, { id, document }) => {
      const known = await things.read(id);
      if (known) await things.update(known, document);
    },
    patch: async (things, { id, document }) => {
      const known = await things.read(id);
      if (known) await things.patch(known, document);
    },
    delete: (things, { id }) => things.delete({ id, kind: "b" }),
    restore: async (things, { id, document, isThere }) => {
      const key = (await things.read(id))?.$loki;
      if (key) restore(things.collection, key, isThere ? document : undefined);
    }
  };
  const shown = (documents) => documents.map(({ $loki, meta, ...document }) => [$loki, document]);
  let found = 0;
  for (let step = 0; step < 3000; step += 1) {
    const id = `${random(150)}`;
    const change = {
      name: one([...Array(6).fill("create"), ...Object.keys(changes)]),
      document: { id, kind: value(), source: source(), isOwn: one([true, false]) },
      isThere: one([true, false])
    };
    for (const things of both) await changes[change.name](things, { id, ...structuredClone(change) });
    const query = one([
      { id },
      { kind: text() },
      { "source.of": text() },
      { "source.of": text(), isOwn: true },
      { $and: [{ kind: "c" }, { "source.of": text() }] },
      { $or: [{ kind: "c" }, { "source.of": "d" }] }
    ]);
    const [expected, seen] = await Promise.all(both.map(async (things) => shown(await things.find(query))));
    assert.deepEqual(seen, expected, `${JSON.stringify(query)} after step ${step}`);
    assert.equal(...(await Promise.all(both.map((things) => things.count(query)))));
    found += both[1].collection.data.length > 50 && expected.length > 0 && expected.length < 10 ? 1 : 0;
  }
  assert.ok(found > 100, `only ${found} queries found some of many`);
});

reliesOn("restore", "LokiJS finds documents by `idIndex`, which `ensureId` makes, and by unique indexes", () => {
  const collection = newCollection();
  for (const id of ["a", "b", "c"]) collection.insert({ id, value: 1 });
  for (const id of ["a", "b"]) collection.remove(collection.by("id", id));
  restore(collection, 2, { id: "b", value: 2 });
  restore(collection, 1, { id: "a", value: 2 });
  restore(collection, 3, { id: "c", value: 2 });
  restore(collection, 4, undefined);
  assert.deepEqual(
    [1, 2, 3].map((key) => [collection.get(key).id, collection.get(key).value]),
    [
      ["a", 2],
      ["b", 2],
      ["c", 2]
    ]
  );
  assert.equal(collection.by("id", "a").$loki, 1);
  assert.equal(collection.insert({ id: "d" }).$loki, 4);
  restore(collection, 2, undefined);
  assert.deepEqual([collection.by("id", "b"), collection.get(2)], [undefined, null]);
});

reliesOn("MapInMemory", "`LokiJsMap` reads anew what it has not in `_map`", async () => {
  const collection = new Loki("test", { persistenceMethod: "memory" }).addCollection("map", { unique: ["name"] });
  const map = new MapInMemory(collection);
  await map.set("a", 1);
  collection.by("name", "a").value = 2;
  assert.equal(await map.get("a"), 1);
  map.forget();
  assert.equal(await map.get("a"), 2);
});

reliesOn("aroundUseCases", "`execute` of all use cases is that of `UseCase`, and gives a Result", async () => {
  const seen = [];
  aroundUseCases(async (execute) => {
    const result = await execute();
    seen.push(result.isSuccess);
    return result;
  });
  class Doing extends UseCase {
    executeInternal(input) {
      return Result.ok(input);
    }
  }
  assert.equal((await new Doing().execute("x")).value, "x");
  assert.deepEqual(seen, [true]);
  const useCases = Object.entries(installed("@nmshd/runtime")).filter(([name]) => name.endsWith("UseCase"));
  assert.ok(useCases.length > 100);
  for (const [name, each] of useCases) {
    if (name !== "UseCase") assert.equal(Object.hasOwn(each.prototype, "execute"), false, `${name} has its own`);
  }
});

reliesOn("aroundBackboneCalls", "methods of `RESTClient` with their options for axios at these places", async () => {
  const { RESTClient } = installed("@nmshd/transport/dist/core/backbone/RESTClient.js");
  const server = createServer(() => {}); // it never answers
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  const transport = await transportTo(`http://127.0.0.1:${server.address().port}`);
  const client = new RESTClient(transport.config);
  aroundBackboneCalls((send) => send(AbortSignal.timeout(20)));
  const calls = [
    client.get("/x"),
    client.getPaged("/x"),
    client.post("/x", {}),
    client.postMultipart("/x", { a: "b" }),
    client.put("/x", {}),
    client.patch("/x", {}),
    client.delete("/x"),
    client.download("/x")
  ];
  for (const result of await Promise.all(calls)) assert.equal(result.error.code, "error.transport.request.unknown");
  server.closeAllConnections();
});

/** The function of internals.js that relies on it, the file of a class, and its methods. */
const METHODS = [
  ["aroundSynchronisations", "sync/SyncController", ["_syncAndResyncDatawallet", "finalizeExternalEventsSyncRun"]],
  ["aroundSynchronisations", "sync/backbone/SyncClient", ["startSyncRun", "getExternalEventsOfSyncRun"]],
  ["aroundSynchronisations", "../core/backbone/Paginator", ["collect"]],
  ["aroundExternalEvents", "sync/externalEventProcessors/ExternalEventProcessorRegistry", ["getProcessorForItem"]],
  ["aroundChangingCalls", "messages/backbone/MessageClient", ["createMessage", "getMessages"]],
  [
    "aroundChangingCalls",
    "relationships/backbone/RelationshipClient",
    [
      "createRelationship",
      "acceptRelationship",
      "rejectRelationship",
      "revokeRelationship",
      "terminateRelationship",
      "reactivateRelationship",
      "acceptRelationshipReactivation",
      "rejectRelationshipReactivation",
      "revokeRelationshipReactivation",
      "decomposeRelationship",
      "getRelationship",
      "getRelationships"
    ]
  ],
  [
    "doneIsDone",
    "files/backbone/FileClient",
    ["deleteFile", "claimFileOwnership", "validateFileOwnershipToken", "regenerateFileOwnershipToken", "getFile"]
  ],
  [
    "adoptMessage",
    "messages/MessageController",
    ["getEnvelopeFromBackboneGetMessagesResponse", "decryptMessage", "getMessage"]
  ],
  ["adoptMessage", "relationships/RelationshipSecretController", ["decryptOwn"]],
  [
    "adoptRelationship",
    "relationships/RelationshipsController",
    ["decryptCreationContent", "applyRelationshipChangedEvent", "getRelationshipToIdentity"]
  ]
];
for (const [name, file, methods] of METHODS) {
  reliesOn(name, `\`${file.split("/").at(-1)}\` has ${methods.join(", ")}`, () => {
    const [[, Class]] = Object.entries(installed(`@nmshd/transport/dist/modules/${file}.js`));
    for (const method of methods) assert.equal(typeof Class.prototype[method], "function", `there is no ${method}`);
  });
}
