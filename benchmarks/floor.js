// The floor: two bare Runtimes in this process, their documents in memory (LokiJS), no HTTP API, on a Backbone that
// $BACKBONE names as JSON {"baseUrl", "platformClientId", "platformClientSecret"}.
//
// At first it says {"start": ms}. Then each line on stdin asks for something:
//
//   {"trips"}                for that many round trips of the guide, answered by {"trips": [{"ms", "calls": [[name, ms], …]},
//                            …]}: how long each took, and each call of the Backbone in it, from the moment that Node's HTTP
//                            client begins to send it to the end of the answer
//   {"clients", "seconds"}   for calls by so many clients at once, answered by {"rates": {name: calls per second}}

import { performance } from "node:perf_hooks";

const began = performance.now();

import diagnostics from "node:diagnostics_channel";
import http from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../enmeshed_nb/localnet/connector_host/", import.meta.url));
const { LokiJsConnection } = require("@js-soft/docdb-access-loki");
const { EventEmitter2EventBus } = require("@js-soft/ts-utils");
const { ConsumptionController } = require("@nmshd/consumption");
const { Runtime } = require("@nmshd/runtime");
const { AccountController } = require("@nmshd/transport");

const transportLibrary = { ...JSON.parse(process.env.BACKBONE), allowIdentityCreation: true };
const MODULES = ["Decider", "Request", "Message", "Notification"];
const ID = /\/[A-Z]{3}[A-Za-z0-9]{17}(?=\/|$)/g;
const REQUEST = {
  items: [{ "@type": "AuthenticationRequestItem", title: "Who is there?", mustBeAccepted: true }]
};

const silent = { getLogger: () => new Proxy({}, { get: () => () => {} }) };

/** What can be called again and again: it changes nothing, or finds that there is nothing new. */
const REPEATED = {
  "GET /Datawallet/Modifications": "",
  "POST /SyncRuns": JSON.stringify({ type: "ExternalEventSync" })
};

let calls = [];
/** The newest request of each name: its path and its headers. */
const made = {};

diagnostics.subscribe("http.client.request.created", ({ request }) => {
  request.began = performance.now();
});
diagnostics.subscribe("http.client.response.finish", ({ request, response }) => {
  response.once("end", () => {
    const path = request.path.split("?")[0].replace("/api/v2", "").replace(ID, "/{id}");
    const name = `${request.method} ${path}`;
    calls.push([name, performance.now() - request.began]);
    made[name] = { method: request.method, path: request.path, headers: request.getHeaders() };
  });
});

/** Returns the value that a use case gives, or throws its error. */
async function ok(called) {
  const result = await called;
  if (result.isError) throw result.error;
  return result.value;
}

class BareRuntime extends Runtime {
  #waiting = new Set();

