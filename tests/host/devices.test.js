// Several devices of one Identity, each with the real Runtime, on the Backbone that $BACKBONE names as JSON
// {"baseUrl", "platformClientId", "platformClientSecret"}.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { backboneToken, forgetBackboneToken } from "../../enmeshed_nb/localnet/connector_host/internals.js";
import { ConnectorRuntime } from "../../enmeshed_nb/localnet/connector_host/runtime.js";

const require = createRequire(new URL("../../enmeshed_nb/localnet/connector_host/", import.meta.url));
const { AccountController, DeviceSharedSecret } = require("@nmshd/transport");
const { ConsumptionController } = require("@nmshd/consumption");

const transportLibrary = { ...JSON.parse(process.env.BACKBONE), datawalletEnabled: true };
const folder = mkdtempSync(join(tmpdir(), "devices-"));
const running = [];

/** A device; with `getSecret` (of the Runtime's services that need no Identity) it is onboarded to an Identity. */
class Device extends ConnectorRuntime {
  #getSecret;

  constructor(name, getSecret) {
    super(name, join(folder, name), { transportLibrary });
    this.#getSecret = getSecret;
  }

  async initAccount() {
    if (!this.#getSecret) return super.initAccount();
    const secret = DeviceSharedSecret.from(await this.#getSecret(this.anonymousServices));
    const database = await this.databaseConnection.getDatabase("account");
    const account = new AccountController(this.transport, database, this.transport.config);
    const consumption = new ConsumptionController(this.transport, account, { setDefaultOwnIdentityAttributes: false });
    await account.init(secret);
    await consumption.init();
    this.services = await this.login(account, consumption);
  }

  get id() {
    return this.getAccountController().activeDevice.id.toString();
  }

  /** The Runtime's use cases: devices, tokens, messages, … */
  get can() {
    return this.services.transportServices;
  }
}

/** Starts a device. One after the other: the Runtime's dependency injection is one per process. */
async function start(name, getSecret) {
  const device = new Device(name, getSecret);
  await device.init();
  await device.start();
  running.push(device);
  return device;
}

/** Returns the value that a use case gives, or throws its error. */
async function ok(called) {
  const result = await called;
  if (result.isError) throw result.error;
  return result.value;
}

const sharedSecret = async (anonymous, token, password) =>
  (await ok(anonymous.tokens.loadPeerToken({ reference: token.reference.truncated, password }))).content.sharedSecret;

const soon = () => new Date(Date.now() + 3600_000).toISOString();

const newTemplate = (device) =>
  ok(
    device.can.relationshipTemplates.createOwnRelationshipTemplate({
      expiresAt: soon(),
      content: { "@type": "ArbitraryRelationshipTemplateContent", value: {} }
    })
  );

/** Tells what a device knows of the Identity's devices, by their ids. */
async function devicesSeenBy(device) {
  await ok(device.can.account.syncDatawallet());
  return new Map((await ok(device.can.devices.getDevices())).map((each) => [each.id, each]));
}

let first, second;

before(async () => {
  first = await start("first");
  // The new device shows an empty token, the first one fills it.
  second = await start("second", async (anonymous) => {
    const token = await ok(anonymous.tokens.createEmptyToken());
    const reference = token.reference.truncated;
    const filled = await ok(first.can.devices.fillDeviceOnboardingTokenWithNewDevice({ reference, isAdmin: true }));
    assert.equal(filled.id, token.id);
    assert.equal(filled.createdByDevice, first.id);
    return sharedSecret(anonymous, token);
  });
});

after(async () => {
  for (const device of running) await device.close();
  rmSync(folder, { recursive: true });
});

test("a device that was onboarded by a token is another one of the same Identity", async () => {
  assert.equal(second.address, first.address);
  assert.notEqual(second.id, first.id);
  for (const device of [first, second]) {
    const seen = await devicesSeenBy(device);
    assert.deepEqual(new Set(seen.keys()), new Set([first.id, second.id]));
    assert.ok(seen.get(second.id).publicKey, "it is onboarded");
    assert.equal(seen.get(device.id).isCurrentDevice, true);
  }
});

test("what one device does, the other one knows", async () => {
  for (const [doing, reading] of [
    [first, second],
    [second, first]
  ]) {
    const { id } = await newTemplate(doing);
    await ok(reading.can.account.syncDatawallet());
    assert.equal((await ok(reading.can.relationshipTemplates.getRelationshipTemplate({ id }))).isOwn, true);
  }
});

test("a Relationship and its Messages belong to all devices, whichever fetched and sent them", async () => {
  const peer = await start("peer");
  const template = await newTemplate(first);
  const { truncated: reference } = template.reference;
  const loaded = await ok(peer.can.relationshipTemplates.loadPeerRelationshipTemplate({ reference }));
  const { id: relationship } = await ok(
    peer.can.relationships.createRelationship({
      templateId: loaded.id,
      creationContent: { "@type": "ArbitraryRelationshipCreationContent", value: {} }
    })
  );

  await ok(second.can.account.syncEverything());
  await ok(second.can.relationships.acceptRelationship({ relationshipId: relationship }));
  await ok(first.can.account.syncDatawallet());
  assert.equal((await ok(first.can.relationships.getRelationship({ id: relationship }))).status, "Active");

  await ok(peer.can.account.syncEverything());
  const content = (value) => ({ "@type": "ArbitraryMessageContent", value });
  const received = await ok(peer.can.messages.sendMessage({ recipients: [first.address], content: content("in") }));
  await ok(first.can.account.syncEverything());
  const sent = await ok(first.can.messages.sendMessage({ recipients: [peer.address], content: content("out") }));
  await ok(second.can.account.syncEverything()); // no event is left: it knows both from the datawallet
  for (const [id, value] of [
    [received.id, "in"],
    [sent.id, "out"]
  ]) {
    assert.equal((await ok(second.can.messages.getMessage({ id }))).content.value, value);
  }
});

test("a new password ends the device's old tokens, and the Runtime logs in anew by itself", async () => {
  const account = second.getAccountController();
  const statusWith = async (token) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(new URL("/api/v2/Devices/Self", transportLibrary.baseUrl), { headers })).status;
  };
  const [old, ofTheOther] = [await backboneToken(account), await backboneToken(first.getAccountController())];
  assert.equal(await statusWith(old), 200);
  await account.activeDevice.changePassword("a-new-password");
  assert.equal(await statusWith(old), 401);
  const { id } = await newTemplate(second);
  await ok(second.can.account.syncDatawallet());
  assert.notEqual(await backboneToken(account), old);
  await ok(first.can.account.syncDatawallet());
  assert.equal((await ok(first.can.relationshipTemplates.getRelationshipTemplate({ id }))).isOwn, true);
  assert.equal(await statusWith(ofTheOther), 200);
  forgetBackboneToken(account);
  assert.equal(await statusWith(await backboneToken(account)), 200);
});

