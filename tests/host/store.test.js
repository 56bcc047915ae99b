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
  await things.patch(await things.read("c"), { id: "c", value: 3, more: { list: [1, 2] } });
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

test("nothing is stored of work that fails, and all of work that does not", async () => {
  const path = newPath();
  const store = new Store(path);
  const things = await store.getCollection("things");
  await assert.rejects(
    store.atomically(async () => {
      await things.create({ id: "a" });
      throw new Error("cut off");
    })
  );
  assert.deepEqual(await reopened(path), []);
  await store.atomically(() => things.create({ id: "b" }));
  assert.deepEqual(await reopened(path), [{ id: "b" }]);
});

test("nothing of work that is under way is seen from outside", async () => {
  const path = newPath();
  const store = new Store(path);
  const things = await store.getCollection("things");
  await store.atomically(async () => {
    await things.create({ id: "a" });
    assert.deepEqual(await reopened(path), []);
  });
});
