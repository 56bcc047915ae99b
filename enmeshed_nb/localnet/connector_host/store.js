// The Runtime's store: documents in memory, in LokiJS, for its queries; each change written through to SQLite.
//
// The Runtime's own LokiJS wrapper saves every 5 seconds by writing everything anew: what happened since is lost by a
// kill, and each save costs as much as all that was ever stored. Here a change costs one row.
//
// What one call, or one handler of an event, writes is a *unit of work*: its rows are committed together when it ends,
// and the events that it published are delivered then. If it fails, or if the rows cannot be stored, memory becomes what
// it was, and nobody hears of it. No transaction of SQLite is open while a unit waits for something, so units may be
// under way side by side; of two that change the same document, the later change stays.
//
// SQLite's write-ahead log keeps what was committed through a kill of this process; through a power failure, too, if the
// log is synchronised at each commit (durability `power`), which has to wait for the disk.

import { ApplicationError } from "@js-soft/ts-utils";
import Loki from "lokijs";
import { AsyncLocalStorage } from "node:async_hooks";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fill, IndexedCollection, indexTexts, MapInMemory, onChange, restore } from "./internals.js";

const DAMAGED = [11, 26]; // SQLITE_CORRUPT, SQLITE_NOTADB
const LOCK_TIMEOUT = 5000; // ms to wait for who saves a snapshot: it lets nobody commit, for less than one of them

/** The unit that what runs now belongs to. */
const units = new AsyncLocalStorage();

/** Does `work` as a part of the unit under way: if its result is not good, what it did is undone. */
export function partOfUnit(work, isGood) {
  const unit = units.getStore();
  return unit && !unit.isOver ? unit.store.unit(work, { isGood }) : work();
}

/** What one unit of work has done so far. */
class Unit {
  changes = [];
  struck = [];
  events = [];
  isOver = false;

  constructor(store, outer) {
    this.store = store;
    this.outer = outer;
  }

  /** Its changes and those of the units that it is a part of, in their order. */
  get allChanges() {
    return [...(this.outer?.allChanges ?? []), ...this.changes];
  }
}

/** A Connector's database of documents; what the Runtime knows as IDatabaseConnection and IDatabaseCollectionProvider. */
export class Store {
  #loki = new Loki("store", { autosave: false, autoload: false, persistenceMethod: "memory" });
  #path;
  #hasRoom;
  #sqlite;
  #write;
  #delete;
  #read;
  #note;
  #amend;
  #strike;
  #maps = new Map();
  /** For each document that is changed by units under way: its changes, oldest first. */
  #pending = new Map();
  #restoring = false;
  /** Notes of what is not known to be finished: by their ids. */
  #notes = new Map();
  #inProgress = new Set();

