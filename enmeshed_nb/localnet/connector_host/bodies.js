// The bodies that callers send: JSON, flat forms, uploads. What cannot be read is refused with a 400; of what is too
// long no more is read than there may be, and the connection ends with the answer.

import express from "express";
import multer from "multer";
import onHeaders from "on-headers";
import { HttpError } from "./errors.js";

const MEGABYTE = 1024 * 1024;
const LIMIT = 2 * MEGABYTE; // bytes
const ANYONES = MEGABYTE / 8; // bytes that are read whoever sends them, so that what is no JSON is told before the key
const FILE = 10 * MEGABYTE; // bytes; what the Runtime takes unless it is configured otherwise
const FORM = MEGABYTE; // bytes of a form beside its file
const DEPTH = 500; // levels; the Runtime could store several thousand, but not everything that reads it again could
const FIELDS = { fields: 1000, fieldArrayIndexLimit: 1000 };

const isJsonOrFlatForm = (request) => request.is("application/json", "application/x-www-form-urlencoded");
const isForm = (request) => request.is("multipart/form-data");

/** Express middleware: ends the connection with an answer that is given before the body has arrived. */
export function endIfUnread(request, response, next) {
  const hasBody = Number(request.get("content-length")) > 0 || request.get("transfer-encoding") !== undefined;
  onHeaders(response, () => {
    // Otherwise Node would read and throw away whatever still comes, for the sake of the next request.
    if (hasBody && !request.complete) response.set("Connection", "close");
  });
  next();
}

/** Lets no more than so many bytes of a body be read: what says that it is longer is refused before, with an error. */
function bounded(isRead, limitOf, errorOf) {
  return (request, _response, next) => {
    if (!isRead(request)) return next();
    const limit = limitOf(request);
    const refuse = async () => {
      request.pause();
      next(await errorOf(request, limit));
    };
    if (Number(request.get("content-length")) > limit) return refuse();
    let length = 0;
    request.on("data", (chunk) => {
      const wasLonger = length > limit;
      length += chunk.length;
      if (length > limit && !wasLonger) refuse();
    });
    next();
  };
}

/** Makes what Express and multer say about a body an answer of a Connector. */
function refusing(read) {
  return (request, response, next) =>
    read(request, response, (error) => {
      if (response.headersSent) return; // the body was too long; now its connection has ended
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

/** Returns Express middleware that reads JSON and flat forms: short ones of anyone, long ones of who is known. */
export function readBody(authentication) {
  return [
    bounded(
      isJsonOrFlatForm,
      (request) => (request.scopes ? LIMIT : ANYONES),
      (request, limit) =>
        request.scopes
          ? new Error(`The body has more than ${limit} bytes.`) // an unexpected error, as a Connector has it
          : authentication.refusal()
    ),
    refusing(express.urlencoded({ extended: false, limit: LIMIT })),
    refusing(express.json({ limit: LIMIT })),
    refuseDeepJson
  ];
}

/** Express middleware: reads a form with a file. The Runtime itself refuses files that are a little too large. */
export const readUpload = [
  bounded(
    isForm,
    (request) => (request.app.locals.largestFile ?? FILE) + FORM,
    (_request, limit) =>
      new HttpError(413, "error.connector.http.bodyTooLarge", `A form with a file may have ${limit} bytes at most.`)
  ),
  refusing(multer({ storage: multer.memoryStorage(), defParamCharset: "utf8", limits: FIELDS }).single("file"))
];
