// Parts of the host that need neither a Runtime nor a network.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { test } from "node:test";
import { Authentication } from "../../enmeshed_nb/localnet/connector_host/authentication.js";
import { moveClock } from "../../enmeshed_nb/localnet/connector_host/clock.js";
import { answerError } from "../../enmeshed_nb/localnet/connector_host/errors.js";
import { runtimeModules } from "../../enmeshed_nb/localnet/connector_host/modules/index.js";
import { covers } from "../../enmeshed_nb/localnet/connector_host/patterns.js";
import { installed } from "./installed.js";

const { exportJWK, generateKeyPair, SignJWT } = installed("jose");

test("patterns cover by segments", () => {
  for (const [granted, wanted, expected] of [
    ["core:messages", "core:messages", true],
    ["core:messages", "core:messagesAndMore", false],
    ["core:*", "core:messages", true],
    ["core:*", "core:requests:incoming", false],
    ["core:**", "core:requests:incoming", true],
    ["**", "monitoring:version", true],
    ["core:.*", "core:messages", false]
  ]) {
    assert.equal(covers([granted], wanted, ":"), expected, `${granted} covers ${wanted}`);
    assert.equal(covers([granted.replaceAll(":", ".")], wanted.replaceAll(":", "."), "."), expected);
  }
});

test("server-sent events make the interval needless", () => {
  const both = runtimeModules({ sync: { enabled: true }, sse: { enabled: true } });
  assert.deepEqual([both.sync, both.sse.enabled], [undefined, true]);
  assert.equal(runtimeModules({ sync: { enabled: true } }).sync.enabled, true);
});

test("the Runtime's own modules cannot be switched off, the others are off", () => {
  const modules = runtimeModules({ decider: { enabled: false, automationConfig: [] }, webhooks: { enabled: false } });
  assert.deepEqual(Object.keys(modules), ["decider", "request", "message", "notification"]);
  assert.deepEqual([modules.decider.enabled, modules.decider.automationConfig], [true, []]);
});

test("an error in the error handler is answered, too", () => {
  const answers = [];
  const response = { status: (status) => ({ json: (body) => answers.push([status, body.error.code]) }) };
  const logger = { error: () => {} };
  const unreadable = Object.defineProperty(new Error("x"), "stack", { get: () => assert.fail("no stack") });
  answerError(logger, true)(unreadable, {}, response);
  assert.deepEqual(answers, [[500, "error.connector.errorInErrorHandler"]]);
});

test("without a key a Connector only starts, and is open, in debug mode", async () => {
  assert.throws(() => new Authentication({ apiKey: { keys: {} } }), /no valid API key/);
  assert.deepEqual(await scopes(new Authentication({ apiKey: { keys: {} } }, true), {}), ["**"]);
});

test("a token of the issuer has the rights of its scope, and an API key decides before it", async () => {
  const issuer = await startIssuer();
  const key = "Zw0lf!Zw0lf!Zw0lf!Zw0lf!Zw0lf!XX";
  const jwtBearer = { issuerBaseURL: issuer.url, audience: "connector" };
  const authentication = new Authentication({ apiKey: { keys: { one: { key } } }, jwtBearer });
  const withToken = async (changes) =>
    scopes(authentication, { authorization: `Bearer ${await issuer.token(changes)}` });
  try {
    assert.deepEqual(await withToken({ scope: "core:messages  core:requests:*" }), [
      "core:messages",
      "core:requests:*"
    ]);
    assert.deepEqual(await withToken({}), []);
    assert.deepEqual(await withToken({ scope: ["**"] }), []);
    assert.deepEqual(await withToken({ iss: `${issuer.url}/` }), []);
    for (const wrong of [{ iss: "http://other" }, { aud: "other" }, { exp: 1 }, { exp: undefined }, { nbf: 9e9 }]) {
      assert.equal(await withToken(wrong), undefined, JSON.stringify(wrong));
    }
    const token = await issuer.token({ scope: "**" });
    const sent = { authorization: `bearer ${token}` };
    assert.deepEqual(await scopes(authentication, sent), ["**"]);
    assert.equal(await scopes(authentication, { ...sent, "X-API-KEY": "wrong" }), undefined);
    assert.equal(await scopes(authentication, { ...sent, "X-API-KEY": "" }), undefined);
    assert.deepEqual(await scopes(authentication, { "X-API-KEY": key }), ["**"]);
    for (const header of ["", token, `Basic ${token}`, `Bearer ${token}x`, "Bearer guess"]) {
      assert.equal(await scopes(authentication, { authorization: header }), undefined);
    }
    const unsigned = [{ alg: "none" }, { iss: issuer.url, aud: "connector", scope: "**", exp: 9e9 }, ""];
    const parts = unsigned.map((part) => Buffer.from(part && JSON.stringify(part)).toString("base64url"));
    assert.equal(await scopes(authentication, { authorization: `Bearer ${parts.join(".")}` }), undefined);
    await issuer.rotate();
    assert.deepEqual(await withToken({ scope: "core:files" }), ["core:files"]);
    assert.equal(await scopes(authentication, sent), undefined);
  } finally {
    issuer.stop();
  }
});

