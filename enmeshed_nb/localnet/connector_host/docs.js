// The pages that document the API, for `debug` only: no key is needed for them.

import express from "express";
import { dump } from "js-yaml";
import swaggerUi from "swagger-ui-express";

/** Returns the router of `/docs`. */
export function docs(document) {
  const router = express.Router();
  router.get(["/docs", "/api-docs{/*path}", "/docs/rapidoc"], (_request, response) => response.redirect(301, "/docs/swagger"));
  router.get("/favicon.ico", (_request, response) => response.redirect("/docs/swagger/favicon-32x32.png"));
  router.get("/docs/json", (_request, response) => response.json(document));
  router.get("/docs/yaml", (_request, response) => response.type("text/yaml").send(dump(document, { noRefs: true })));
  router.use("/docs/swagger", swaggerUi.serve, swaggerUi.setup(document));
  return router;
}
