"""The checks, one module for each plan."""

from enmeshed_nb.acceptance.checks import automation, guide, security

__all__ = ["automation", "guide", "security"]
