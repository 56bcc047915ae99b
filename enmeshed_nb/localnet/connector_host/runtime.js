// One enmeshed Runtime with one Identity, as a Connector has it.

import { Runtime } from "@nmshd/runtime";
import correlator from "correlation-id";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import { join } from "node:path";
import { backboneToken, forgetBackboneToken, hasIdentity, openIdentity } from "./internals.js";
import { connectorModule, runtimeModules } from "./modules/index.js";
import { loggerFactory } from "./protocol.js";
import { Faults } from "./faults.js";
import { Events, subjectOf } from "./events.js";
import { withPatience } from "./patience.js";
import { Recovery } from "./recovery.js";
import { Store } from "./store.js";
import { Unanswered } from "./unanswered.js";

const TOKEN_CHECK_INTERVAL = 5 * 60 * 1000;

export class ConnectorRuntime extends Runtime {
  #file;
  #durability;
  #store;
  #hasTokensSince = Date.now();
  #unanswered;
  #recovers;

  constructor(name, folder, config, durability) {
    const transportLibrary = { allowIdentityCreation: true, ...config.transportLibrary };
    const logger = loggerFactory(name).getLogger("Events");
    const events = new Events(
      () => this.#store,
      (event, error) => {
        logger.error(`What follows from ${event.namespace} failed:`, error);
        this.recovery?.seek(subjectOf(event.data), error.message);
      }
    );
    super({ transportLibrary, modules: runtimeModules(config.modules) }, loggerFactory(name), events, correlator);
    this.faults = new Faults(name);
    this.#file = join(folder, "account.db");
    this.#durability = durability;
    this.#recovers = config.modules?.recovery?.enabled !== false;
  }

  get address() {
    return this.getAccountController().identity.address.toString();
  }

  get backboneUrl() {
    return this.runtimeConfig.transportLibrary.baseUrl;
  }

  async createDatabaseConnection() {
    this.#store = new Store(this.#file, this.#durability, () => !this.faults.has("disk-full"));
    return this.#store;
  }

  async initAccount() {
    const open = async () => {
      this.services = await openIdentity(this, this.#store);
    };
    // An Identity is stored completely or not at all: a start that was cut off is simply made again.
    await ((await hasIdentity(this.#store)) ? open() : this.#store.unit(open));
    const logger = this.loggerFactory.getLogger("Recovery");
    this.#unanswered = new Unanswered(this.#store, this.getAccountController(), this.services, logger, {
      seek: () => this.recovery.seek(),
      synchronised: () => this.recovery.afterSynchronisation()
    });
    this.recovery = new Recovery(this, this.#unanswered, logger, this.#recovers);
  }

  /** Does `work` as a unit: what it changes is stored before this returns, and nothing of it if it fails. */
  unit(work) {
    return withPatience(() => this.#store.unit(work));
  }

  /** Does a call of the API as a unit, after what earlier calls left unclear was found out, if that can be. */
  async call(work) {
    return withPatience(async () => {
      await this.#unanswered.tryToSettle();
      return this.#store.unit(work);
    });
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
    this.recovery?.stop();
    if (this.isStarted) await this.stop();
    await this.#store?.close();
  }

  /** Ends without a word: nothing is stored any more, and what was not stored is lost. */
  kill() {
    this.#store.kill();
    this.recovery.stop();
    this.stop().catch(() => {}); // its timers and streams; whatever else it wants to do fails
  }

  async #backboneAnswers() {
    const url = new URL("/health", this.backboneUrl);
    const { get } = url.protocol === "https:" ? https : http; // to load what `fetch` needs takes 30 ms at a start
    const [answer] = await once(get(url, { signal: AbortSignal.timeout(5000) }), "response");
    answer.destroy();
    return answer.statusCode === 200;
  }

  /** Tells whether the Backbone has given a token, no longer ago than that is believed. */
  async #backboneKnowsUs() {
    const account = this.getAccountController();
    if (Date.now() - this.#hasTokensSince > TOKEN_CHECK_INTERVAL) {
      forgetBackboneToken(account);
      this.#hasTokensSince = Date.now();
    }
    await backboneToken(account);
    return true;
  }
}
