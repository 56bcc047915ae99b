"""An error in a notebook is a card: what is wrong, what to do, and where in the reader's own code."""

from typing import Any

import htpy
from htpy import Node
from IPython.core.getipython import get_ipython
from IPython.display import display
from pydantic import ValidationError

from enmeshed_nb.connector import ConnectionFailed
from enmeshed_nb.content.model import Model
from enmeshed_nb.errors import UserError, own_lines
from enmeshed_nb.guide import explain
from enmeshed_nb.network import stopped
from enmeshed_nb.widgets.view import View, copyable, folded, text

_AGAIN = "network = connect()\nsender, recipient = network.sender, network.recipient"


class ProblemView(View):
    """What went wrong, for people.

    Args:
        error: an error of this package, or of its models.

    Attributes:
        problem: what is wrong.
        cure: what to do; empty if the problem says that.
        line: the code to go on with; empty if there is none in particular.
        where: the lines of the reader's code that led to it, the outermost first.
    """

    def __init__(self, error: UserError | ValidationError) -> None:
        self.problem, self.cure, self.line = explain(error), "", ""
        self.where = own_lines(error)
        if isinstance(error, UserError):
            self.problem, self.cure = error.problem, error.cure
        else:
            self.problem = f"This {error.title} cannot be made.\n{self.problem}"
        if isinstance(error, ConnectionFailed) and stopped(error):
            self.problem = f"The local network has stopped. {error.problem}"
            self.cure = "What it stored is still there. Start it again, and go on with the cell that failed:"
            self.line = _AGAIN

    def __str__(self) -> str:
        return text("\n".join(filter(None, (self.problem, self.cure, self.line))))

    def html(self) -> Node:
        """Return the card."""
        first, *rest = self.problem.split("\n")
        return htpy.div(".enb-card.enb-problem", role="alert")[
            htpy.p[htpy.b(".enb-wrong")["✘ ", text(first)]],
            [htpy.p[text(each)] for each in rest],
            htpy.p[text(self.cure)] if self.cure else None,
            copyable(self.line, "python") if self.line else None,
            folded("Where it happened", htpy.pre[text("\n".join(self.where))]) if self.where else None,
        ]


def show_problems() -> None:
    """Show errors of this package as cards from now on, in the notebook whose kernel this is; elsewhere do nothing.

    A cell that failed still has failed: whoever executes the notebook is told so.
    """
    shell = get_ipython()
    if shell is not None and hasattr(shell, "kernel"):
        shell.set_custom_exc((UserError, ValidationError), _show)  # type: ignore[no-untyped-call]


def _show(shell: Any, kind: type[BaseException], error: Any, trace: Any, tb_offset: int | None = None) -> list[str]:
    if isinstance(error, ValidationError) and error.title not in _models():
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return []
    view = ProblemView(error)
    display(view)  # type: ignore[no-untyped-call]
    lines = [f"{kind.__name__}: {view.problem}", *filter(None, (view.cure, view.line))]
    shell._showtraceback(kind, error, lines)
    return lines


def _models(kind: type = Model) -> set[str]:
    return {kind.__name__}.union(*map(_models, kind.__subclasses__()))
