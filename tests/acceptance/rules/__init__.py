"""How Connectors are broken on purpose, one module for each plan; see `tests.acceptance.proxy`."""

from tests.acceptance.rules import automation, guide, security

__all__ = ["automation", "guide", "security"]
