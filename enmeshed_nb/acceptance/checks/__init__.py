"""The checks, one module for each plan."""

from enmeshed_nb.acceptance.checks import automation, guide, items, security

__all__ = ["automation", "guide", "items", "security"]
