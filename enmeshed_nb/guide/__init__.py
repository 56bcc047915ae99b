"""The guide's flow on top of the client: waiting, deciding, explaining, recording, establishing a Relationship."""

from enmeshed_nb.clock import Clock
from enmeshed_nb.guide._sync.asking import ask, send_request
from enmeshed_nb.guide._sync.events import EventListener
from enmeshed_nb.guide._sync.relationships import (
    active_relationship,
    end_relationship,
    establish_relationship,
)
from enmeshed_nb.guide._sync.waiting import (
    sync,
    wait_for,
    wait_for_request,
    wait_for_status,
)
from enmeshed_nb.guide.asking import Answer
from enmeshed_nb.guide.deciding import Decision, DecisionError, accept_all, reject_all
from enmeshed_nb.guide.events import Event
from enmeshed_nb.guide.explanations import Problem, explain, problems
from enmeshed_nb.guide.journal import Journal, Observation
from enmeshed_nb.guide.journey import Happening, concerning, happenings
from enmeshed_nb.guide.mistakes import (
    ExpectedError,
    NoErrorError,
    ParameterError,
    check_parameter,
    check_parameters,
    expect_error,
)
from enmeshed_nb.guide.playing import Play, PlayError, PlayStep, Verdict
from enmeshed_nb.guide.predicting import Comparison, Prediction, PredictionError
from enmeshed_nb.guide.relationships import (
    RelationshipError,
)
from enmeshed_nb.guide.results import results_table, status_table
from enmeshed_nb.guide.scene import Scene
from enmeshed_nb.guide.steps import Step, Summary, next_step
from enmeshed_nb.guide.text import show_json
from enmeshed_nb.guide.waiting import (
    WaitError,
    WaitTimeout,
)
from enmeshed_nb.summary import SUMMARY_MIME

__all__ = [
    "SUMMARY_MIME",
    "Answer",
    "Clock",
    "Comparison",
    "Decision",
    "DecisionError",
    "Event",
    "EventListener",
    "ExpectedError",
    "Happening",
    "Journal",
    "NoErrorError",
    "Observation",
    "ParameterError",
    "Play",
    "PlayError",
    "PlayStep",
    "Prediction",
    "PredictionError",
    "Problem",
    "RelationshipError",
    "Scene",
    "Step",
    "Summary",
    "Verdict",
    "WaitError",
    "WaitTimeout",
    "accept_all",
    "active_relationship",
    "ask",
    "check_parameter",
    "check_parameters",
    "concerning",
    "end_relationship",
    "establish_relationship",
    "expect_error",
    "explain",
    "happenings",
    "next_step",
    "problems",
    "reject_all",
    "results_table",
    "send_request",
    "show_json",
    "status_table",
    "sync",
    "wait_for",
    "wait_for_request",
    "wait_for_status",
]
