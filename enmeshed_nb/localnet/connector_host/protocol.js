// What this process says to its supervisor: JSON lines on stdout, nothing else.

import { inspect } from "node:util";

const SECRET = /(Bearer\s+|token is:\s+|"?(?:access_token|password|platformClientSecret)"?[=:]\s*"?)[^\s"',}]+/g;

export function send(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

export function describe(error) {
  return error instanceof Error ? error.message : inspect(error);
}

export function sendLog(name, level, logger, words) {
  const text = words.map((word) => (typeof word === "string" ? word : inspect(word, { depth: 3 }))).join(" ");
  send({ event: "log", name, level, logger, message: text.replace(SECRET, "$1…") });
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
