"""Acceptance runs: hold Connectors against the sentences of the guide and of the API's documentation."""

from enmeshed_nb.acceptance.checking import CHECKS, Check, check
from enmeshed_nb.acceptance.ground import Ground, GroundError, open_ground
from enmeshed_nb.acceptance.outcomes import Outcome, Status
from enmeshed_nb.acceptance.requirements import Requirement, requirements
from enmeshed_nb.acceptance.running import PLANS, checks_of, run
from enmeshed_nb.acceptance.trial import Broken, Trial, expect, expect_equal, expect_refused

__all__ = [
    "CHECKS",
    "PLANS",
    "Broken",
    "Check",
    "Ground",
    "GroundError",
    "Outcome",
    "Requirement",
    "Status",
    "Trial",
    "check",
    "checks_of",
    "expect",
    "expect_equal",
    "expect_refused",
    "open_ground",
    "requirements",
    "run",
]
