"""The checks, one module for each plan."""

from enmeshed_nb.acceptance.checks import api, automation, guide, items, security

__all__ = ["api", "automation", "guide", "items", "security"]