test("a device that was never onboarded can be deleted, others cannot", async () => {
  const id = (await first.getAccountController().devices.sendDevice({ name: "never used" })).id.toString();
  await devicesSeenBy(first); // which hands it to the others
  assert.ok((await devicesSeenBy(second)).has(id));
  await ok(first.can.devices.deleteDevice({ id }));
  assert.ok(!(await devicesSeenBy(second)).has(id));
  await assert.rejects(ok(first.can.devices.deleteDevice({ id: second.id })), { code: /couldNotDeleteDevice$/ });
});

test("a recovery kit brings an Identity back, once", async () => {
  const kits = first.can.identityRecoveryKits;
  const create = () =>
    ok(
      kits.createIdentityRecoveryKit({
        profileName: "profile",
        passwordProtection: { password: "secret" }
      })
    );
  const backup = async () => [...(await devicesSeenBy(first)).values()].find((device) => device.isBackupDevice)?.id;

  await create();
  const replaced = await backup();
  const kit = await create(); // a new one takes the place of one that was never used
  const used = await backup();
  assert.notEqual(used, replaced);
  assert.equal((await ok(kits.checkForExistingIdentityRecoveryKit())).exists, true);

  const recovered = await start("recovered", (anonymous) => sharedSecret(anonymous, kit, "secret"));
  assert.equal(recovered.address, first.address);
  assert.equal(recovered.id, used);
  assert.ok((await ok(recovered.can.relationshipTemplates.getRelationshipTemplates({}))).length > 0);

  assert.equal(await backup(), undefined);
  assert.equal((await ok(kits.checkForExistingIdentityRecoveryKit())).exists, false);
  await create(); // the Backbone has no backup device any more, either
  assert.notEqual(await backup(), used);
});
