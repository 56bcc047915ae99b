// The modules of a Connector: those of the Runtime that always run, and those that its configuration switches on.

import { EventStreamModule, IntervalSyncModule } from "./sync.js";
import { AutoAcceptModule, AutoDecomposeModule } from "./relationships.js";
import { WebhooksModule } from "./webhooks.js";

const OF_RUNTIME = {
  decider: "DeciderModule",
  request: "RequestModule",
  message: "MessageModule",
  notification: "NotificationModule"
};

const OF_CONNECTOR = {
  autoAcceptPendingRelationships: AutoAcceptModule,
  autoDecomposeDeletionProposedRelationships: AutoDecomposeModule,
  sse: EventStreamModule,
  sync: IntervalSyncModule,
  webhooks: WebhooksModule
};

/** Turns `modules` of a Connector's configuration into what the Runtime loads. */
export function runtimeModules(configured = {}) {
  const alwaysOn = Object.entries(OF_RUNTIME).map(([name, module]) => [
    name,
    { ...configured[name], enabled: true, location: `@nmshd/runtime:${module}` }
  ]);
  const switchedOn = Object.keys(OF_CONNECTOR)
    .filter((name) => configured[name]?.enabled)
    .filter((name) => name !== "sync" || !configured.sse?.enabled) // server-sent events make the interval needless
    .map((name) => [name, { ...configured[name], location: name }]);
  return Object.fromEntries([...alwaysOn, ...switchedOn]);
}

/** Returns the class of the module that `runtimeModules` switched on under this location. */
export function connectorModule(location) {
  return OF_CONNECTOR[location];
}
