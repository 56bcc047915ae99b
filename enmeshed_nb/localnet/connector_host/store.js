// The Runtime's store: documents in memory, in LokiJS, for its queries; each change written through to SQLite at once.
//
// The Runtime's own LokiJS wrapper saves every 5 seconds by writing everything anew: what happened since is lost by a
// kill, and each save costs as much as all that was ever stored. Here a change costs one row, before the call that
// made it returns. SQLite's write-ahead log with synchronous=NORMAL keeps that row through a kill of this process
// (not through a power failure, which a local network need not survive) without waiting for the disk.

import { LokiJsMap } from "@js-soft/docdb-access-loki";
import Loki from "lokijs";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fill, IndexedCollection, onChange } from "./internals.js";

const DAMAGED = [11, 26]; // SQLITE_CORRUPT, SQLITE_NOTADB

/** One database of documents; what the Runtime knows as IDatabaseCollectionProvider. */
export class Store {
  #loki = new Loki("store", { autosave: false, autoload: false, persistenceMethod: "memory" });
  #path;
  #sqlite;
  #write;
  #delete;

  /** Opens (or creates) the SQLite file `path` and reads all documents into memory. */
  constructor(path) {
    this.#path = path;
    this.#sqlite = new DatabaseSync(path);
    this.#sound(() => this.#prepare());
  }

  #prepare() {
    this.#sqlite.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS documents (
        collection TEXT NOT NULL, key INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (collection, key)
      ) WITHOUT ROWID;
    `);
    this.#write = this.#sqlite.prepare("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)");
    this.#delete = this.#sqlite.prepare("DELETE FROM documents WHERE collection = ? AND key = ?");
  }

  async getCollection(name, uniqueIndexes = []) {
    return new IndexedCollection(this.#collection(name, [...new Set(["id", ...uniqueIndexes])]));
  }

  async getMap(name) {
    return new LokiJsMap(this.#collection(name, ["name"]));
  }

  async close() {
    if (this.#sqlite.isOpen) this.#sqlite.close(); // the Runtime closes its own one when it stops
  }

  /** Does `work`; unless it succeeds (or if the process is killed meanwhile), nothing of it is stored. */
  async atomically(work) {
    this.#sqlite.exec("BEGIN");
    try {
      await work();
      this.#sqlite.exec("COMMIT");
    } catch (error) {
      this.#sqlite.exec("ROLLBACK");
      throw error;
    }
  }

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
    const rows = this.#sound(() => stored.all(name));
    fill(
      collection,
      rows.map(({ key, document }) => ({ key, document: JSON.parse(document) }))
    );
    const write = (key, document) => this.#write.run(name, key, JSON.stringify(document));
    onChange(collection, write, (key) => this.#delete.run(name, key));
    return collection;
  }
}

/** All databases of one Connector, each a file in `folder`; what the Runtime knows as IDatabaseConnection. */
export class Stores {
  #folder;
  #open = new Map();

  constructor(folder) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
  }

  async getDatabase(name) {
    if (!this.#open.has(name)) this.#open.set(name, new Store(join(this.#folder, `${name}.db`)));
    return this.#open.get(name);
  }

  async close() {
    for (const store of this.#open.values()) await store.close();
    this.#open.clear();
  }
}
