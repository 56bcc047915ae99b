"""The guide's flow on top of the client: waiting, deciding, explaining, recording, establishing a Relationship."""

from enmeshed_nb.guide.decisions import Decision, DecisionError, accept_all, reject_all
from enmeshed_nb.guide.explanations import explain
from enmeshed_nb.guide.journal import Journal, Observation
from enmeshed_nb.guide.relationships import RelationshipError, active_relationship, establish_relationship
from enmeshed_nb.guide.steps import SUMMARY_MIME, Step, Summary, next_step
from enmeshed_nb.guide.views import results_table, show_json, status_table
from enmeshed_nb.guide.waiting import (
    Clock,
    WaitError,
    WaitTimeout,
    sync,
    wait_for,
    wait_for_request,
    wait_for_status,
)

__all__ = [
    "SUMMARY_MIME",
    "Clock",
    "Decision",
    "DecisionError",
    "Journal",
    "Observation",
    "RelationshipError",
    "Step",
    "Summary",
    "WaitError",
    "WaitTimeout",
    "accept_all",
    "active_relationship",
    "establish_relationship",
    "explain",
    "next_step",
    "reject_all",
    "results_table",
    "show_json",
    "status_table",
    "sync",
    "wait_for",
    "wait_for_request",
    "wait_for_status",
]
