// How long the Backbone is waited for. Each call of it ends within CALL, and what a call of the API waits for slow ones
// within ALL, however little of an answer drips in; so each call of the API is answered within 30 seconds.

import { AsyncLocalStorage } from "node:async_hooks";
import { aroundBackboneCalls } from "./internals.js";

const CALL = 8000; // milliseconds
const ALL = 24_000;
const SLOW = 500; // what is faster does not count: a synchronisation may fetch thousands of Messages

const budgets = new AsyncLocalStorage();

aroundBackboneCalls(async (send) => {
  const budget = budgets.getStore() ?? { left: ALL };
  const begun = performance.now();
  const result = await send(AbortSignal.timeout(Math.max(1, Math.min(CALL, budget.left))));
  const taken = performance.now() - begun;
  if (taken > SLOW) budget.left -= taken;
  return result;
});

/** Does `work`, which waits for the Backbone no longer than a call of the API may. */
export function withPatience(work) {
  return budgets.run({ left: ALL }, work);
}
