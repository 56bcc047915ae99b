// Kills the Connector host before one chosen event, from outside: `node --import faultpoints.mjs main.js`.
//
// An event is: a write to a store, the begin or end of a transaction, a call of the Backbone leaving, its answer
// arriving, a handler of the Runtime's events beginning, and the answer of a changing call of the API going out.
// While the file `kill_at` is in the folder $ENMESHED_NB_FAULTS, each one is counted and written to the file `events`;
// the one that `kill_at` names first never happens, because the process is killed before it: its number (0: none is), or
// the first one that is what stands on the second line. What else stands there says when counting begins anew.
// The code under test has no hook: what passes an event is wrapped here.

import fs from "node:fs";
import http from "node:http";
import { createRequire, flushCompileCache, syncBuiltinESMExports } from "node:module";
import { basename, dirname, join } from "node:path";
import { DatabaseSync, StatementSync } from "node:sqlite";

const folder = process.env.ENMESHED_NB_FAULTS;
const killAt = join(folder, "kill_at");
const log = fs.openSync(join(folder, "events"), "a");
const { EventEmitter2EventBus } = createRequire(process.argv[1])("@js-soft/ts-utils");
let count = 0;
let armed = "";
setTimeout(flushCompileCache, 5000).unref(); // a process that is killed would keep it to itself

/** Something is about to happen. */
function event(label) {
  if (!fs.existsSync(killAt)) return;
  const wanted = fs.readFileSync(killAt, "utf8");
  if (wanted !== armed) [armed, count] = [wanted, 0];
  count += 1;
  fs.writeSync(log, `${count} ${label}\n`);
  if (count === Number.parseInt(wanted) || label === wanted.split("\n")[1]) process.kill(process.pid, "SIGKILL");
}

/** Replaces `owner[name]` by a function that gets the original one first. */
function wrap(owner, name, replacement) {
  const original = owner[name];
  owner[name] = function (...words) {
    return replacement.call(this, original, ...words);
  };
}

/** A path or URL without host, ids and query. */
function short(url) {
  return new URL(url, "http://host").pathname.replace(/^\/api\/(core\/v\d|v\d)/, "").replace(/[A-Z]{3,6}[A-Za-z0-9]{17}/g, "…");
}

// Stores.
const owners = new WeakMap(); // statement → the Connector whose store it belongs to
wrap(DatabaseSync.prototype, "prepare", function (prepare, sql) {
  const statement = prepare.call(this, sql);
  owners.set(statement, basename(dirname(this.location())));
  return statement;
});
wrap(StatementSync.prototype, "run", function (run, ...words) {
  event(`${owners.get(this)} ${describeWrite(this.sourceSQL, words)}`);
  return run.apply(this, words);
});
wrap(DatabaseSync.prototype, "exec", function (exec, sql) {
  const verb = /^\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)/i.exec(sql)?.[1];
  if (verb) event(`${basename(dirname(this.location()))} ${verb.toUpperCase()}`);
  return exec.call(this, sql);
});

function describeWrite(sql, [collection, , text]) {
  const verb = /^\s*(\w+)/.exec(sql)[1].toUpperCase();
  if (typeof collection !== "string" || collection.startsWith("{")) return verb; // of a note that is struck or amended
  if (!text?.startsWith?.("{")) return `${verb} ${collection}`;
  const { "@type": type, name, status, cachedMessage, content } = JSON.parse(text);
  const details = [type, name, status, cachedMessage?.content?.["@type"], content?.["@type"]];
  return [verb, collection, ...new Set(details.filter((each) => typeof each === "string"))].join(" ");
}

// Calls of the Backbone and their answers.
wrap(http, "request", function (request, ...words) {
  const target = words.find((word) => typeof word === "object" && word !== null && !(word instanceof URL)) ?? {};
  const call = `${target.method ?? "GET"} ${short(words[0] instanceof URL ? words[0].href : (target.path ?? "/"))}`;
  const sent = request.apply(this, words); // it leaves later: when its end is known
  if (call.endsWith("/connect/token")) return sent; // a login changes nothing, and not every run needs one
  event(`→ Backbone ${call}`);
  wrap(sent, "emit", function (emit, name, ...details) {
    if (name === "response") event(`← Backbone ${call} ${details[0].statusCode}`);
    return emit.call(this, name, ...details);
  });
  return sent;
});
syncBuiltinESMExports();

// Handlers of the Runtime's events.
wrap(EventEmitter2EventBus.prototype, "subscribe", function (subscribe, target, handler) {
  return subscribe.call(this, target, (happened) => {
    event(`handler of ${happened.namespace}`);
    return handler(happened);
  });
});

// The API's answers; what only reads changes nothing.
const answered = new WeakSet();
for (const name of ["write", "end"]) {
  wrap(http.ServerResponse.prototype, name, function (original, ...words) {
    if (!answered.has(this) && this.req.method !== "GET") {
      answered.add(this);
      event(`answer ${this.statusCode} to ${this.req.method} ${short(this.req.url)}`);
    }
    return original.apply(this, words);
  });
}
