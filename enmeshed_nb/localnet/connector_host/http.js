// The HTTP layer of a Connector: what is the same for all routes.

import compression from "compression";
import correlator from "correlation-id";
import cors from "cors";
import express from "express";
import helmet from "helmet";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import onHeaders from "on-headers";
import QRCode from "qrcode";
import packageJson from "./package.json" with { type: "json" };
import { buildInformation } from "@nmshd/runtime";
import { Authentication } from "./authentication.js";
import { endIfUnread, readBody, readUpload } from "./bodies.js";
import { docs } from "./docs.js";
import { answerError, HttpError } from "./errors.js";
import { Faults } from "./faults.js";
import { onlyHosts, onlyOrigins } from "./hosts.js";
import { refusalOf } from "./internals.js";
import { openApi } from "./openapi.js";
import { loggerFactory } from "./protocol.js";
import { DEBUG_ROUTES, ROUTES } from "./routes.js";
import { redacted } from "./secrets.js";

const API = "/api/core/v1";
/** Helmet's options in debug mode: the pages of `/docs` have scripts in them, and come by plain HTTP. */
const FOR_DOCS = {
  contentSecurityPolicy: { directives: { scriptSrc: ["'self'", "'unsafe-inline'"], upgradeInsecureRequests: null } }
};

/** How long a client may take for what it sends, and say nothing between two requests; in milliseconds. */
export const PATIENCE = {
  headersTimeout: 15_000,
  requestTimeout: 120_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 3600_000 // long, so that clients end idle connections: a call that meets the end of one fails
};

/** Returns the HTTP server of an application; a request that does not arrive in time ends its connection. */
export function createHttpServer(app, patience = PATIENCE) {
  return createServer(patience, app);
}

/** Returns the Express application that serves a Connector's API. */
export function createApp(name, runtime, config, authentication) {
  const {
    cors: corsOptions = { origin: false },
    helmetOptions,
    allowedHosts
  } = config.infrastructure?.httpServer ?? {};
  const rows = config.debug ? [...ROUTES, ...DEBUG_ROUTES] : ROUTES;
  const logger = loggerFactory(name).getLogger("Http");
  const statistics = { since: new Date().toISOString(), requestCount: 0, requestCountByStatus: {} };
  const app = express();
  app.disable("x-powered-by");
  app.locals.largestFile = config.transportLibrary?.platformMaxUnencryptedFileSize;
  app.use(
    correlate,
    helmet(helmetOptions ?? (config.debug ? FOR_DOCS : {})),
    observe(logger, statistics),
    endIfUnread,
    new Faults(name).middleware,
    onlyHosts(allowedHosts),
    cors(corsOptions),
    onlyOrigins
  );
  app.use(authentication.recognise, readBody(authentication), compression());
  if (config.debug && config.modules?.coreHttpApi?.docs?.enabled !== false) {
    app.use(docs(openApi(rows, API, packageJson.version, authentication)));
  }
  app.get("/health", async (_request, response) => {
    const health = await runtime.getHealth();
    response.status(health.isHealthy ? 200 : 500).json(health);
  });
  app.use(authentication.identify);
  app.use("/Monitoring", monitoring(runtime, config, statistics));
  app.use(API, api(rows, runtime));
  app.use(() => {
    throw new HttpError(404, "error.connector.http.routeDoesNotExist", "The requested route does not exist.");
  });
  app.use(answerError(logger, config.debug));
  return app;
}

function correlate(request, _response, next) {
  correlator.withId(request.get("x-correlation-id") || randomUUID(), next);
}

function observe(logger, statistics) {
  return (request, response, next) => {
    const start = process.hrtime.bigint();
    const elapsed = () => Number((process.hrtime.bigint() - start) / 1_000_000n);
    onHeaders(response, () => {
      response.setHeader("X-Response-Time", new Date().toISOString());
      response.setHeader("X-Response-Duration-ms", elapsed() % 1000);
    });
    response.on("finish", () => {
      const { statusCode } = response;
      statistics.requestCount += 1;
      statistics.requestCountByStatus[statusCode] = (statistics.requestCountByStatus[statusCode] ?? 0) + 1;
      logger.info(`${request.method} ${request.originalUrl} ${statusCode} ${elapsed()} ms`);
    });
    next();
  };
}

function monitoring(runtime, config, statistics) {
  const { version: runtimeVersion, build, date, commit } = buildInformation;
  const version = { version: packageJson.version, build, date, commit, runtimeVersion, modules: {} };
  const router = express.Router();
  const get = (path, scope, report) =>
    router.get(path, Authentication.requires(scope), async (_request, response) => response.json(await report()));
  get("/Version", "monitoring:version", () => version);
  get("/Requests", "monitoring:requests", () => statistics);
  get("/Support", "monitoring:support", async () => ({
    version,
    health: await runtime.getHealth(),
    configuration: redacted(config),
    recovery: await runtime.recovery.report(),
    identityInfo: (await runtime.getServices().transportServices.account.getIdentityInfo()).value
  }));
  return router;
}

/** Returns the router for rows of the route table. */
function api(rows, runtime) {
  const router = express.Router({ caseSensitive: false, strict: false });
  for (const row of rows) {
    const handlers = [Authentication.requires(...row.scopes), negotiate(row)];
    if (row.from === "form") handlers.push(...readUpload);
    router[row.method](row.path, ...handlers, async (request, response) => {
      const result = await runtime.call(() => call(row, runtime.getServices()[row.services][row.facade], request));
      if (result.isError) throw result.error;
      await answer(row, result.value, request, response);
    });
  }
  for (const path of new Set(rows.map((row) => row.path))) {
    router.all(path, () => {
      throw new HttpError(405, "error.connector.http.methodNotAllowed", "The method is not allowed for this route.");
    });
  }
  return router;
}

/** Calls the use case of a row with what the request gives it. */
async function call(row, facade, { params: { id, ...others }, query, body = {}, file, format }) {
  const path = id === undefined ? others : { [row.id]: id, ...others };
  const input = row.input(path, { query, body, file, wantsPng: format === "image/png" });
  const useCase = typeof row.useCase === "string" ? row.useCase : await row.useCase(facade, input);
  try {
    return await facade[useCase](input);
  } catch (error) {
    throw refusalOf(error, row.schema, input);
  }
}

function negotiate({ accepts }) {
  return (request, response, next) => {
    if (accepts) {
      response.vary("Accept");
      request.format = request.accepts(accepts);
      if (!request.format) {
        throw new HttpError(
          406,
          "error.connector.http.notAcceptable",
          `This route answers with ${accepts.join(" or ")}.`
        );
      }
    }
    next();
  };
}

async function answer(row, value, request, response) {
  response.status(row.status);
  if (row.status === 204) return response.end();
  if (row.download) {
    response.set("Content-Type", value.mimetype);
    response.set("Content-Disposition", `attachment;filename=${encodeURIComponent(value.filename)}`);
    return response.send(Buffer.from(value.content));
  }
  if (request.format === "image/png") {
    return response.type("png").send(await QRCode.toBuffer(value.reference.url, { type: "png" }));
  }
  if (row.status === 201) response.set("Location", "_");
  return response.json({ result: value });
}
