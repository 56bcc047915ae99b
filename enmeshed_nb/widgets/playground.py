"""The playground: every step of the guide by a click, with a Request of any shape, and all that the Connectors say."""

import contextvars
import threading
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from typing import Any, Literal, TypeVar

import htpy
import ipywidgets
from htpy import Node
from IPython.core.getipython import get_ipython
from pydantic import ValidationError

from enmeshed_nb.clock import REAL_TIME
from enmeshed_nb.connector import ConnectionFailed, Exchange, LocalRequest, aside
from enmeshed_nb.content import AuthenticationRequestItem, Request
from enmeshed_nb.content.rules import counted
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide import Journal, explain
from enmeshed_nb.guide.deciding import UNDECIDED
from enmeshed_nb.guide.draft import Json
from enmeshed_nb.guide.peers import shortened
from enmeshed_nb.guide.playing import STEPS, Play, PlayStep, StepName, Verdict, accepting
from enmeshed_nb.guide.steps import asked
from enmeshed_nb.guide.text import quoted
from enmeshed_nb.network import Network
from enmeshed_nb.progress import is_app, somebody_looks_on
from enmeshed_nb.widgets.composer import RequestComposer
from enmeshed_nb.widgets.decision import DecisionForm
from enmeshed_nb.widgets.exchanges import Exchanges
from enmeshed_nb.widgets.panel import Panel, button, note
from enmeshed_nb.widgets.peers import PeerChooser
from enmeshed_nb.widgets.problem import ProblemView
from enmeshed_nb.widgets.response import ResponseView
from enmeshed_nb.widgets.stage import Stage
from enmeshed_nb.widgets.view import copyable, folded, mark, page, rows, side, state, text

T = TypeVar("T")

_TITLE = "The Sender is asking for an authentication."
_FIRST = Request(items=[AuthenticationRequestItem(title=_TITLE, must_be_accepted=True)])
_STYLE = files("enmeshed_nb.widgets").joinpath("playground.css").read_text(encoding="utf-8")
_NEXT = "enb-next"
"""Marks the button of the step that comes next."""
_DOUBLE_CLICK = 0.4
"""Seconds in which a second click belongs to the first: many a step is done sooner."""
_NUMBERS = {step.name: number for number, step in enumerate(STEPS, 1)}


