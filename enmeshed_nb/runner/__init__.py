"""Executes notebooks with papermill: one, several, or a matrix of parameters; reports what happened."""

from enmeshed_nb import extras

extras.require("lab", "`enmeshed_nb.runner`")

from enmeshed_nb.runner.execution import NotebookRun, execute
from enmeshed_nb.runner.plan import Parameter, PlanError, PlannedRun, parameters_of, parse_parameters, plan
from enmeshed_nb.runner.report import print_parameters, print_report, write_junit

__all__ = [
    "NotebookRun",
    "Parameter",
    "PlanError",
    "PlannedRun",
    "execute",
    "parameters_of",
    "parse_parameters",
    "plan",
    "print_parameters",
    "print_report",
    "write_junit",
]
