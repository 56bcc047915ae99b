// Calls of the Backbone whose answer never came: the process was killed, or the connection was cut.
//
// Before a call leaves that creates or changes something, a note is written of it, with what the unit of work has changed
// so far. With the answer, the note goes when the unit is stored. A note that stays means that nobody knows; then the
// Backbone is asked. If it has what the call was to bring, the unit's changes are made after all, and what it did not get
// to; if not, nothing was done at either side, and whoever wanted it may try again.
//
// The Backbone gives up delivering an event after three failures; a sync run that was cut off counts as one. So events are
// noted, too: those of a run as soon as they are listed, until the run is over, and one that could not be applied because
// the Backbone failed just then. If three runs in a row were cut off before their events were listed, nobody knows what
// was in them: then the Backbone is asked for all that it holds.

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
  possibleEvents,
  refreshRelationship,
  sentMessage
} from "./internals.js";

const DELIVERED = ["event", "run"]; // kinds of notes of what the Backbone delivers
const ANOTHER_RUN = "error.platform.validation.syncRun.cannotStartSyncRunWhenAnotherSyncRunIsRunning";
const RUN_PATIENCE = 15_000; // milliseconds for another run to end: a device's, or a lost one that runs out
const RUN_INTERVAL = 500;
const MOST_FAILURES = 3; // of an event: then the Backbone does not deliver it any more
const PAUSE = 1000; // milliseconds after a failure in which calls of the API do not try to find out

export class Unanswered {
  #store;
  #account;
  #services;
  #logger;
  #seek;
  #apply;
  #settling;
  #failedAt = -Infinity; // by a clock that nobody moves
  /** The id of the note of the run under way. */
  #run;
  #turn = Promise.resolve();

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
          return await this.#inTurn(() => store.unit(work, { alone: true }));
        } finally {
          this.#cutOff();
          synchronised();
        }
      },
      start: (start) => this.#started(start),
      list: async (list) => {
        const events = await list();
        store.amend(this.#run, { events });
        return events;
      },
      finalize: async (finalize) => {
        store.commit(); // what is confirmed to the Backbone never comes again
        const result = await finalize();
        store.strike(this.#run);
        this.#run = undefined;
        return result;
      }
    });
  }

  /** What is not known to be finished. */
  get notes() {
    return this.#store.unfinished.filter((note) => note.kind !== "run" || note.events?.length > 0 || isLost(note));
  }

  /** Finds out about all that was not answered. Throws what the Backbone fails with. */
  async settle() {
    if (this.notes.length === 0) return;
    this.#settling ??= this.#settleAll().finally(() => (this.#settling = undefined));
    await this.#settling;
  }

  /** The same before a call of the API, which goes on if the Backbone fails. */
  async tryToSettle() {
    if (this.notes.length === 0 || performance.now() - this.#failedAt < PAUSE) return;
    try {
      await this.settle();
    } catch (error) {
      this.#failedAt = performance.now();
      this.#logger.warn("What became of an earlier call of the Backbone cannot be found out now:", error.message);
    }
  }

  async #settleAll() {
    for (const note of this.notes) {
      this.#store.resume(note.id);
      const settle = () => this.#store.unit(() => this.#settleOne(note), { alone: true });
      try {
        await (DELIVERED.includes(note.kind) ? this.#inTurn(settle) : settle());
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
    event: ({ event }) => this.#apply(externalEvent(event)),
    run: async ({ run, events }) => {
      for (const event of events ?? (await possibleEvents(this.#account))) await this.#applyAgain(externalEvent(event));
      if (run) this.#store.leave(this.#store.note("run", { run, events: [] })); // it may still be open
    }
  };

  /** Applies an event of a run that was cut off, unless it is refused: then it would have been refused in its run. */
  async #applyAgain(event) {
    try {
      await this.#apply(event);
    } catch (error) {
      if (isPassing(error)) throw error;
      this.#logger.error(`An event of a synchronisation that was cut off cannot be applied (${event.type}):`, error);
    }
  }

  /** Does what applies events of the Backbone, one after another: a Message would be stored twice. */
  #inTurn(work) {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #noted(kind, details, send) {
    if (this.notes.some((note) => !DELIVERED.includes(note.kind))) throw unclear();
    const id = this.#store.note(kind, { ...details, since: new Date(), changes: this.#store.changesSoFar });
    const result = await send();
    if (result.isSuccess) this.#store.strike(id);
    else if (isRefusal(result)) this.#store.strike(id, { atOnce: true });
    else this.#leave(id);
    return result;
  }

  #leave(id) {
    this.#store.leave(id);
    if (this.notes.length > 0) this.#seek();
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
    const deadline = performance.now() + RUN_PATIENCE;
    for (;;) {
      const result = await this.#counted(start);
      if (result.isSuccess || result.error.code !== ANOTHER_RUN || performance.now() > deadline) return result;
      const open = this.#runs.findLast(({ run }) => run);
      if (open) {
        this.#run = open.id;
        this.#store.resume(open.id);
        return createdRun(open.run);
      }
      await setTimeout(RUN_INTERVAL);
    }
  }

  /** Starts a run; a note of it counts how many were started in a row of which nobody knows the events. */
  async #counted(start) {
    const unlisted = this.#runs.find((note) => !note.events && !isLost(note));
    const { id, runs } = unlisted ?? { id: this.#store.note("run", { runs: 1 }), runs: 0 };
    this.#run = id;
    this.#store.resume(id);
    if (unlisted) this.#store.amend(id, { runs: runs + 1 });
    const result = await start();
    if (result.isSuccess) this.#forgetOver();
    if (result.isSuccess && result.value.syncRun) {
      this.#store.amend(id, { run: result.value.syncRun });
      return result;
    }
    if (result.isSuccess || (isRefusal(result) && !unlisted)) this.#store.strike(id, { atOnce: true });
    else if (isRefusal(result)) this.#store.amend(id, { runs });
    this.#cutOff();
    return result;
  }

  /** The notes of runs that were cut off. */
  get #runs() {
    return this.#store.unfinished.filter(({ kind }) => kind === "run");
  }

  /** No run is open at the Backbone, so there is none to go on with. */
  #forgetOver() {
    for (const { id, events } of this.#runs) if (events?.length === 0) this.#store.strike(id, { atOnce: true });
  }

  /** The run under way, if there is one, has not come to its end. */
  #cutOff() {
    const id = this.#run;
    this.#run = undefined;
    if (id) this.#leave(id);
  }
}

/** Tells whether, by this note of runs, the Backbone may have given up events of which nobody knows. */
function isLost({ events, runs }) {
  return !events && runs >= MOST_FAILURES;
}

function unclear() {
  const message =
    "It is not clear yet what became of an earlier call of the Backbone, which did not answer. Try again.";
  return new ApplicationError("error.connector.unansweredCall", message);
}
