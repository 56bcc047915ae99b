// Runs Connectors of a local network: the supervisor asks for them with JSON lines on stdin and is answered with
// JSON lines on stdout. The end of stdin is the end of this process, so it cannot outlive its supervisor.
//
//   in   {"start": {"name", "folder", "durability", "config"}}, {"stop": {"name"}}, {"kill": {"name"}},
//        {"move": {"ahead"}}, {"fail": {"faults"}}
//   out  {"event": "started", "name", "port", "address"}, {"event": "failed", "name", "code", "message"},
//        {"event": "stopped", "name"}, {"event": "killed", "name"}, {"event": "moved", "name"},
//        {"event": "failing", "name"}, and unasked {"event": "met", "name", "fault"},
//        {"event": "log", "time", "name", "level", "logger", "message"}

import { createInterface } from "node:readline";
import { moveClock } from "./clock.js";
import { Connector } from "./connector.js";
import { setFaults } from "./faults.js";
import { describe, send, sendLog } from "./protocol.js";

const STOP_TIMEOUT = 5000;
const connectors = new Map();

async function start({ name, folder, durability, config }) {
  if (connectors.has(name)) throw Object.assign(new Error("It runs already."), { code: "runsAlready" });
  const connector = new Connector(name, folder, config, durability);
  const { port, address } = await connector.start();
  connectors.set(name, connector);
  send({ event: "started", name, port, address });
}

async function stop({ name }) {
  await connectors.get(name)?.stop();
  connectors.delete(name);
  send({ event: "stopped", name });
}

async function kill({ name }) {
  connectors.get(name)?.kill();
  connectors.delete(name);
  send({ event: "killed", name });
}

async function fail({ name, faults }) {
  setFaults(faults);
  send({ event: "failing", name });
}

async function move({ name, ahead }) {
  moveClock(ahead * 1000);
  send({ event: "moved", name });
}

async function obey(line) {
  const [[command, details]] = Object.entries(JSON.parse(line));
  try {
    await { start, stop, kill, move, fail }[command](details);
  } catch (error) {
    send({ event: "failed", name: details.name, code: error.code ?? "unexpected", message: describe(error) });
  }
}

async function end(code) {
  setTimeout(() => process.exit(code), STOP_TIMEOUT).unref();
  for (const connector of connectors.values()) await connector.stop();
  process.exit(code);
}

/* eslint-disable no-console -- what libraries write to the console goes to the log */
for (const level of ["debug", "info", "warn", "error"]) {
  console[level] = (...words) => sendLog(null, level, "console", words);
}
console.log = console.info;
/* eslint-enable no-console */
process.on("SIGINT", () => {}); // Ctrl-C in the terminal of a kernel is not meant for the network
process.on("SIGTERM", () => end(0));

// One after the other: the Runtime's dependency injection is one per process and bound anew by each start.
let queue = Promise.resolve();
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => (queue = queue.then(() => obey(line))));
lines.on("close", () => end(0));