  /**
   * Opens (or creates) the SQLite file `path`; what it stores survives a kill, with the durability `power` more.
   * While `hasRoom()` is false, nothing can be stored.
   */
  constructor(path, durability, hasRoom = () => true) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    this.#hasRoom = hasRoom;
    this.#sqlite = new DatabaseSync(path, { timeout: LOCK_TIMEOUT });
    this.#sound(() => this.#prepare(durability === "power" ? "FULL" : "NORMAL"));
  }

  #prepare(synchronous) {
    this.#sqlite.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${synchronous};
      CREATE TABLE IF NOT EXISTS documents (
        collection TEXT NOT NULL, key INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (collection, key)
      ) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, details TEXT NOT NULL);
    `);
    this.#write = this.#sqlite.prepare("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)");
    this.#delete = this.#sqlite.prepare("DELETE FROM documents WHERE collection = ? AND key = ?");
    this.#read = this.#sqlite.prepare("SELECT document FROM documents WHERE collection = ? AND key = ?");
    this.#note = this.#sqlite.prepare("INSERT INTO notes (kind, details) VALUES (?, ?)");
    this.#amend = this.#sqlite.prepare("UPDATE notes SET details = ? WHERE id = ?");
    this.#strike = this.#sqlite.prepare("DELETE FROM notes WHERE id = ?");
    for (const { id, kind, details } of this.#sqlite.prepare("SELECT * FROM notes ORDER BY id").all()) {
      this.#notes.set(id, { ...JSON.parse(details), id, kind });
    }
  }

  async getDatabase() {
    return this;
  }

  async getCollection(name, uniqueIndexes = []) {
    return new IndexedCollection(this.#collection(name, [...new Set(["id", ...uniqueIndexes])]));
  }

  async getMap(name) {
    if (!this.#maps.has(name)) this.#maps.set(name, new MapInMemory(this.#collection(name, ["name"])));
    return this.#maps.get(name);
  }

  async close() {
    if (this.#sqlite.isOpen) this.#sqlite.close(); // the Runtime closes it when it stops, and the host afterwards
  }

  /** Ends as if the process was killed: what is under way stores nothing any more. */
  kill() {
    this.#sqlite.close();
  }

  // --- Units of work

  /**
   * Does `work` as a unit: all that it changes is stored when it ends, or nothing if it throws.
   *
   * A unit within a unit is a part of that: if it fails, or if `isGood` says so of its result, only what it did is
   * undone; what it changed is stored when the outer one ends, unless it shall stand `alone`.
   */
  async unit(work, { isGood = () => true, alone = false } = {}) {
    const unit = new Unit(this, alone ? undefined : this.#current);
    return units.run(unit, async () => {
      try {
        const result = await work();
        if (isGood(result)) this.#end(unit);
        else this.#undo(unit);
        return result;
      } catch (error) {
        this.#undo(unit);
        throw error;
      } finally {
        unit.isOver = true;
      }
    });
  }

  /** The unit of this store that what runs now belongs to; undefined if it is over. */
  get #current() {
    const unit = units.getStore();
    return unit?.store === this && !unit.isOver ? unit : undefined;
  }

  /** Stores what the unit under way has changed so far; what follows is stored or undone on its own. */
  commit() {
    const unit = this.#current;
    if (unit) this.#end(unit);
  }

  /** Calls `deliver` when what the unit under way did is stored, or at once without one; `drop` if that is undone. */
  afterwards(deliver, drop) {
    const unit = this.#current;
    if (unit) unit.events.push({ deliver, drop });
    else units.exit(deliver);
  }

  #end(unit) {
    const { outer } = unit;
    const [changes, struck, events] = [unit.changes, unit.struck, unit.events];
    if (outer && !outer.isOver) {
      outer.changes.push(...changes);
      outer.struck.push(...struck);
      outer.events.push(...events);
    } else {
      this.#store(changes, struck);
    }
    [unit.changes, unit.struck, unit.events] = [[], [], []];
    if (!outer || outer.isOver) for (const { deliver } of events) units.exit(deliver);
  }

  /** Writes the newest of these changes of each document in one transaction. */
  #store(changes, struck) {
    const newest = new Map();
    for (const change of changes) if (!change.isObsolete) newest.set(change.place, change);
    const writes = [...newest.values()];
    const isOne = writes.length + struck.length <= 1; // a single row needs no transaction around it
    try {
      if (writes.length + struck.length > 0) this.#needRoom();
      if (!isOne) this.#sqlite.exec("BEGIN");
      this.#run(writes, struck);
      if (!isOne) this.#sqlite.exec("COMMIT");
    } catch (error) {
      if (this.#sqlite.isOpen && this.#sqlite.isTransaction) this.#sqlite.exec("ROLLBACK");
      throw unstorable(error);
    }
    for (const change of writes) {
      const pending = this.#pending.get(change.place);
      for (const past of pending.splice(0, pending.indexOf(change) + 1)) past.isObsolete = true;
      if (pending.length === 0) this.#pending.delete(change.place);
    }
    for (const id of struck) this.#forget(id);
  }

  #needRoom() {
    if (!this.#hasRoom()) throw new Error("database or disk is full");
  }

  #run(writes, struck) {
    for (const { collection, key, json } of writes) {
      if (json === undefined) this.#delete.run(collection, key);
      else this.#write.run(collection, key, json);
    }
    for (const id of struck) this.#strike.run(id);
  }

  /** Makes memory what it was without the changes of a unit. */
  #undo(unit) {
    const undone = new Set(unit.changes.filter(({ isObsolete }) => !isObsolete));
    for (const { place, collection, key } of undone) {
      const pending = this.#pending.get(place);
      if (!pending) continue; // an earlier change of the same document was undone with it
      const wasNewest = undone.has(pending.at(-1));
      const left = pending.filter((change) => !undone.has(change));
      if (left.length > 0) this.#pending.set(place, left);
      else this.#pending.delete(place);
      if (wasNewest) this.#restore(collection, key, left.at(-1));
    }
    for (const id of unit.struck) this.leave(id);
    for (const { drop } of unit.events) drop?.();
    [unit.changes, unit.struck, unit.events] = [[], [], []];
  }

  /** Gives a document in memory the state of its newest change, or that of its row. */
  #restore(name, key, change) {
    const json = change ? change.json : this.#read.get(name, key)?.document;
    this.#restoring = true;
    try {
      restore(this.#loki.getCollection(name), key, json === undefined ? undefined : JSON.parse(json));
    } finally {
      this.#restoring = false;
    }
    this.#maps.get(name)?.forget();
  }

  // --- Notes: what was begun outside of this store, and may have to be found out later

  /** Writes down at once that something is begun; returns the id of the note. */
  note(kind, details) {
    const write = () => this.#needRoom() ?? this.#note.run(kind, JSON.stringify(details));
    const id = Number(storing(write).lastInsertRowid);
    this.#notes.set(id, { ...details, id, kind });
    this.#inProgress.add(id);
    return id;
  }

  /** Writes down at once what else is known of it. */
  amend(id, details) {
    const { kind, ...known } = this.#notes.get(id);
    const all = { ...known, ...details, id: undefined };
    storing(() => this.#needRoom() ?? this.#amend.run(JSON.stringify(all), id));
    this.#notes.set(id, { ...all, id, kind });
  }

  /** It is finished: the note goes with what the unit under way stores, or at once. */
  strike(id, { atOnce = false } = {}) {
    const unit = this.#current;
    if (unit && !atOnce) unit.struck.push(id);
    else this.#store([], [id]);
  }

  /** Somebody is about to finish it. */
  resume(id) {
    this.#inProgress.add(id);
  }

  /** Nobody knows whether it is finished: the note stays, to be looked after. */
  leave(id) {
    this.#inProgress.delete(id);
  }

  #forget(id) {
    this.#notes.delete(id);
    this.#inProgress.delete(id);
  }

  /** The notes of what nobody is about to finish, in the order in which they were written. */
  get unfinished() {
    return [...this.#notes.values()].filter(({ id }) => !this.#inProgress.has(id));
  }

  /** What the unit under way has changed so far, to be kept in a note, for `redo`. */
  get changesSoFar() {
    const changes = this.#current?.allChanges ?? [];
    return changes.filter(({ isObsolete }) => !isObsolete).map(({ collection, key, json }) => [collection, key, json]);
  }

  /** Changes documents as a unit had changed them that did not end. */
  redo(changes) {
    for (const [name, key, noted] of changes) {
      const json = noted ?? undefined; // JSON has null for what was deleted
      this.#restore(name, key, { json });
      this.#changed(name, key, json);
    }
  }

  // --- Documents

  /** Returns what `read` reads; throws an error that names the file if that is damaged. */
  #sound(read) {
    try {
      return read();
    } catch (error) {
      if (!DAMAGED.includes(error.errcode)) throw error;
      const message = `its store ${this.#path} is damaged: ${error.message}.`;
      throw Object.assign(new Error(message, { cause: error }), { code: "damagedStore" });
    }
  }

  #collection(name, unique) {
    return this.#loki.getCollection(name) ?? this.#load(name, unique);
  }

  #load(name, unique) {
    const collection = this.#loki.addCollection(name, { unique });
    const stored = this.#sqlite.prepare("SELECT key, document FROM documents WHERE collection = ? ORDER BY key");
    this.#sound(() => fill(collection, parsed(stored.iterate(name))));
    const noted = [...this.#notes.values()].flatMap(({ changes = [] }) => changes);
    for (const [other, key] of noted) if (other === name) collection.maxId = Math.max(collection.maxId, key);
    const write = (key, document) => this.#restoring || this.#changed(name, key, this.#written(name, key, document));
    onChange(collection, write, (key) => this.#restoring || this.#changed(name, key, undefined));
    indexTexts(collection);
    return collection;
  }

  /** Returns a document as JSON; what cannot be written does not stay in memory either. */
  #written(name, key, document) {
    try {
      return JSON.stringify(document);
    } catch (error) {
      this.#restore(name, key, this.#pending.get(`${name} ${key}`)?.at(-1));
      throw error;
    }
  }

  #changed(collection, key, json) {
    const change = { place: `${collection} ${key}`, collection, key, json };
    const pending = this.#pending.get(change.place);
    if (pending) pending.push(change);
    else this.#pending.set(change.place, [change]);
    const unit = this.#current;
    if (unit) {
      unit.changes.push(change);
      return;
    }
    try {
      this.#store([change], []);
    } catch (error) {
      this.#undo({ changes: [change], events: [] });
      throw error;
    }
  }
}

/** Reads rows one by one: all of them at once would be twice in memory. */
function* parsed(rows) {
  for (const { key, document } of rows) yield { key, document: JSON.parse(document) };
}

/** Returns what `write` returns, or throws that it cannot be stored. */
function storing(write) {
  try {
    return write();
  } catch (error) {
    throw unstorable(error);
  }
}

/** The error of a change that cannot be stored, because the disk is full or must not be written to. */
function unstorable(error) {
  const message = `It cannot be stored, and nothing of it was done: ${error.message}.`;
  return Object.assign(new ApplicationError("error.connector.cannotStore", message), { cause: error });
}
