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
  backboneToken,
  fill,
  forgetBackboneToken,
  hasIdentity,
  IndexedCollection,
  onChange,
  openIdentity,
  refusalOf,
  schemaOf
} = await host("internals.js");
const { DEBUG_ROUTES, ROUTES } = await host("routes.js");
const { Store } = await host("store.js");
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
