"""How Connectors are broken on purpose, one module for each plan; see `tests.acceptance.proxy`."""

from tests.acceptance.rules import api, automation, guide, items, security

__all__ = ["api", "automation", "guide", "items", "security"]
