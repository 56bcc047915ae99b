// The store: what a call has returned from is in the file, whatever happens to the process then.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Store } from "../../enmeshed_nb/localnet/connector_host/store.js";

const folder = mkdtempSync(join(tmpdir(), "store-"));
after(() => rmSync(folder, { recursive: true }));
let paths = 0;
const newPath = () => join(folder, `${(paths += 1)}.db`);
const plain = ({ $loki, meta, ...document }) => document;
/** What a process finds that opens the file while the first one has not closed it. */
const reopened = async (path, name = "things") => (await (await new Store(path).getCollection(name)).list()).map(plain);

test("created, updated, patched and deleted documents are in the file at once", async () => {
  const path = newPath();
  const things = await new Store(path).getCollection("things");
  for (const id of ["a", "b", "c", "d"]) await things.create({ id, value: 1, more: { list: [1] } });
  await things.update(await things.read("b"), { id: "b", value: 2 });
  await things.patch(await things.read("c"), {
    id: "c",
    value: 3,
    more: { list: [1, 2] }
  });
  assert.equal(await things.delete({ id: "d" }), true);
  assert.deepEqual(await reopened(path), [
    { id: "a", value: 1, more: { list: [1] } },
    { id: "b", value: 2 },
    { id: "c", value: 3, more: { list: [1, 2] } }
  ]);
});

test("a store that is opened again goes on where it was", async () => {
  const path = newPath();
  const first = await new Store(path).getCollection("things");
  for (const id of ["a", "b", "c"]) await first.create({ id });
  await first.delete("b");
  const again = await new Store(path).getCollection("things");
  await again.create({ id: "d" });
  await again.update(await again.read("c"), { id: "c", value: 1 });
  assert.deepEqual(await reopened(path), [{ id: "a" }, { id: "c", value: 1 }, { id: "d" }]);
  assert.equal(await again.read("b"), undefined);
});

test("an id is there once", async () => {
  const path = newPath();
  const things = await new Store(path).getCollection("things");
  await things.create({ id: "a" });
  await assert.rejects(things.create({ id: "a" }));
  assert.deepEqual(await reopened(path), [{ id: "a" }]);
});

test("maps keep their newest values", async () => {
  const path = newPath();
  const map = await new Store(path).getMap("info");
  await map.set("one", { value: 1 });
  await map.set("two", "text");
  await map.set("one", { value: 2 });
  await map.delete("two");
  const again = await new Store(path).getMap("info");
  assert.deepEqual(await again.get("one"), { value: 2 });
  assert.equal(await again.get("two"), null);
});

/** What is seen of a collection in memory, by ids. */
const inMemory = async (things) => Object.fromEntries((await things.list()).map(({ id, value }) => [id, value]));
const fail = () => {
  throw new Error("cut off");
};

test("of a unit that fails nothing is left, neither in the file nor in memory", async () => {
  const path = newPath();
  const store = new Store(path);
  const things = await store.getCollection("things");
  const info = await store.getMap("info");
  for (const id of ["a", "b", "c", "d"]) await things.create({ id, value: 1 });
  await info.set("key", 1);
  const before = await reopened(path);
  await assert.rejects(
    store.unit(async () => {
      await things.create({ id: "e", value: 2 });
      await things.update(await things.read("a"), { id: "a", value: 2 });
      await things.patch(await things.read("b"), { id: "b", value: 2 });
      await things.delete("c");
      await things.delete({ value: 1 });
      await info.set("key", 2);
      await info.set("new", 2);
      fail();
    }),
    /cut off/
  );
  assert.deepEqual(await reopened(path), before);
  assert.deepEqual(await inMemory(things), { a: 1, b: 1, c: 1, d: 1 });
  assert.deepEqual([await info.get("key"), await info.get("new")], [1, null]);
  for (const id of ["a", "b", "c", "d"]) assert.equal((await things.read(id)).value, 1);
  await things.create({ id: "e", value: 3 });
  await things.update(await things.read("c"), { id: "c", value: 3 });
  assert.deepEqual(await inMemory(await new Store(path).getCollection("things")), { a: 1, b: 1, c: 3, d: 1, e: 3 });
});

test("a unit is stored as a whole, when it ends", async () => {
  const path = newPath();
  const store = new Store(path);
  const things = await store.getCollection("things");
  await store.unit(async () => {
    await things.create({ id: "a" });
    await things.create({ id: "b" });
    await things.delete("a");
    assert.deepEqual(await reopened(path), []);
  });
  assert.deepEqual(await reopened(path), [{ id: "b" }]);
});

test("a unit's part that is not good is undone, and the rest is stored", async () => {
  const path = newPath();
  const store = new Store(path);
  const things = await store.getCollection("things");
  await store.unit(async () => {
    await things.create({ id: "a", value: 1 });
    await store.unit(() => things.update({ ...things.collection.by("id", "a") }, { id: "a", value: 2 }), {
      isGood: () => false
    });
    await store.unit(() => things.create({ id: "b", value: 1 }));
  });
  assert.deepEqual(await inMemory(things), { a: 1, b: 1 });
  assert.deepEqual(await reopened(path), [
    { id: "a", value: 1 },
    { id: "b", value: 1 }
  ]);
});

