// Calls of the Backbone whose answer never came: the process was killed, or the connection was cut.
//
// Before a call leaves that creates or changes something, a note is written of it, with what the unit of work has changed
// so far. With the answer, the note goes when the unit is stored. A note that stays means that nobody knows; then the
// Backbone is asked. If it has what the call was to bring, the unit's changes are made after all, and what it did not get
// to; if not, nothing was done at either side, and whoever wanted it may try again.
//
// Events that the Backbone delivered and that could not be applied, because it failed just then, are noted, too: it gives
// up after three failures, and they would be lost.

import { ApplicationError } from "@js-soft/ts-utils";
import { setTimeout } from "node:timers/promises";
import {
  adoptMessage,
  adoptRelationship,
  aroundChangingCalls,
  aroundExternalEvents,
  aroundSynchronisations,
  createdRelationship,
  createdRun,
  doneIsDone,
  externalEvent,
  isDecomposed,
  isKnownMessage,
  isPassing,
  isRefusal,
  ownsFile,
  refreshRelationship,
  sentMessage
} from "./internals.js";

const ANOTHER_RUN = "error.platform.validation.syncRun.cannotStartSyncRunWhenAnotherSyncRunIsRunning";
const RUN_PATIENCE = 15_000; // milliseconds for another run to end: a device's, or a lost one that runs out
const RUN_INTERVAL = 500;
const PAUSE = 1000; // milliseconds after a failure in which calls of the API do not try to find out

export class Unanswered {
  #store;
  #account;
  #services;
  #logger;
  #seek;
  #apply;
  #settling;
  #failedAt = 0;

  /** `seek()` is called when something was left unclear, `synchronised()` after each synchronisation. */
  constructor(store, account, services, logger, { seek, synchronised }) {
    this.#store = store;
    this.#account = account;
    this.#services = services;
    this.#logger = logger;
    this.#seek = seek;
    doneIsDone(account);
    aroundChangingCalls(account, (kind, details, send) => this.#noted(kind, details, send));
    this.#apply = aroundExternalEvents(account, (apply, event) => this.#received(apply, event));
    aroundSynchronisations(account, {
      synchronise: async (work) => {
        try {
          return await store.unit(work, { alone: true });
        } finally {
          synchronised();
        }
      },
      start: (start) => this.#started(start),
      finalize: async (finalize) => {
        store.commit(); // what is confirmed to the Backbone never comes again
        const result = await finalize();
        this.#finalized();
        return result;
      }
    });
  }

  /** What is not known to be finished. */
  get notes() {
    return this.#store.unfinished.filter(({ kind }) => kind in this.#ways);
  }

  /** Finds out about all that was not answered. Throws what the Backbone fails with. */
  async settle() {
    if (this.notes.length === 0) return;
    this.#settling ??= this.#settleAll().finally(() => (this.#settling = undefined));
    await this.#settling;
  }

  /** The same before a call of the API, which goes on if the Backbone fails. */
  async tryToSettle() {
    if (this.notes.length === 0 || Date.now() - this.#failedAt < PAUSE) return;
    try {
      await this.settle();
    } catch (error) {
      this.#failedAt = Date.now();
      this.#logger.warn("What became of an earlier call of the Backbone cannot be found out now:", error.message);
    }
  }

  async #settleAll() {
    for (const note of this.notes) {
      this.#store.resume(note.id);
      try {
        await this.#store.unit(() => this.#settleOne(note), { alone: true });
      } catch (error) {
        this.#store.leave(note.id);
        if (isPassing(error)) throw error;
        this.#logger.error(`Nobody can find out what became of a call of the Backbone (${note.kind}):`, error);
        this.#store.strike(note.id, { atOnce: true });
      }
    }
  }

  async #settleOne(note) {
    await this.#ways[note.kind](note);
    this.#store.strike(note.id);
  }

  /** How to find out, by the kind of the note. */
  #ways = {
    message: async ({ body, changes }) => {
      const sent = await sentMessage(this.#account, body);
      if (!sent) return;
      this.#store.redo(changes);
      await adoptMessage(this.#account, sent);
    },
    relationship: async ({ templateId, changes }) => {
      const created = await createdRelationship(this.#account, templateId);
      if (!created) return;
      this.#store.redo(changes);
      await adoptRelationship(this.#account, created, changes);
    },
    change: ({ relationshipId }) => refreshRelationship(this.#account, relationshipId),
    decomposition: async ({ relationshipId }) => {
      if (!(await isDecomposed(this.#account, relationshipId))) return;
      const result = await this.#services.transportServices.relationships.decomposeRelationship({ relationshipId });
      if (result.isError && result.error.code !== "error.runtime.recordNotFound") throw result.error;
    },
    claim: async ({ fileId, changes }) => {
      if (!(await ownsFile(this.#account, fileId))) return;
      // Who accepts again needs the File as it was loaded, the peer's: one's own cannot be accepted.
      this.#store.redo(changes.filter(([collection]) => collection === "Files"));
    },
    event: ({ event }) => this.#apply(externalEvent(event))
  };

  async #noted(kind, details, send) {
    if (this.notes.some((note) => note.kind !== "event")) throw unclear();
    const id = this.#store.note(kind, { ...details, since: new Date(), changes: this.#store.changesSoFar });
    const result = await send();
    if (result.isSuccess) this.#store.strike(id);
    else if (isRefusal(result)) this.#store.strike(id, { atOnce: true });
    else this.#leave(id);
    return result;
  }

  #leave(id) {
    this.#store.leave(id);
    this.#seek();
  }

  async #received(apply, event) {
    if (await isKnownMessage(this.#account, event)) return undefined; // it was applied, and that could not be confirmed
    try {
      return await this.#store.unit(apply);
    } catch (error) {
      const isNoted = this.notes.some((note) => note.event?.id === event.id.toString());
      if (isPassing(error) && !isNoted) {
        const details = { event: event.toJSON(), since: new Date(), problem: error.message };
        this.#leave(this.#store.note("event", details));
      }
      throw error;
    }
  }

  /** Starts a run, or goes on with the one that this Connector had started when it was cut off. */
  async #started(start) {
    const deadline = Date.now() + RUN_PATIENCE;
    for (;;) {
      const result = await start();
      if (result.isSuccess) {
        if (result.value.syncRun) this.#store.leave(this.#store.note("run", { run: result.value.syncRun }));
        return result;
      }
      if (result.error.code !== ANOTHER_RUN) return result;
      const note = this.#store.unfinished.findLast(({ kind }) => kind === "run");
      if (note) return createdRun(note.run);
      if (Date.now() > deadline) return result;
      await setTimeout(RUN_INTERVAL);
    }
  }

  /** The run is over, as soon as what was applied is stored. */
  #finalized() {
    for (const { id, kind } of this.#store.unfinished) if (kind === "run") this.#store.strike(id);
  }
}

function unclear() {
  const message =
    "It is not clear yet what became of an earlier call of the Backbone, which did not answer. Try again.";
  return new ApplicationError("error.connector.unansweredCall", message);
}