class Playground(Panel):
    """The guide as an instrument: choose a peer, compose, press a step, decide, read the Response.

    Each step has a button of its own, at the side that does it; *Next* does the one that comes next in the guide, and
    *Play it through* all that are left. A step in a wrong order is done, too: it shows what the Connector says.

    Args:
        network: the Sender, the Recipient, and whoever else is there.
        request: to begin with; else one that asks for an authentication.
        decision: how a decision begins: every item accepted, or the whole rejected.
        timeout: how long to wait for a status, in seconds.

    Attributes:
        play: what is played.
        journal: what is exchanged with the Sender and with who was chosen last among those whose Connector is here.
        stage: shows it.
        peers: where the peer is chosen.
        composer: where the Request is composed.
        form: where it is decided; None as long as there is nothing to decide.
    """

    def __init__(
        self,
        network: Network,
        request: Request | Json | None = None,
        *,
        decision: Literal["accept", "reject"] = "accept",
        timeout: float = 30,
    ) -> None:
        self._network, self._decision = network, decision
        self._steps, self._clicks = threading.Lock(), threading.Lock()
        self._is_busy = False
        self._exchanges: tuple[Exchange, ...] = ()
        self.form: DecisionForm | None = None
        self.peers = PeerChooser(network.sender, names=network.names)
        self._choose(network.address(network.recipient.name))
        self.composer = RequestComposer(network.sender, self.peers, request or _FIRST)
        self.play = Play(
            network.sender,
            network.connector_of,
            peer=self.peers.value,
            written=self.composer.draft.json,
            judge=self._judge,
            timeout=timeout,
        )
        self.journal, self._stage_box = Journal(network.sender, network.recipient), ipywidgets.VBox()
        self.stage = Stage(self.journal)
        self._stage_box.children = [self.stage.widget]
        self._buttons = {step.name: self._step_button(step) for step in STEPS}
        self._next = button("Next", self._clicked(self.next_step), style="primary", tooltip="Do the next step")
        self._through = button(
            "Play it through", self._clicked(self.play_through), tooltip="Do all steps that are left"
        )
        self._another = button("Another Request", self._clicked(self.begin), tooltip="Begin with another Request")
        self._again = button("Start the local network again", self._clicked(self._reopen))
        self._under_way = ipywidgets.Dropdown(
            description="Under way",
            tooltip="Go on with a Request that was not answered yet",
            style={"description_width": "initial"},
            layout=ipywidgets.Layout(max_width="360px"),
        )
        self._under_way.observe(lambda _: self._taken_up(), "value")
        self._turn, self._came, self._response, self._program = (ipywidgets.HTML() for _ in range(4))
        self._deciding = ipywidgets.VBox()
        super().__init__()
        self.add_class("enb-playground")
        self.children = [
            ipywidgets.HTML(f"<style>{_STYLE}</style>", layout=ipywidgets.Layout(display="none")),
            self._turn,
            _row(self._next, self._through, self._another, self._under_way),
            self._came,
            self._again,
            self.problem,
            self._stage_box,
            _columns(
                self._side("sender", self._response, self.peers, self.composer),
                self._side("recipient", self._deciding),
            ),
            self._program,
        ]
        self._list_under_way()
        self._show()
        self.composer.on_change(self._changed_elsewhere)  # another peer is a change of it, too

    def _choose(self, address: str) -> None:
        """Choose the Recipient at first, if it can receive a Message."""
        if any(each.address == address and each.can_receive for each in self.peers.peers):
            self.peers.select(address)

    # What can be done, by a click or from Python

    def step(self, name: StepName) -> bool:
        """Do a step of the guide, in whatever order; tell whether it went well. What came of it is shown.

        Raises:
            KeyError: there is no such step.
        """
        return self._alone(lambda: self.play.do(name))

    def next_step(self) -> bool:
        """Do the step that comes next, or begin with another Request if the one before is over."""
        if self.play.is_over:
            self.begin()
            return True
        return self._alone(self.play.do_next)

    def play_through(self) -> bool:
        """Do all steps that are left, of another Request if the one before is over; tell whether it is over then."""
        if self.play.is_over:
            self.begin()
        return self._alone(lambda: self.play.play_through(self._show))

    def play_unattended(self) -> None:
        """Play it through as it is set where nobody is there to click (papermill, nbval); elsewhere do nothing.

        Raises:
            UserError: a step did not go well, as `Connector` and `Decision` say it.
            pydantic.ValidationError: the decision breaks a limit.
        """
        if not (somebody_looks_on() or is_app()) and not self.play_through():
            assert self.play.problem
            raise self.play.problem

    def begin(self) -> None:
        """Begin with another Request; the composer keeps what it says."""
        self._alone(self.play.begin)
        self._list_under_way()

    def go_on(self, request_id: str) -> None:
        """Go on with a Request of the Sender that is under way.

        Raises:
            ConnectorError: the Sender does not know it, or cannot be asked.
        """
        self._alone(lambda: self.play.go_on(request_id))

    def as_python(self) -> str:
        """Return what was done here, and went well, as one Python program that does it again."""
        return self.play.as_python(self._network.local.state.data_dir if self._network.local else None)

    # How it is done

    def _alone(self, action: Callable[[], T]) -> T:
        """Do something while nothing else is done here, and show what came of it."""
        with self._steps:
            self.play.peer, self.play.written = self.peers.value, self.composer.draft.json
            self._meet()
            before = len(self.journal.exchanges)
            try:
                return action()
            finally:
                self._exchanges = self.journal.exchanges[before:]
                self._show()

    def _clicked(self, action: Callable[[], object]) -> Callable[[], None]:
        """Return what a button does: it starts *action*, unless something runs already; a second click is none."""

        def run() -> None:
            begun = REAL_TIME.now()
            try:
                self.attempt(action, is_step=True)
                if _in_kernel():
                    REAL_TIME.sleep(max(0, begun + _DOUBLE_CLICK - REAL_TIME.now()))
            finally:
                self._be_busy(False)

        def begin() -> None:
            with self._clicks:
                if self._is_busy:
                    return
                self._be_busy(True)
            _apart(run)

        return begin

    def _be_busy(self, is_busy: bool) -> None:
        self._is_busy = is_busy
        for each in (*self._buttons.values(), self._next, self._through, self._another, self._again, self._under_way):
            each.disabled = is_busy

    def _judge(self, incoming: LocalRequest) -> Verdict:
        form = self.form
        if form is None or form.request.id != incoming.id:
            return accepting(incoming)
        return Verdict("accept" if form.verb == "accept" else "reject", form.decision)

    def _meet(self) -> None:
        """Follow the Connector that decides, if it is here and another than before."""
        with aside():
            try:
                recipient = self.play.recipient
            except UserError:
                return
        if recipient in self.journal.connectors:
            return
        self.stage.close()
        self.journal.close()
        self.journal = Journal(self._network.sender, recipient)
        self.stage = Stage(self.journal)
        self._stage_box.children = [self.stage.widget]

    def _reopen(self) -> None:
        self._network.reopen()
        self.play.problem = None
        self.play.look()
        self.peers.refresh()
        self.composer.changed()
        self._show()

    def _taken_up(self) -> None:
        request_id = self._under_way.value
        if request_id and request_id != self.play.round.request_id:
            self._clicked(lambda: self.go_on(request_id))()

    def _list_under_way(self) -> None:
        """Offer what is under way; that a Connector cannot be asked is said where it matters."""
        try:
            found = self.play.under_way()
        except UserError:
            found = {}
        current = self.play.round.request_id or ""
        options = [("choose …", ""), *((f"{text(title)} ({each})", each) for each, title in found.items())]
        self._under_way.options = options
        self._under_way.value = current if current in found else ""
        self._under_way.layout.display = "" if found else "none"

    def _changed_elsewhere(self) -> None:
        """Another peer was chosen, or the Request or the decision is another one: what is next may be another, too."""
        if not self._is_busy:
            with self._steps, aside():
                self.play.peer, self.play.written = self.peers.value, self.composer.draft.json
                self._meet()
                self._show()

    # What is shown

    def _step_button(self, step: PlayStep) -> Any:
        return button(step.words, self._clicked(partial(self.step, step.name)), tooltip=f"{step.words}: {step.call}")

    def _side(self, name: Literal["sender", "recipient"], *content: Any) -> Any:
        steps = [self._buttons[step.name] for step in STEPS if step.side == name]
        return ipywidgets.VBox(
            [note(htpy.h3[side(name)]), _row(*steps), *content],
            layout=ipywidgets.Layout(flex="1 1 420px", min_width="0", padding="0 8px"),
        )

    def _show(self) -> None:
        with self._lock, aside():
            self._show_decision()
            play, passed = self.play, self.play.passed
            following = play.next
            for step in STEPS:
                shown = self._buttons[step.name]
                shown.description = f"{'✔ ' if step.name in passed else ''}{_NUMBERS[step.name]} {step.words}"
                (shown.add_class if step is following else shown.remove_class)(_NEXT)
            self._next.description = f"Next: {following.words}" if following else "Next: another Request"
            self._turn.value = page(self._stands())
            self._came.value = page(self._came_of_it())
            down = isinstance(play.problem or play.unknown, ConnectionFailed)
            self._again.layout.display = "" if down and self._network.local else "none"
            response = play.outgoing if play.outgoing and play.outgoing.response else None
            self._response.value = page(ResponseView(response).html()) if response else ""
            self._program.value = page(
                folded("Copy as Python: all that went well here, as one program", self._copied())
            )

    def _show_decision(self) -> None:
        incoming = self.play.incoming
        if incoming is None or incoming.status not in (*UNDECIDED, "Decided", "Completed", "Expired"):
            self.form = None
            self._deciding.children = [note(self._why_nothing_to_decide())]
            return
        try:
            if self.form is None or self.form.request.id != incoming.id:
                self.form = self._form_for(incoming)
            elif self.form.request.status != incoming.status:
                self.form.look()
        except UserError as error:
            self.problem.show(explain(error))
        if self.form and self._deciding.children != (self.form,):
            self._deciding.children = [self.form]

    def _form_for(self, incoming: LocalRequest) -> DecisionForm:
        form = DecisionForm(
            self.play.recipient,
            incoming,
            names=self._network.names,
            on_decide=self._clicked(partial(self.step, "decide")),
        )
        if incoming.status in UNDECIDED:
            form.accept_all() if self._decision == "accept" else form.reject_all()
        form.on_change(self._changed_elsewhere)
        return form

    def _why_nothing_to_decide(self) -> Node:
        if self.play.asked_peer and not self.play.is_ours:
            who = self._network.names.get(self.play.asked_peer) or shortened(self.play.asked_peer)
            return htpy.p[
                mark("warn", "⚠ Somebody else decides"),
                text(f" It is up to {who}, at its own Connector. Send the Request, and fetch the Response later."),
            ]
        return htpy.p(".enb-muted")["There is nothing to decide yet: the Recipient has not fetched the Request."]

    def _stands(self) -> Node:
        play, following = self.play, self.play.next
        sides = [(self._network.sender.name, play.outgoing), ("recipient", play.incoming)]
        shown = [htpy.span[side(name), " ", state(each.status)] for name, each in sides if each]
        about = (
            play.outgoing
            and htpy.p(".enb-row")[
                htpy.b[text(asked(play.outgoing))], shown, htpy.small(".enb-muted")[play.outgoing.id]
            ]
        )
        if following:
            who = "Sender" if following.side == "sender" else "Recipient"
            said = f"Next, at the {who}: {following.words}."
        else:
            said = self._ended()
        unknown = f" This is how it was heard last. {explain(play.unknown)}" if play.unknown else ""
        return [about, htpy.p(role="status")[text(said)], unknown and htpy.p[mark("bad", "⚠"), text(unknown)]]

    def _ended(self) -> str:
        outgoing = self.play.outgoing
        if outgoing and outgoing.response:
            return f"It is over: the Request was {outgoing.response.content.result.lower()}."
        return "It is over: the Request has expired, and nobody can answer it any more."

    def _came_of_it(self) -> Node:
        """What the last step brought, and what was sent and came back for it."""
        exchanged = folded(
            f"What was sent, and what came back: {counted(len(self._exchanges), 'call')}",
            Exchanges(self._exchanges).html(),
        )
        return [
            self._problem_of_it() if self.play.problem else self._said_of_it(),
            exchanged if self._exchanges else None,
        ]

    def _said_of_it(self) -> Node:
        said = self.play.said
        return htpy.p(role="status")[mark("good", "✔"), " ", text(said)] if said else None

    def _problem_of_it(self) -> Node:
        problem = self.play.problem
        assert isinstance(problem, UserError | ValidationError)
        shown = ProblemView(problem)
        shown.where = []
        if shown.line:  # here a button does that
            shown.cure, shown.line = "What it stored is still there.", ""
        return shown.html()

    def _copied(self) -> Node:
        return copyable(self.as_python(), "python")

    def static(self) -> Node:
        """Return which steps were done, what came of the last one, and the Response."""
        play, passed = self.play, self.play.passed
        body: list[tuple[Node, ...]] = [
            (
                str(_NUMBERS[step.name]),
                side(step.side),
                text(step.words),
                mark("good", "✔ done") if step.name in passed else "-",
            )
            for step in STEPS
        ]
        response = ResponseView(play.outgoing).html() if play.outgoing and play.outgoing.response else None
        return htpy.div(".enb-card")[
            htpy.h4["Playground"],
            htpy.p[
                "Opened by ",
                htpy.code["enmeshed-nb play"],
                " or run in a notebook, each of these steps is a button, and the Request and the decision are forms.",
            ],
            self._stands(),
            rows(("", "where", "step", ""), body),
            self._problem_of_it() if play.problem else None,
            response,
        ]

    def __str__(self) -> str:
        play, passed = self.play, self.play.passed
        lines = [f"  {'✔' if step.name in passed else '-'} {step.side.capitalize()}: {step.words}" for step in STEPS]
        about = quoted(asked(play.outgoing)) if play.outgoing else "no Request yet"
        ended = self._ended() if not play.next else f"Next: {play.next.words}."
        problem = [explain(play.problem)] if play.problem else []
        return text("\n".join([f"Playground: {about}", *lines, ended, *problem]))


def _in_kernel() -> bool:
    return getattr(get_ipython(), "kernel", None) is not None


def _apart(action: Callable[[], None]) -> None:
    """Do something in a thread of its own, so that clicks meanwhile are heard; at once where no kernel hears any."""
    if not _in_kernel():
        action()
        return
    within = contextvars.copy_context()
    threading.Thread(target=lambda: within.run(action), name="playground", daemon=True).start()


def _row(*widgets: Any) -> Any:
    return ipywidgets.HBox(widgets, layout=ipywidgets.Layout(flex_flow="row wrap"))


def _columns(*widgets: Any) -> Any:
    return ipywidgets.HBox(widgets, layout=ipywidgets.Layout(flex_flow="row wrap", width="100%"))
