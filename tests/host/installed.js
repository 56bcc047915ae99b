// The host, and the packages that are installed beside it, for tests that stand elsewhere.

import { createRequire } from "node:module";

const HOST = new URL("../../enmeshed_nb/localnet/connector_host/", import.meta.url);

/** Returns a module of the host. */
export const host = (name) => import(new URL(name, HOST));

/** Returns a package that the host has. */
export const installed = createRequire(new URL("main.js", HOST));
