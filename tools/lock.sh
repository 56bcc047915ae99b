#!/bin/sh
# Writes requirements/*.lock from pyproject.toml, and the npm lock files, all without registry addresses.
set -eu
cd "$(dirname "$0")/.."
options="--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet --extra all"
uv pip compile $options pyproject.toml --group build --output-file requirements/runtime.lock
uv pip compile $options pyproject.toml --group dev --constraints requirements/runtime.lock --output-file requirements/dev.lock
for packages in enmeshed_nb/localnet/connector_host tools/javascript; do
    npm install --prefix "$packages" --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
done
