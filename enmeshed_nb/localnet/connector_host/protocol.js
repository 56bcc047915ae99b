// What this process says to its supervisor: JSON lines on stdout, nothing else, in the order in which it was said.

import { inspect } from "node:util";

const SECRET = /(Bearer\s+|token is:\s+|"?(?:access_token|password|platformClientSecret)"?[=:]\s*"?)[^\s"',}]+/g;

const LOG_DELAY = 50; // ms that a line of a log waits for others: each write is awaited by Node, and wakes the supervisor
const URGENT = ["warn", "error"];
let waiting = "";
let timer;

export function send(message) {
  waiting += `${JSON.stringify(message)}\n`;
  flush();
}

/** Writes the lines that wait; also those that were logged last, when this process exits. */
function flush() {
  clearTimeout(timer);
  timer = undefined;
  if (waiting) process.stdout.write(waiting);
  waiting = "";
}
process.on("exit", flush);

export function describe(error) {
  return error instanceof Error ? error.message : inspect(error);
}

export function sendLog(name, level, logger, words) {
  const text = words.map((word) => (typeof word === "string" ? word : inspect(word, { depth: 3 }))).join(" ");
  const time = Math.round(performance.timeOrigin + performance.now()); // the real one, as all logs have it: see clock.js
  const line = { event: "log", time, name, level, logger, message: text.replace(SECRET, "$1…") };
  waiting += `${JSON.stringify(line)}\n`;
  if (URGENT.includes(level)) flush();
  else timer ??= setTimeout(flush, LOG_DELAY);
}

/** Returns the logger factory that the Runtime of the Connector `name` writes to; trace and debug are dropped. */
export function loggerFactory(name) {
  const drop = () => {};
  return {
    getLogger: (owner) => {
      const logger = typeof owner === "string" ? owner : owner.name;
      const at =
        (level) =>
        (...words) =>
          sendLog(name, level, logger, words);
      return { trace: drop, debug: drop, info: at("info"), warn: at("warn"), error: at("error"), fatal: at("error") };
    }
  };
}
