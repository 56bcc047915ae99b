// The faults: what is to fail on purpose. The supervisor tells which; `enmeshed_nb/localnet/faults.py`
// says what they mean.

import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import onHeaders from "on-headers";
import { HttpError } from "./errors.js";
import { send } from "./protocol.js";

/** The number from 0 to 1 that a seed has for the nth call. */
function chance(seed, number) {
  return createHash("sha256").update(`${seed}:${number}`).digest().readUInt32BE() / 2 ** 32;
}

let active = [];

/** From now on these are active; those that were go on. What a fault that ends early holds up goes on, too. */
export function setFaults(faults) {
  const known = new Map(active.map((each) => [each.id, each]));
  active = faults.map((fault) => {
    const begun = { left: fault.left ?? Infinity, seen: 0, over: new AbortController() };
    const { left, seen, over } = known.get(fault.id) ?? begun;
    const ends = performance.now() + fault.lasts * 1000;
    return { ...fault, left, seen, over, ends, pattern: new RegExp(fault.pattern) };
  });
  const ids = new Set(active.map(({ id }) => id));
  for (const { id, left, over } of known.values()) if (!ids.has(id) && left > 0) over.abort();
}

/** The faults as the Connector of this name meets them. */
export class Faults {
  #name;

  constructor(name) {
    this.#name = name;
  }

  /** The fault of a kind that meets what happens now, if there is one; it counts that. */
  meets(kind) {
    return this.#meeting((fault) => fault.kind === kind)[0];
  }

  /** Tells whether a fault of a kind is active, without counting that. */
  has(kind) {
    return this.#possible((fault) => fault.kind === kind).length > 0;
  }

  #possible(canMeet) {
    const now = performance.now();
    const isOurs = ({ connector }) => connector === "" || connector === this.#name;
    return active.filter((fault) => isOurs(fault) && fault.left > 0 && fault.ends > now && canMeet(fault));
  }

  #meeting(canMeet) {
    const met = this.#possible(canMeet).filter((fault) => {
      return chance(fault.seed, ++fault.seen) < fault.probability;
    });
    for (const fault of met) {
      fault.left -= 1;
      send({ event: "met", name: this.#name, fault: fault.id });
    }
    return met;
  }

  /** Express middleware: lets calls of the API fail. */
  get middleware() {
    return async (request, response, next) => {
      if (active.length === 0) return next();
      const call = `${request.method} ${request.path}`;
      const isCall = (fault) => ["latency", "status", "cut"].includes(fault.kind) && fault.pattern.test(call);
      for (const { kind, delay, jitter, seed, seen, over, status, when } of this.#meeting(isCall)) {
        if (kind === "latency") {
          const longer = delay + jitter * chance(seed + 1, seen);
          await pause(longer * 1000, undefined, { signal: over.signal }).catch(() => {});
        } else if (kind === "status") {
          throw new HttpError(status, "error.connector.injectedFault", "A fault was injected.");
        } else if (when === "after") {
          onHeaders(response, () => request.socket.resetAndDestroy());
          break;
        } else {
          request.socket.resetAndDestroy();
          return;
        }
      }
      next();
    };
  }
}