  constructor() {
    const modules = Object.fromEntries(
      MODULES.map((name) => [name.toLowerCase(), { enabled: true, location: `@nmshd/runtime:${name}Module` }])
    );
    super({ transportLibrary, modules }, silent, new EventEmitter2EventBus(() => {}));
    for (const side of ["incoming", "outgoing"]) {
      this.eventBus.subscribe(`consumption.${side}RequestStatusChanged`, () => this.#changed());
    }
    this.eventBus.subscribe("consumption.incomingRequestReceived", () => this.#changed());
  }

  get address() {
    return this.getAccountController().identity.address.toString();
  }

  async createDatabaseConnection() {
    return LokiJsConnection.inMemory();
  }

  async initAccount() {
    const database = await this.databaseConnection.getDatabase("account");
    const account = new AccountController(this.transport, database, this.transport.config);
    const consumption = new ConsumptionController(this.transport, account, { setDefaultOwnIdentityAttributes: false });
    await account.init();
    await consumption.init();
    this.services = await this.login(account, consumption);
  }

  getServices() {
    return this.services;
  }

  async loadModule() {}

  async getHealth() {
    return { isHealthy: true, services: {} };
  }

  get transportUseCases() {
    return this.services.transportServices;
  }

  get requests() {
    return this.services.consumptionServices;
  }

  /** Waits until a Request has a status: looks whenever one has changed. */
  async until(side, id, status) {
    while ((await this.requests[`${side}Requests`].getRequest({ id })).value?.status !== status) {
      await new Promise((resolve) => this.#waiting.add(resolve));
    }
  }

  #changed() {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  sync() {
    return ok(this.transportUseCases.account.syncEverything());
  }
}

async function start() {
  const runtime = new BareRuntime();
  await runtime.init();
  await runtime.start();
  return runtime;
}

async function makeFriends(one, other) {
  const template = await ok(
    one.transportUseCases.relationshipTemplates.createOwnRelationshipTemplate({
      expiresAt: new Date(Date.now() + 3600_000).toISOString(),
      content: { "@type": "ArbitraryRelationshipTemplateContent", value: {} }
    })
  );
  const { id: templateId } = await ok(
    other.transportUseCases.relationshipTemplates.loadPeerRelationshipTemplate({
      reference: template.reference.truncated
    })
  );
  const { id: relationshipId } = await ok(
    other.transportUseCases.relationships.createRelationship({
      templateId,
      creationContent: { "@type": "ArbitraryRelationshipCreationContent", value: {} }
    })
  );
  await one.sync();
  await ok(one.transportUseCases.relationships.acceptRelationship({ relationshipId }));
  await other.sync();
}

/** The guide "Requests via Messages", from the check of the Request to the Response at its Sender. */
async function trip(sender, recipient) {
  const peer = recipient.address;
  const { outgoingRequests } = sender.requests;
  const { incomingRequests } = recipient.requests;
  await ok(outgoingRequests.canCreate({ content: REQUEST, peer }));
  const { id, content } = await ok(outgoingRequests.create({ content: REQUEST, peer }));
  await ok(sender.transportUseCases.messages.sendMessage({ recipients: [peer], content }));
  await sender.until("outgoing", id, "Open");
  await recipient.sync();
  await recipient.until("incoming", id, "ManualDecisionRequired");
  const decision = { requestId: id, items: [{ accept: true }] };
  await ok(incomingRequests.canAccept(decision));
  await ok(incomingRequests.accept(decision));
  await recipient.until("incoming", id, "Completed");
  await sender.sync();
  await sender.until("outgoing", id, "Completed");
}

async function timed(work) {
  calls = [];
  const from = performance.now();
  await work();
  return { ms: performance.now() - from, calls };
}

/** Repeats a call by some clients at once; returns how many were answered per second. */
async function rate(name, clients, seconds) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  const body = REPEATED[name];
  const { hostname, port } = new URL(transportLibrary.baseUrl);
  const headers = { ...made[name].headers, "content-length": body.length };
  const options = { ...made[name], hostname, port, headers, agent };
  const call = () =>
    new Promise((resolve, reject) => {
      const request = http.request(options, (response) => response.resume().once("end", () => resolve(response)));
      request.once("error", reject).end(body);
    });
  const from = performance.now();
  const until = from + 1000 * seconds;
  let count = 0;
  const client = async () => {
    while (performance.now() < until) {
      const { statusCode } = await call();
      if (statusCode >= 400) throw new Error(`${name} was answered by ${statusCode}.`);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  return (1000 * count) / (performance.now() - from);
}

/** Repeats each call that can be repeated, one after the other. */
async function rates(clients, seconds) {
  const found = {};
  for (const name of Object.keys(REPEATED)) found[name] = await rate(name, clients, seconds);
  return found;
}

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

const sender = await start();
const recipient = await start();
say({ start: performance.now() - began });
await makeFriends(recipient, sender);
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const trips = [];
  for (let left = asked.trips ?? 0; left > 0; left -= 1) trips.push(await timed(() => trip(sender, recipient)));
  say(asked.trips ? { trips } : { rates: await rates(asked.clients, asked.seconds) });
}
process.exit(0);
