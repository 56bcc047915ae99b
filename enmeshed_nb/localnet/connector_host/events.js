// The Runtime's events. What a unit of work publishes is delivered when it is stored; each handler is a unit of its own.

import { EventEmitter2EventBus } from "@js-soft/ts-utils";
import { AsyncLocalStorage } from "node:async_hooks";
import { aroundUseCases } from "./internals.js";
import { partOfUnit } from "./store.js";

/** The errors of use cases in the handler that runs now. */
const errors = new AsyncLocalStorage();

// A use case that says no has changed nothing, also where others go on after it.
aroundUseCases((execute) =>
  partOfUnit(execute, (result) => {
    if (result.isError) errors.getStore()?.push(result.error);
    return !result.isError;
  })
);

/** Returns the id of what an event's data are about: of its Request, if there is one. */
export function subjectOf(data) {
  return data?.request?.id ?? data?.id;
}

export class Events extends EventEmitter2EventBus {
  #store;
  #fail;
  /** Events that were published and not handled to the end, each with how many still have to do with it. */
  #underWay = new Map();
  #idle = [];

  /** `store()` gives the store; `fail(event, error)` is told of each error in a handler. */
  constructor(store, fail) {
    super(() => {});
    this.#store = store;
    this.#fail = fail;
  }

  publish(event) {
    this.#count(event, 1);
    const deliver = () => {
      super.publish(event);
      this.#count(event, -1);
    };
    const store = this.#store();
    if (store) store.afterwards(deliver, () => this.#count(event, -1));
    else deliver();
  }

  subscribe(target, handler) {
    return super.subscribe(target, (event) => this.#handle(event, handler));
  }

  /** Tells whether an event of which `is(event)` is true was published and is not handled to the end. */
  isUnderWay(is) {
    return this.#underWay.keys().some(is);
  }

  /** Waits until all handlers have ended. */
  async idle() {
    if (this.#underWay.size > 0) await new Promise((resolve) => this.#idle.push(resolve));
  }

  async #handle(event, handler) {
    const found = [];
    this.#count(event, 1);
    try {
      const store = this.#store();
      const handle = () => errors.run(found, () => handler(event));
      await (store ? store.unit(handle, { alone: true }) : handle());
    } catch (error) {
      found.push(error);
    } finally {
      this.#count(event, -1);
    }
    for (const error of found) this.#fail(event, error);
  }

  #count(event, difference) {
    const count = (this.#underWay.get(event) ?? 0) + difference;
    if (count > 0) this.#underWay.set(event, count);
    else this.#underWay.delete(event);
    if (this.#underWay.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
