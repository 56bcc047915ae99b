"""The checks, one module for each plan."""

from enmeshed_nb.acceptance.checks import guide

__all__ = ["guide"]
