// How long the HTTP server of a Connector waits for what does not arrive.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { createHttpServer, PATIENCE } from "../../enmeshed_nb/localnet/connector_host/http.js";

const IMPATIENT = { ...PATIENCE, headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 50 };
const server = createHttpServer((request, response) => {
  request.resume().on("end", () => response.end("done"));
}, IMPATIENT);

before(() => new Promise((resolve) => server.listen(0, "127.0.0.1", resolve)));
after(() => server.close());

/** Sends something on a new connection, then a byte at a time; returns what is answered until the other side ends. */
async function answerTo(text, drip = "") {
  const socket = connect(server.address().port, "127.0.0.1");
  let answer = "";
  socket.on("data", (data) => (answer += data)).on("error", () => {});
  await once(socket, "connect");
  socket.write(text);
  const dripping = setInterval(() => drip && socket.write(drip), 50);
  await once(socket, "close");
  clearInterval(dripping);
  return answer;
}

for (const [what, text, drip] of [
  ["nothing arrives", ""],
  ["half a head arrives", "POST / HTTP/1.1\r\nHost: localh"],
  ["a head drips", "POST / HTTP/1.1\r\nHost: localhost\r\nX-Drip: ", "x"],
  ["half a body arrives", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"],
  ["a body drips", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{", "x"],
  ["half a chunk arrives", "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"]
]) {
  test(`a connection on which ${what} ends`, async () => {
    assert.match(await answerTo(text, drip), /^(HTTP\/1\.1 408 .*)?$/s);
  });
}

test("a connection between two requests may wait", async () => {
  const socket = connect(server.address().port, "127.0.0.1");
  const ask = async () => {
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert.match(String(await once(socket, "data")), /^HTTP\/1\.1 200/);
  };
  await once(socket, "connect");
  await ask();
  await answerTo("POST / HTTP/1.1\r\nHost: localh"); // meanwhile others are ended
  await ask();
  socket.destroy();
});

test("Connectors wait for a while, and not for ever", () => {
  for (const [name, value] of Object.entries(PATIENCE)) assert.ok(value > 1000 && value <= 3600_000, name);
});
