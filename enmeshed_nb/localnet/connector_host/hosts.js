// Which names a Connector answers to, and whose pages may change something on it. It listens on the loopback interface,
// which any page in a browser on this machine can call. A page whose name is made to point here (DNS rebinding) is known
// by its name in the `Host` header, a page of somebody else by its `Origin`.

import { BlockList, isIP } from "node:net";
import { HttpError } from "./errors.js";

const HOST = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::\d{1,5})?$/;
const READING = new Set(["GET", "HEAD", "OPTIONS"]);
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Express middleware: refuses calls for other hosts than `localhost`, loopback addresses and those that are allowed. */
export function onlyHosts(allowedHosts = []) {
  const allowed = new Set(["localhost", ...allowedHosts.map((name) => name.toLowerCase())]);
  return (request, _response, next) => {
    const host = request.get("host") ?? "";
    const [, ip6, other] = HOST.exec(host.toLowerCase()) ?? [];
    const name = ip6 ?? other ?? "";
    if (allowed.has(name) || (isIP(name) && loopback.check(name, `ipv${isIP(name)}`))) return next();
    throw new HttpError(
      403,
      "error.connector.http.hostNotAllowed",
      `The host '${host}' is none of this Connector. Names that it shall have are its infrastructure.httpServer.allowedHosts.`
    );
  };
}

/** Express middleware, behind `cors`: refuses what pages of other origins would change, unless CORS allows them. */
export function onlyOrigins(request, response, next) {
  const origin = request.get("origin");
  if (origin === undefined || READING.has(request.method)) return next();
  const host = request.get("host");
  const known = [`http://${host}`, `https://${host}`, response.get("Access-Control-Allow-Origin")];
  if (known.includes(origin) || known.includes("*")) return next();
  throw new HttpError(
    403,
    "error.connector.http.originNotAllowed",
    `A page of the origin '${origin}' may change nothing here, unless infrastructure.httpServer.cors allows it.`
  );
}
