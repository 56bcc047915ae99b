// One enmeshed Runtime with one Identity, as a Connector has it.

import { Runtime } from "@nmshd/runtime";
import correlator from "correlation-id";
import { backboneToken, forgetBackboneToken, hasIdentity, openIdentity } from "./internals.js";
import { connectorModule, runtimeModules } from "./modules/index.js";
import { loggerFactory } from "./protocol.js";
import { Stores } from "./store.js";

const TOKEN_CHECK_INTERVAL = 5 * 60 * 1000;

export class ConnectorRuntime extends Runtime {
  #folder;
  #stores;
  #checkedToken;

  constructor(name, folder, config) {
    const transportLibrary = { allowIdentityCreation: true, ...config.transportLibrary };
    super({ transportLibrary, modules: runtimeModules(config.modules) }, loggerFactory(name), undefined, correlator);
    this.#folder = folder;
  }

  get address() {
    return this.getAccountController().identity.address.toString();
  }

  get backboneUrl() {
    return this.runtimeConfig.transportLibrary.baseUrl;
  }

  async createDatabaseConnection() {
    this.#stores = new Stores(this.#folder);
    return this.#stores;
  }

  async initAccount() {
    const database = await this.#stores.getDatabase("account");
    const open = async () => {
      this.services = await openIdentity(this, database);
    };
    // An Identity is stored completely or not at all: a start that was cut off is simply made again.
    await ((await hasIdentity(database)) ? open() : database.atomically(open));
  }

  getServices() {
    return this.services;
  }

  async loadModule(configuration) {
    const Module = connectorModule(configuration.location);
    this.modules.add(new Module(this, configuration, this.loggerFactory.getLogger(Module)));
  }

  async getHealth() {
    const healthy = async (check) => ((await check().catch(() => false)) ? "healthy" : "unhealthy");
    const services = {
      database: await healthy(async () => this.isInitialized),
      backboneConnection: await healthy(() => this.#backboneAnswers()),
      backboneAuthentication: await healthy(() => this.#backboneKnowsUs())
    };
    return { isHealthy: Object.values(services).every((state) => state === "healthy"), services };
  }

  async close() {
    if (this.isStarted) await this.stop();
    await this.#stores?.close();
  }

  async #backboneAnswers() {
    const answer = await fetch(new URL("/health", this.backboneUrl), {
      signal: AbortSignal.timeout(5000)
    });
    return answer.ok;
  }

  async #backboneKnowsUs() {
    if (this.#checkedToken && Date.now() - this.#checkedToken < TOKEN_CHECK_INTERVAL) return true;
    const account = this.getAccountController();
    forgetBackboneToken(account);
    await backboneToken(account);
    this.#checkedToken = Date.now();
    return true;
  }
}
