"""Executes notebooks with papermill: one, several, or a matrix of parameters; reports what happened."""

from enmeshed_nb.runner.execution import NotebookRun, execute
from enmeshed_nb.runner.plan import PlanError, PlannedRun, parse_parameters, plan
from enmeshed_nb.runner.report import print_report, write_junit

__all__ = [
    "NotebookRun",
    "PlanError",
    "PlannedRun",
    "execute",
    "parse_parameters",
    "plan",
    "print_report",
    "write_junit",
]
