// Tokens of an OAuth 2 issuer: its keys are found by its OpenID configuration.

import { createRemoteJWKSet, jwtVerify } from "jose";

const DISCOVERY = "/.well-known/openid-configuration";
const TOLERANCE = 5; // seconds by which clocks may differ
const KEYS_LAST = 10 * 60 * 1000; // milliseconds until the issuer's keys are asked for again
const PATIENCE = 5000; // milliseconds to wait for the issuer
const BEARER = /^Bearer +(\S+)$/i;

/**
 * Reads `authentication.jwtBearer` of a configuration. Returns what tells the scopes of an Authorization header:
 * undefined if its token is not accepted, none if it has none. What is asked of the issuer is asked when a token comes.
 */
export function tokensOf({ issuerBaseURL, audience }) {
  let found;
  const keys = async (...token) => {
    found ??= discovered(issuerBaseURL);
    const keysOfIssuer = await found.catch((error) => {
      found = undefined; // it may be there later
      throw error;
    });
    return keysOfIssuer(...token);
  };
  const wanted = {
    issuer: [issuerBaseURL, `${issuerBaseURL}/`],
    audience,
    clockTolerance: TOLERANCE,
    requiredClaims: ["exp"]
  };
  return async (header) => {
    const token = BEARER.exec(header)?.[1];
    if (!token) return undefined;
    try {
      const { payload } = await jwtVerify(token, keys, wanted);
      return typeof payload.scope === "string" ? payload.scope.split(" ").filter(Boolean) : [];
    } catch {
      return undefined; // whatever is wrong with it, or with the issuer
    }
  };
}

async function discovered(issuer) {
  const answer = await fetch(issuer + DISCOVERY, { signal: AbortSignal.timeout(PATIENCE) });
  const { jwks_uri: keys } = await answer.json();
  // Without a pause between two questions: who rotates keys here is trying just that.
  return createRemoteJWKSet(new URL(keys), { cooldownDuration: 0, cacheMaxAge: KEYS_LAST, timeoutDuration: PATIENCE });
}
