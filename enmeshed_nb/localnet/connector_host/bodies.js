// The bodies that callers send: JSON, flat forms, uploads. What cannot be read is refused with a 400.

import express from "express";
import multer from "multer";
import { HttpError } from "./errors.js";

const LIMIT = "2mb";
const DEPTH = 500; // levels; the Runtime could store several thousand, but not everything that reads it again could

/** Makes what Express and multer say about a body an answer of a Connector. */
function refusing(read) {
  return (request, response, next) =>
    read(request, response, (error) => {
      // A Connector has a 500 for a body that is too long, and its own answer to what is no JSON.
      if (!error || error.type === "entity.too.large" || error instanceof SyntaxError) return next(error);
      next(new HttpError(400, "error.runtime.validation.invalidPayload", `The body cannot be read: ${error.message}`));
    });
}

function isDeeperThan(levels, value) {
  if (value === null || typeof value !== "object") return false;
  return levels === 0 || Object.values(value).some((each) => isDeeperThan(levels - 1, each));
}

function refuseDeepJson({ body }, _response, next) {
  if (isDeeperThan(DEPTH, body)) {
    throw new SyntaxError(`The JSON in the body is nested more than ${DEPTH} levels deep.`);
  }
  next();
}

/** Express middleware: reads JSON and flat forms. */
export const readBody = [
  refusing(express.urlencoded({ extended: false, limit: LIMIT })),
  refusing(express.json({ limit: LIMIT })),
  refuseDeepJson
];

/** Express middleware: reads a form with a file. */
export const readUpload = refusing(multer({ storage: multer.memoryStorage(), defParamCharset: "utf8" }).single("file"));
