"""The HTTP API: every route, every filter, every documented error."""

from enmeshed_nb.acceptance.checks.api import errors, filters, http, lifecycle, routes

__all__ = ["errors", "filters", "http", "lifecycle", "routes"]
