// A Connector: one Runtime and its HTTP API on a loopback port.

import { Authentication } from "./authentication.js";
import { createApp, createHttpServer } from "./http.js";
import { ConnectorRuntime } from "./runtime.js";

const LOOPBACK = "127.0.0.1";

export class Connector {
  #runtime;
  #server;
  #config;
  #authentication;

  constructor(name, folder, config, durability) {
    this.name = name;
    this.#config = config;
    this.#authentication = new Authentication(config.infrastructure?.httpServer?.authentication, config.debug);
    this.#runtime = new ConnectorRuntime(name, folder, config, durability);
  }

  /** Starts the Runtime, then listens; returns the port and the Identity's address, or leaves nothing behind. */
  async start() {
    try {
      await this.#runtime.init();
      await this.#checkBackbone();
      await this.#runtime.start();
      await this.#runtime.recovery.start();
      this.#server = createHttpServer(createApp(this.name, this.#runtime, this.#config, this.#authentication));
      const port = await this.#listen(this.#config.infrastructure?.httpServer?.port ?? 0);
      return { port, address: this.#runtime.address };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop() {
    if (this.#server?.listening) {
      const closed = new Promise((resolve) => this.#server.close(resolve));
      this.#server.closeIdleConnections();
      setTimeout(() => this.#server.closeAllConnections(), 1000).unref();
      await closed;
    }
    await this.#runtime.close();
  }

  /** Ends at once, in the middle of whatever is done, as if the process was killed. */
  kill() {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#runtime.kill();
  }

  async #checkBackbone() {
    const result = await this.#runtime.anonymousServices.backboneCompatibility.checkBackboneCompatibility();
    if (result.isError) throw Object.assign(result.error, { code: "backboneUnreachable" });
    if (!result.value.isCompatible) {
      const { backboneVersion, supportedMinBackboneVersion, supportedMaxBackboneVersion } = result.value;
      const supported = `${supportedMinBackboneVersion} to ${supportedMaxBackboneVersion}`;
      throw Object.assign(new Error(`The Backbone has version ${backboneVersion}; the Runtime needs ${supported}.`), {
        code: "backboneIncompatible"
      });
    }
  }

  #listen(port) {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error) => {
        const taken = error.code === "EADDRINUSE";
        reject(taken ? Object.assign(new Error(`Port ${port} is taken.`), { code: "portInUse" }) : error);
      });
      this.#server.listen(port, LOOPBACK, () => resolve(this.#server.address().port));
    });
  }
}
