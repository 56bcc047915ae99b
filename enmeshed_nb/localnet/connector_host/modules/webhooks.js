// `modules.webhooks`: tells other programs about the Runtime's events by HTTP.

import { RuntimeModule } from "@nmshd/runtime";
import axios from "axios";
import correlator from "correlation-id";
import { randomUUID } from "node:crypto";
import { Agent } from "node:https";
import { covers } from "../patterns.js";
import { withoutSecrets } from "../secrets.js";

const TIMEOUT = 30_000; // milliseconds

export class WebhooksModule extends RuntimeModule {
  #webhooks;
  #http;

  init() {
    const { targets = {}, webhooks = [], skipTlsCheck = false } = this.configuration;
    this.#webhooks = webhooks.map(({ triggers, target }) => ({
      triggers,
      target: typeof target === "string" ? targets[target] : target
    }));
    this.#http = axios.create({
      httpsAgent: new Agent({ rejectUnauthorized: !skipTlsCheck }),
      maxRedirects: 0,
      timeout: TIMEOUT,
      validateStatus: () => true
    });
  }

  start() {
    this.subscribeToEvent("**", (event) =>
      Promise.all(
        this.#webhooks
          .filter(({ triggers }) => covers(triggers, event.namespace, "."))
          .map(({ target }) => this.#post(target, event))
      )
    );
  }

  async #post({ url, headers = {} }, { namespace, data }) {
    const address = url.replaceAll("{{trigger}}", namespace);
    const shown = withoutSecrets(address);
    if (this.runtime.faults.meets("dropped-events")) {
      this.logger.warn(`${namespace} is not sent to ${shown}: a fault was injected.`);
      return;
    }
    const correlationId = correlator.getId() ?? randomUUID();
    try {
      const body = { data, trigger: namespace };
      const { status } = await this.#http.post(address, body, {
        headers: { "content-type": "application/json", ...headers, "x-correlation-id": correlationId }
      });
      const level = status >= 200 && status < 300 ? "info" : "warn";
      this.logger[level](`${namespace} was sent to ${shown}, which answered ${status}.`);
    } catch (error) {
      const why = `${error.code ?? ""} ${error.message}`.replaceAll(address, shown);
      this.logger.warn(`${namespace} could not be sent to ${shown}: ${why}`);
    }
  }
}
