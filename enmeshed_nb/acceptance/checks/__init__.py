"""The checks, one module for each plan."""

from enmeshed_nb.acceptance.checks import guide, items

__all__ = ["guide", "items"]
