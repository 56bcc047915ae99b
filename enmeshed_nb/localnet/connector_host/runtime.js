// One enmeshed Runtime with one Identity, as a Connector has it.

import { AccountController } from "@nmshd/transport";
import { ConsumptionController } from "@nmshd/consumption";
import { Runtime } from "@nmshd/runtime";
import correlator from "correlation-id";
import { loggerFactory } from "./protocol.js";
import { Stores } from "./store.js";

const TOKEN_CHECK_INTERVAL = 5 * 60 * 1000;

/** The Runtime modules that a Connector cannot do without, and what its configuration adds to them. */
function modules({ decider, request, message, notification } = {}) {
  const builtIn = (module, more) => ({ ...more, enabled: true, location: `@nmshd/runtime:${module}` });
  return {
    decider: builtIn("DeciderModule", decider),
    request: builtIn("RequestModule", request),
    message: builtIn("MessageModule", message),
    notification: builtIn("NotificationModule", notification)
  };
}

export class ConnectorRuntime extends Runtime {
  #folder;
  #stores;
  #checkedToken;

  constructor(name, folder, config) {
    const transportLibrary = { allowIdentityCreation: true, ...config.transportLibrary };
    super({ transportLibrary, modules: modules(config.modules) }, loggerFactory(name), undefined, correlator);
    this.#folder = folder;
  }

  get address() {
    return this.getAccountController().identity.address.toString();
  }

  async createDatabaseConnection() {
    this.#stores = new Stores(this.#folder);
    return this.#stores;
  }

  async initAccount() {
    const database = await this.#stores.getDatabase("account");
    const account = new AccountController(this.transport, database, this.transport.config);
    const consumption = new ConsumptionController(this.transport, account, { setDefaultOwnIdentityAttributes: false });
    const init = async () => {
      await account.init();
      await consumption.init();
      this.services = await this.login(account, consumption);
    };
    // An Identity is stored completely or not at all: a start that was cut off is simply made again.
    const isKnown = await (await database.getMap("AccountInfo")).get("identity");
    await (isKnown ? init() : database.atomically(init));
  }

  getServices() {
    return this.services;
  }

  loadModule() {
    throw new Error("Modules of one's own cannot be loaded into a local Connector.");
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
    const answer = await fetch(new URL("/health", this.runtimeConfig.transportLibrary.baseUrl), {
      signal: AbortSignal.timeout(5000)
    });
    return answer.ok;
  }

  async #backboneKnowsUs() {
    if (this.#checkedToken && Date.now() - this.#checkedToken < TOKEN_CHECK_INTERVAL) return true;
    const { authenticator } = this.getAccountController();
    authenticator.clear();
    await authenticator.getToken();
    this.#checkedToken = Date.now();
    return true;
  }
}