test("what a unit has committed stays when the rest of it fails", async () => {
  const path = newPath();
  const store = new Store(path);
  const things = await store.getCollection("things");
  const work = async () => {
    await things.create({ id: "a" });
    store.commit();
    await things.create({ id: "b" });
    fail();
  };
  await assert.rejects(store.unit(work));
  assert.deepEqual(await reopened(path), [{ id: "a" }]);
});

test("units side by side do not store or undo each other's changes", async () => {
  const path = newPath();
  const store = new Store(path);
  const things = await store.getCollection("things");
  await things.create({ id: "both", value: 0 });
  const { promise: ended, resolve: end } = Promise.withResolvers();
  const failing = store.unit(async () => {
    await things.create({ id: "failing" });
    await things.update(await things.read("both"), { id: "both", value: 1 });
    await ended;
    fail();
  });
  await store.unit(async () => {
    await things.create({ id: "good" });
    await things.update(await things.read("both"), { id: "both", value: 2 });
  });
  assert.deepEqual((await reopened(path)).map(({ id }) => id).sort(), ["both", "good"]);
  end();
  await assert.rejects(failing);
  assert.deepEqual(await inMemory(things), { both: 2, good: undefined });
  assert.deepEqual((await reopened(path)).find(({ id }) => id === "both").value, 2);
});

test("the later of two changes stays, whichever unit ends first", async () => {
  const path = newPath();
  const store = new Store(path);
  const things = await store.getCollection("things");
  await things.create({ id: "a", value: 0 });
  const { promise: ended, resolve: end } = Promise.withResolvers();
  const set = async (value) => things.update(await things.read("a"), { id: "a", value });
  const slow = store.unit(async () => {
    await set(1);
    await ended;
  });
  await store.unit(() => set(2));
  end();
  await slow;
  assert.deepEqual(await inMemory(things), { a: 2 });
  assert.deepEqual(await reopened(path), [{ id: "a", value: 2 }]);
});

test("what cannot be written is not in memory either", async () => {
  const path = newPath();
  const things = await new Store(path).getCollection("things");
  await things.create({ id: "a", value: 1 });
  const loop = {};
  loop.loop = loop;
  await assert.rejects(things.create({ id: "b", loop }));
  await assert.rejects(things.update(await things.read("a"), { id: "a", loop }));
  assert.deepEqual(await inMemory(things), { a: 1 });
  assert.deepEqual(await reopened(path), [{ id: "a", value: 1 }]);
});

test("events are delivered when a unit is stored, and not at all if it fails", async () => {
  const path = newPath();
  const store = new Store(path);
  const things = await store.getCollection("things");
  const heard = [];
  const publish = async (event) => {
    await things.create({ id: event });
    const deliver = async () => heard.push([event, (await reopened(path)).some(({ id }) => id === event)]);
    store.afterwards(deliver, () => heard.push(`${event} dropped`));
    await Promise.resolve();
    assert.equal(heard.length, 0);
  };
  await store.unit(() => publish("a"));
  await new Promise(setImmediate);
  assert.deepEqual(heard.splice(0), [["a", true]]);
  await assert.rejects(store.unit(async () => fail(await publish("b"))));
  assert.deepEqual(heard, ["b dropped"]);
});

test("a note outlives a kill, and goes with the unit that finishes it", async () => {
  const path = newPath();
  const store = new Store(path);
  const things = await store.getCollection("things");
  await things.create({ id: "old", value: 0 });
  await store.unit(async () => {
    await things.delete("old");
    await things.create({ id: "a", value: 1 });
    const id = store.note("call", {
      of: "something",
      changes: store.changesSoFar
    });
    assert.deepEqual(store.unfinished, [], "it is in progress");
    store.amend(id, { answer: "lost" });
    const [note] = new Store(path).unfinished;
    assert.deepEqual([note.kind, note.of, note.answer], ["call", "something", "lost"]);
    const revived = new Store(path);
    const again = await revived.getCollection("things");
    await again.create({ id: "b", value: 2 });
    await revived.unit(async () => revived.redo(note.changes));
    assert.deepEqual(await inMemory(again), { a: 1, b: 2 }, "what was noted has not lost its place to what came then");
    store.strike(id);
    assert.equal(new Store(path).unfinished.length, 1);
  });
  assert.deepEqual(new Store(path).unfinished, []);
});

test("a pattern takes no longer than the text is long", async () => {
  const things = await new Store(newPath()).getCollection("things");
  for (const id of ["a".repeat(60), "b", "AbC"]) await things.create({ id });
  const found = async (pattern) => (await things.find({ id: { $regex: pattern } })).map(({ id }) => id);
  assert.deepEqual(await found("(a+)+Z"), []);
  assert.deepEqual(await found("^[bA]"), ["b", "AbC"]);
  assert.equal(await things.count({ $or: [{ id: { $regex: "(a+)+Z" } }, { id: { $regex: "bC$" } }] }), 1);
  assert.equal((await things.findOne({ id: { $regex: "bC" } })).id, "AbC");
  for (const wrong of ["(a", "(?=a)", "(a)\\1"]) await assert.rejects(found(wrong), /The pattern .* cannot be used/);
});
