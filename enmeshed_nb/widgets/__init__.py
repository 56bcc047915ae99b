"""What notebooks show: views of what happened, and widgets to choose, compose and decide.

Views are HTML with a text form; they need no kernel. What they show is worked out in `guide` and `content`.
Imported in a notebook, this shows errors of the package as cards, too (`show_problems`).
"""

from enmeshed_nb import extras

extras.require("lab", "`enmeshed_nb.widgets`")

from enmeshed_nb.widgets.composer import RequestComposer
from enmeshed_nb.widgets.curtain import Curtain
from enmeshed_nb.widgets.decision import DecisionForm
from enmeshed_nb.widgets.exchanges import Exchanges, StepView
from enmeshed_nb.widgets.exercise import CheckView, Exercise, ProgressView
from enmeshed_nb.widgets.journey import Journey
from enmeshed_nb.widgets.network_status import NetworkStatus
from enmeshed_nb.widgets.peers import PeerChooser
from enmeshed_nb.widgets.playground import Playground
from enmeshed_nb.widgets.predict import CompareView, Predict
from enmeshed_nb.widgets.problem import ProblemView, show_problems
from enmeshed_nb.widgets.response import ResponseView
from enmeshed_nb.widgets.stage import Stage
from enmeshed_nb.widgets.summary import SummaryView

__all__ = [
    "CheckView",
    "CompareView",
    "Curtain",
    "DecisionForm",
    "Exchanges",
    "Exercise",
    "Journey",
    "NetworkStatus",
    "PeerChooser",
    "Playground",
    "Predict",
    "ProblemView",
    "ProgressView",
    "RequestComposer",
    "ResponseView",
    "Stage",
    "StepView",
    "SummaryView",
    "show_problems",
]

show_problems()
