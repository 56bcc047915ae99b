// Parts of the host that need neither a Runtime nor a network.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { Authentication } from "../../enmeshed_nb/localnet/connector_host/authentication.js";
import { moveClock } from "../../enmeshed_nb/localnet/connector_host/clock.js";
import { answerError } from "../../enmeshed_nb/localnet/connector_host/errors.js";
import { runtimeModules } from "../../enmeshed_nb/localnet/connector_host/modules/index.js";
import { covers } from "../../enmeshed_nb/localnet/connector_host/patterns.js";

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
  const request = {};
  await new Authentication({ apiKey: { keys: {} } }, true).identify(request, {}, () => {});
  assert.deepEqual(request.scopes, ["**"]);
});

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
