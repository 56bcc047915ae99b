// Synchronisation without a call of `POST /Account/Sync`: at intervals, or when the Backbone says that there is news.

import { RuntimeModule } from "@nmshd/runtime";
import { EventSource } from "eventsource";
import { backboneToken, forgetBackboneToken } from "../internals.js";

const DEFAULT_INTERVAL = 60; // seconds
const RECONNECT_DELAY = 3000; // milliseconds

class SyncingModule extends RuntimeModule {
  #wanted = false;
  #running;

  init() {}

  async stop() {
    this.#wanted = false;
    await this.#running;
  }

  /** Synchronises; what is asked for while it does so makes it do it once more. */
  sync() {
    this.#wanted = true;
    this.#running ??= this.#untilNothingIsWanted().finally(() => (this.#running = undefined));
  }

  async #untilNothingIsWanted() {
    while (this.#wanted) {
      this.#wanted = false;
      const { transportServices } = this.runtime.getServices();
      const result = await transportServices.account.syncEverything();
      if (result.isError) this.logger.warn("The synchronisation failed:", result.error.message);
    }
  }
}

/** `modules.sync`: synchronises every `interval` seconds. */
export class IntervalSyncModule extends SyncingModule {
  #timer;

  start() {
    this.#timer = setInterval(() => this.sync(), (this.configuration.interval ?? DEFAULT_INTERVAL) * 1000);
  }

  async stop() {
    clearInterval(this.#timer);
    await super.stop();
  }
}

/** `modules.sse`: synchronises at each event of the Backbone's stream, and when the stream was opened (again). */
export class EventStreamModule extends SyncingModule {
  #stream;
  #reconnect;

  start() {
    this.#open();
  }

  async stop() {
    clearTimeout(this.#reconnect);
    this.#stream.close();
    await super.stop();
  }

  #open() {
    const base = this.configuration.baseUrlOverride ?? this.runtime.backboneUrl;
    const account = this.runtime.getAccountController();
    this.#stream = new EventSource(new URL("/api/v1/sse", base), {
      fetch: async (url, init) => {
        const token = await backboneToken(account);
        return fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
      }
    });
    this.#stream.addEventListener("open", () => this.sync());
    this.#stream.addEventListener("ExternalEventCreated", () => this.sync());
    this.#stream.addEventListener("error", ({ code, message }) => {
      this.logger.warn("The Backbone's event stream was interrupted:", code ?? "", message ?? "");
      if (this.#stream.readyState !== EventSource.CLOSED) return; // it reconnects by itself
      if (code === 401) forgetBackboneToken(account);
      this.#reconnect = setTimeout(() => this.#open(), RECONNECT_DELAY);
    });
  }
}
