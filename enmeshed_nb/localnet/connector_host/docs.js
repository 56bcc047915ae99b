// The pages that document the API, for `debug` only: no key is needed for them.

import express from "express";
import { dump } from "js-yaml";
import { createRequire } from "node:module";
import swaggerUi from "swagger-ui-express";

const { resolve } = createRequire(import.meta.url);

const RAPIDOC_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>enmeshed Connector</title>
    <script type="module" src="/rapidoc/rapidoc-min.js"></script>
  </head>
  <body>
    <rapi-doc spec-url="/docs/json" load-fonts="false" render-style="read" show-header="false"></rapi-doc>
  </body>
</html>
`;

/** Returns the router of `/docs` and of what its pages load. */
export function docs(document) {
  const router = express.Router();
  const file = (path, name) => router.get(path, (_request, response) => response.sendFile(resolve(name)));
  router.get("/docs", (_request, response) => response.redirect(301, "/docs/swagger"));
  router.use("/docs/swagger", swaggerUi.serve, swaggerUi.setup(document));
  router.get("/docs/rapidoc", (_request, response) => response.type("html").send(RAPIDOC_PAGE));
  router.get("/docs/json", (_request, response) => response.json(document));
  router.get("/docs/yaml", (_request, response) =>
    response.type("text/vnd.yaml").send(dump(document, { noRefs: true }))
  );
  file("/rapidoc/rapidoc-min.js", "rapidoc/dist/rapidoc-min.js");
  file("/favicon.ico", "swagger-ui-dist/favicon-32x32.png");
  return router;
}
