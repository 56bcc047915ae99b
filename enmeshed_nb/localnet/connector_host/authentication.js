// Who calls: API keys, tokens of an issuer, and their scopes.

import { createHash, timingSafeEqual } from "node:crypto";
import { HttpError } from "./errors.js";
import { covers } from "./patterns.js";
import { tokensOf } from "./tokens.js";

const POLICY = [
  [/^.{30,}$/s, "at least 30 characters"],
  [/\d.*\d/s, "at least 2 digits"],
  [/[A-Z].*[A-Z]/s, "at least 2 upper-case letters"],
  [/[a-z].*[a-z]/s, "at least 2 lower-case letters"],
  [/[^A-Za-z0-9]/, "at least 1 special character"]
];

const EVERYTHING = ["**"];

const digest = (text) => createHash("sha256").update(text).digest();

function refuse(message) {
  return Object.assign(new Error(message), { code: "invalidConfiguration" });
}

export class Authentication {
  #keys = [];
  /** The name of the header that carries an API key. */
  header;
  #open = false;
  /** Returns the scopes of a token, undefined if it is not accepted; without it no token is. */
  #scopesOfToken;

  /** Reads `infrastructure.httpServer.authentication` of a configuration; a weak, double or missing key is refused. */
  constructor({ apiKey = {}, jwtBearer } = {}, debug = false) {
    if (jwtBearer?.issuerBaseURL) this.#scopesOfToken = tokensOf(jwtBearer);
    this.header = apiKey.headerName ?? "X-API-KEY";
    const configured = Object.entries(apiKey.keys ?? {}).filter(([, key]) => key.enabled !== false);
    const seen = new Set();
    for (const [id, { key, scopes, expiresAt }] of apiKey.enabled === false ? [] : configured) {
      const broken = POLICY.filter(([rule]) => !rule.test(key ?? "")).map(([, words]) => words);
      if (broken.length) throw refuse(`The API key '${id}' is too weak. It needs ${broken.join(", ")}.`);
      if (seen.has(key)) throw refuse(`The API key '${id}' is the same as another one.`);
      if (expiresAt !== undefined && Number.isNaN(Date.parse(expiresAt))) {
        throw refuse(`The API key '${id}' has an expiresAt that is no date.`);
      }
      seen.add(key);
      this.#keys.push({
        hash: digest(key),
        scopes: scopes ?? EVERYTHING,
        expires: expiresAt ? Date.parse(expiresAt) : Infinity
      });
    }
    if (!this.#scopesOfToken && !this.#keys.some(({ expires }) => expires > Date.now())) {
      if (!debug) throw refuse("There is no valid API key; without one a Connector only starts with debug: true.");
      this.#open = this.#keys.length === 0;
    }
  }

  /** Whether callers can have a token of an issuer. */
  get takesTokens() {
    return this.#scopesOfToken !== undefined;
  }

  /** Returns the scopes of a caller, undefined if nobody knows who that is; an API key that was sent decides. */
  async #scopesOf(request) {
    if (this.#open) return EVERYTHING;
    const key = request.get(this.header);
    if (key === undefined) return this.#scopesOfToken?.(request.get("authorization") ?? "");
    const given = digest(key);
    return this.#keys.find(({ hash, expires }) => timingSafeEqual(hash, given) && expires > Date.now())?.scopes;
  }

  /** Returns the error for a caller whom nobody knows, late. */
  async refusal() {
    await new Promise((resolve) => setTimeout(resolve, 1000 * (1 + Math.floor(Math.random() * 4))));
    return new HttpError(401, "error.connector.unauthorized", "Unauthorized.");
  }

  /** Express middleware: finds out what the caller may do. */
  recognise = async (request, _response, next) => {
    Object.assign(request, { scopes: await this.#scopesOf(request) });
    next();
  };

  /** Express middleware: lets only those on who are known; others are answered late. */
  identify = async (request, _response, next) => {
    if (!request.scopes) throw await this.refusal();
    next();
  };

  /** Express middleware: only lets a caller on who has one of the scopes. */
  static requires(...scopes) {
    return (request, _response, next) => {
      if (scopes.some((scope) => covers(request.scopes, scope, ":"))) return next();
      throw new HttpError(403, "error.connector.forbidden", "You are not allowed to access this endpoint.");
    };
  }
}