test("a token is not accepted while its issuer cannot be asked, and is when it can", async () => {
  const issuer = await startIssuer();
  const authentication = new Authentication({ jwtBearer: { issuerBaseURL: issuer.url, audience: "connector" } });
  const sent = { authorization: `Bearer ${await issuer.token({ scope: "**" })}` };
  issuer.works = false;
  try {
    assert.equal(await scopes(authentication, sent), undefined);
    assert.equal(await scopes(authentication, {}), undefined);
    issuer.works = true;
    assert.deepEqual(await scopes(authentication, sent), ["**"]);
  } finally {
    issuer.stop();
  }
});

/** Returns the scopes that a caller with these headers has, undefined if nobody knows who that is. */
async function scopes(authentication, headers) {
  const request = { get: (name) => headers[name] };
  await authentication.recognise(request, {}, () => {});
  return request.scopes;
}

/** Starts an issuer with one key at a time. */
async function startIssuer() {
  const issuer = { works: true, stop: () => server.close() };
  let number = 0;
  let pair;
  issuer.rotate = async () => {
    pair = await generateKeyPair("ES256");
    number += 1;
  };
  await issuer.rotate();
  const server = createServer(async (request, response) => {
    const keys = [{ ...(await exportJWK(pair.publicKey)), kid: `key-${number}`, alg: "ES256" }];
    const said = request.url === "/keys" ? { keys } : { jwks_uri: `${issuer.url}/keys` };
    response.writeHead(issuer.works ? 200 : 503).end(issuer.works ? JSON.stringify(said) : "");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const token = (changes) => {
    const claims = { iss: url, aud: "connector", exp: Math.floor(Date.now() / 1000) + 60, ...changes };
    return new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: `key-${number}` }).sign(pair.privateKey);
  };
  return Object.assign(issuer, { url, token });
}

test("what is said keeps its order, and what was logged last is said, too", () => {
  const program = `
    import { send, sendLog } from "./enmeshed_nb/localnet/connector_host/protocol.js";
    sendLog("one", "info", "first", ["1"]);
    sendLog("one", "info", "second", ["2"]);
    send({ event: "stopped", name: "one" });
    sendLog("one", "error", "urgent", ["3"]);
    sendLog("one", "info", "last", ["4"]);
    process.exit(1);
  `;
  const cwd = new URL("../..", import.meta.url);
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { cwd, encoding: "utf8" });
  const said = stdout.trim().split("\n").map(JSON.parse);
  assert.deepEqual(
    said.map(({ event, logger }) => logger ?? event),
    ["first", "second", "stopped", "urgent", "last"]
  );
  assert.ok(said[0].time <= Date.now() && said[0].time > Date.now() - 60_000);
});

test("the time of the process moves, and other points in time do not", () => {
  const RealDate = Date;
  const day = 24 * 60 * 60 * 1000;
  const isNear = (time, expected) => Math.abs(time - expected) < 60_000;
  const before = new Date();
  moveClock(day);
  try {
    const real = RealDate.now();
    assert.ok(isNear(Date.now(), real + day));
    assert.ok(isNear(new Date().getTime(), real + day));
    assert.ok(isNear(Date.parse(Date()), real + day));
    assert.equal(new Date(5).getTime(), 5);
    assert.equal(new Date(2026, 0, 1).getTime(), new RealDate(2026, 0, 1).getTime());
    assert.equal(Date.parse("2026-01-01T00:00:00Z"), RealDate.parse("2026-01-01T00:00:00Z"));
    assert.ok(before instanceof Date && new Date() instanceof RealDate);
    class Ours extends Date {}
    assert.ok(isNear(new Ours().getTime(), real + day) && new Ours() instanceof Ours);
  } finally {
    moveClock(0);
  }
  assert.equal(Date, RealDate);
});
