// Errors: their HTTP status and the body that says what they are.

import { ApplicationError } from "@js-soft/ts-utils";
import { CoreError } from "@nmshd/core-types";
import { RequestError } from "@nmshd/transport";
import { randomInt } from "node:crypto";

const ID_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const NOT_FOUND = new Set(["error.runtime.recordNotFound", "error.transport.recordNotFound"]);

/** What happens to a Connector here, and has no code at a real one. */
const OF_HOST = { "error.connector.cannotStore": 507, "error.connector.unansweredCall": 503 };

/** An error of the HTTP layer itself. */
export class HttpError extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

function classify(error) {
  if (error instanceof HttpError) return [error.status, error.code, error.message];
  if (error instanceof SyntaxError) return [400, "error.connector.validation.invalidJsonInPayload", error.message];
  if (error instanceof RequestError) return [error.status >= 400 ? error.status : 502, error.code, error.message];
  if (error.code in OF_HOST) return [OF_HOST[error.code], error.code, error.message];
  if (error instanceof ApplicationError) {
    if (NOT_FOUND.has(error.code)) return [404, error.code, error.message];
    return [error.code.startsWith("error.platform.") ? 500 : 400, error.code, error.message];
  }
  if (error instanceof CoreError) return [400, error.code, error.message];
  if (error instanceof URIError && error.status === 400) {
    return [400, "error.runtime.validation.invalidPropertyValue", `The path cannot be read: ${error.message}`];
  }
  return [500, "error.connector.unexpected", "An unexpected error occurred. Please check the logs."];
}

function envelope(code, message) {
  const id = `ERR${Array.from({ length: 17 }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join("")}`;
  const docs = `https://enmeshed.eu/integrate/error-codes#${code}`;
  return { id, code, message, docs, time: new Date().toISOString() };
}

/** Express error handler: answers with the error's status and envelope; unexpected ones are logged. */
export function answerError(logger, debug) {
  // Express tells error handlers by their four parameters
  return (error, _request, response, _next) => {
    try {
      const [status, code, message] = classify(error);
      if (code === "error.connector.unexpected") logger.error(error);
      const body = envelope(code, message);
      if (debug && !(error instanceof HttpError)) {
        Object.assign(body, {
          stacktrace: error.stack?.split("\n").map((line) => line.trim()),
          details: error.data ?? ""
        });
      }
      response.status(status).json({ error: body });
    } catch (failure) {
      logger.error(failure);
      const message = "An error occurred while another one was answered. Please check the logs.";
      response.status(500).json({ error: envelope("error.connector.errorInErrorHandler", message) });
    }
  };
}
