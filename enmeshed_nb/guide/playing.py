"""Playing the guide by hand: which step comes next, what each step does, and what was played as a Python program.

    play = Play(sender, lambda address: recipient, peer=address, written=request)
    play.do("validate")
    play.do_next()          # creates the Request
    play.play_through()     # and the rest, as far as it goes
    print(play.as_python())

How far a Request has come is asked of both Connectors each time, and never remembered: whoever moved it on, and
whatever was killed or started anew meanwhile, the next step fits.
"""

import copy
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from enmeshed_nb.connector import Connector, ConnectorError, LocalRequest, NotFound, aside
from enmeshed_nb.content import DecideRequestParameters, Request
from enmeshed_nb.content.model import to_json
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide._sync.waiting import sync, wait_for_request, wait_for_status
from enmeshed_nb.guide.deciding import UNDECIDED, accept_all, reject_all
from enmeshed_nb.guide.program import Played, played
from enmeshed_nb.guide.steps import asked

StepName = Literal["validate", "create", "send", "fetch", "check", "decide", "complete", "receive", "read"]
Json = dict[str, Any]

_UNDER_WAY = ("Draft", "Open")
_ARRIVED = ("Decided", "Completed")
_MOST = 20


class PlayError(UserError):
    """A step cannot be done, or has brought nothing; nothing is lost by that."""


@dataclass(frozen=True)
class PlayStep:
    """A step of the guide.

    Attributes:
        name: the step, for programs.
        side: which of the two Connectors does it.
        words: what it does, for people.
        call: the route of the API that it is about.
    """

    name: StepName
    side: Literal["sender", "recipient"]
    words: str
    call: str


STEPS = (
    PlayStep("validate", "sender", "Check the Request", "POST /Requests/Outgoing/Validate"),
    PlayStep("create", "sender", "Create the Request", "POST /Requests/Outgoing"),
    PlayStep("send", "sender", "Send the Request", "POST /Messages"),
    PlayStep("fetch", "recipient", "Fetch the Request", "POST /Account/Sync, GET /Requests/Incoming"),
    PlayStep("check", "recipient", "Check the decision", "PUT /Requests/Incoming/{id}/CanAccept or …/CanReject"),
    PlayStep("decide", "recipient", "Send the decision", "PUT /Requests/Incoming/{id}/Accept or …/Reject"),
    PlayStep("complete", "recipient", "Wait until it is Completed", "GET /Requests/Incoming/{id}"),
    PlayStep("receive", "sender", "Fetch the Response", "POST /Account/Sync, GET /Requests/Outgoing/{id}"),
    PlayStep("read", "sender", "Read the Response", "GET /Requests/Outgoing/{id}"),
)
"""The steps, in the order of the guide."""
_STEP = {step.name: step for step in STEPS}


class Verdict(NamedTuple):
    """A decision about a Request.

    Attributes:
        verb: what becomes of the Request as a whole.
        decision: the answers to its items.
    """

    verb: Literal["accept", "reject"]
    decision: DecideRequestParameters


Judge = Callable[[LocalRequest], Verdict]
"""Makes the decision about an incoming Request."""


def accepting(request: LocalRequest) -> Verdict:
    """Accept every item.

    Raises:
        DecisionError: an item needs an answer.
    """
    return Verdict("accept", accept_all(request))


@dataclass
class Round:
    """One Request of those that are played.

    Attributes:
        peer: the address of who is asked.
        request_id: the Request; None: it is not created yet.
        validated: its JSON when it was last found to be valid.
        created: its JSON when it was created.
        judged: the decision that was checked last and found to be possible.
        decided: the decision that was sent.
        done: the steps that were done here and went well.
    """

    peer: str | None = None
    request_id: str | None = None
    validated: Json | None = None
    created: Json | None = None
    judged: Verdict | None = None
    decided: Verdict | None = None
    done: set[StepName] = field(default_factory=set)


class Play:
    """The guide, step by step, one Request after another.

    A step in a wrong order is done, too: what the Connector says of it is kept in `problem`, and nothing else changes.

    Args:
        sender: the Connector that asks.
        connector_of: returns the Connector of an address, to decide there; raises a UserError if it is somebody else's.
        peer: the address of who the next Request is for.
        written: the JSON of the next Request.
        judge: decides an incoming Request.
        timeout: how long to wait for a status, in seconds.

    Attributes:
        peer, written, judge: as above; they can be set at any time and count from the next step on.
        round: the Request that the steps are about.
        rounds: all of them, in the order in which they began.
        outgoing: that Request as the Sender has it; None: not yet, or that was never heard.
        incoming: the same as the Recipient has it.
        problem: why the last step did not go well; None if it did.
        said: in a sentence what came of the last step, if it went well.
        unknown: why a Connector could not tell how far the Request is; None if both could.
    """

    def __init__(
        self,
        sender: Connector,
        connector_of: Callable[[str], Connector],
        *,
        peer: str | None = None,
        written: Request | Json | None = None,
        judge: Judge = accepting,
        timeout: float = 30,
    ) -> None:
        self.sender, self._connector_of, self._timeout = sender, connector_of, timeout
        self.peer, self.judge = peer, judge
        self.written: Json = to_json(written) if written else {"items": []}
        self.rounds: list[Round] = []
        self.problem: UserError | ValidationError | None = None
        self.unknown: ConnectorError | None = None
        self.said = ""
        self.begin()

    # How it stands

    def begin(self) -> None:
        """Begin with another Request; the one before goes its way."""
        self._take_up(Round())

    def go_on(self, request_id: str) -> None:
        """Take up a Request that is under way; `under_way` names those.

        Raises:
            ConnectorError: the Sender does not know it, or cannot be asked.
        """
        known = next((each for each in self.rounds if each.request_id == request_id), None)
        if known is None:
            with aside():
                found = self.sender.requests.outgoing.get(request_id)
            known = Round(found.peer, found.id, created=_as_written(found))
            known.done |= {"create"} if found.status == "Draft" else {"create", "send"}
        self._take_up(known)

    def _take_up(self, taken: Round) -> None:
        self.round = taken
        self.rounds = [*(each for each in self.rounds if each is not taken and each.request_id), taken]
        self.outgoing: LocalRequest | None = None
        self.incoming: LocalRequest | None = None
        self.problem, self.said = None, ""
        self.look()

    def under_way(self) -> dict[str, str]:
        """Return the newest Requests of the Sender that were not answered yet: id → what people call it.

        Raises:
            ConnectorError: the Sender cannot be asked.
        """
        with aside():
            found = self.sender.requests.outgoing.list(status=_UNDER_WAY)
        newest = sorted(found, key=lambda each: each.created_at, reverse=True)[:_MOST]
        return {each.id: asked(each) for each in newest}

    @property
    def asked_peer(self) -> str | None:
        """The address of who the Request is for."""
        return self.round.peer if self.round.request_id else self.peer

    @property
    def recipient(self) -> Connector:
        """The Connector that decides.

        Raises:
            UserError: nobody is chosen, or it is somebody else's; says who must decide.
        """
        if not self.asked_peer:
            raise PlayError("Nobody is chosen who could be asked.", "Choose a peer first.")
        with aside():
            return self._connector_of(self.asked_peer)

    @property
    def is_ours(self) -> bool:
        """Whether the Recipient's steps can be done here."""
        try:
            return self.recipient is not None
        except ConnectorError:
            return True
        except UserError:
            return False

    def look(self) -> None:
        """Ask both Connectors, aside, how far the Request is; what cannot be asked stays as it was heard last."""
        self.unknown = None
        request_id = self.round.request_id
        if request_id is None:
            return
        with aside():
            try:
                with suppress(NotFound):
                    self.outgoing = self.sender.requests.outgoing.get(request_id)
                if self.is_ours:
                    self.incoming = next(iter(self.recipient.requests.incoming.list(id=request_id)), None)
            except ConnectorError as error:
                self.unknown = error

    @property
    def next(self) -> PlayStep | None:
        """The step that comes next; None if it is over."""
        name = self._next()
        return _STEP[name] if name else None

    def _next(self) -> StepName | None:  # noqa: PLR0911 - a row for each status
        outgoing, incoming = self.outgoing, self.incoming
        if outgoing is None:
            return "create" if self.round.validated == self.written else "validate"
        if "Expired" in (outgoing.status, incoming.status if incoming else ""):
            return None
        if outgoing.status == "Completed":
            return None if "read" in self.round.done else "read"
        if outgoing.status == "Draft" and incoming is None:
            return "send"
        if not self.is_ours:
            return "receive"
        if incoming is None or incoming.status not in (*UNDECIDED, *_ARRIVED):
            return "fetch"
        if incoming.status in UNDECIDED:
            return "decide" if self.round.judged and self.round.judged == self._judged() else "check"
        return "complete" if self._shall_wait or incoming.status == "Decided" else "receive"

    @property
    def _shall_wait(self) -> bool:
        """Whether it was decided here, and the Runtime was not waited for yet: however fast it was, that is a step."""
        return "decide" in self.round.done and "complete" not in self.round.done

    def _judged(self) -> Verdict | None:
        assert self.incoming
        try:
            return self.judge(self.incoming)
        except (UserError, ValidationError):
            return None

    @property
    def is_over(self) -> bool:
        """Whether the Request was answered and the Response read, or it has expired."""
        return self.next is None

    @property
    def passed(self) -> set[StepName]:
        """The steps that are behind the Request, whoever did them."""
        passed: set[StepName] = set(self.round.done)
        if self.round.validated == self.written and not self.outgoing:
            passed.add("validate")
        if self.outgoing:
            passed |= {"create"} if self.outgoing.status == "Draft" else {"create", "send"}
        if self.incoming and self.incoming.status in (*UNDECIDED, *_ARRIVED):
            passed |= {"fetch"} if self.incoming.status in UNDECIDED else {"fetch", "decide"}
            passed |= {"complete"} if self.incoming.status == "Completed" and not self._shall_wait else set()
        if self.outgoing and self.outgoing.status == "Completed":
            passed.add("receive")
        return passed

    # What is done

    def do(self, name: StepName) -> bool:
        """Do a step; tell whether it went well, else `problem` says why not.

        Raises:
            KeyError: there is no such step.
        """
        steps: dict[StepName, Callable[[], str]] = {
            "validate": self._validate,
            "create": self._create,
            "send": self._send,
            "fetch": self._fetch,
            "check": self._check,
            "decide": self._decide,
            "complete": self._complete,
            "receive": self._receive,
            "read": self._read,
        }
        step = steps[name]
        self.problem, self.said = None, ""
        try:
            self.said = step()
            self.round.done.add(name)
        except (UserError, ValidationError) as error:
            self.problem = error
        self.look()
        return self.problem is None

    def do_next(self) -> bool:
        """Do the step that comes next; tell whether it went well. If it is over, nothing is done."""
        self.look()
        return self.next is None or self.do(self.next.name)

    def play_through(self, after_each: Callable[[], object] = lambda: None) -> bool:
        """Do one step after another until it is over, or a step does not go well; tell whether it is over.

        Args:
            after_each: is called after each step.
        """
        self.look()
        while step := self.next:
            went_well = self.do(step.name)
            after_each()
            if not went_well:
                return False
        return True

    def _validate(self) -> str:
        written = copy.deepcopy(self.written)
        self.sender.requests.outgoing.validate(written, self.peer).raise_for_failure()
        if self.round.request_id is None:
            self.round.validated = written
        return "The Request is valid. Nothing is stored by that."

    def _create(self) -> str:
        if not self.peer:
            raise PlayError("Nobody is chosen who could be asked.", "Choose a peer first.")
        written = copy.deepcopy(self.written)
        created = self.sender.requests.outgoing.create(written, self.peer)
        if self.round.request_id is not None:
            self.rounds.append(Round())
            self.round = self.rounds[-1]
            self.outgoing = self.incoming = None
        self.round.peer, self.round.request_id, self.round.created = self.peer, created.id, written
        return "The Request is created, as a Draft. It has not left the Sender yet."

    def _send(self) -> str:
        if not self.asked_peer:
            raise PlayError("Nobody is chosen who could be asked.", "Choose a peer first.")
        content = self.outgoing.content if self.outgoing else {"@type": "Request", **self.written}
        self.sender.messages.send(self.asked_peer, content)
        if self.outgoing:
            wait_for_status(self.sender.requests.outgoing, self.outgoing.id, "Open", "Completed", timeout=self._timeout)
        return "The Request is sent. Sealed in a Message, it waits at the Backbone until the Recipient fetches it."

    def _fetch(self) -> str:
        recipient, outgoing = self.recipient, self.outgoing
        if outgoing is None or outgoing.source is None:
            sync(recipient)
            raise PlayError("The Recipient has fetched what there was: no such Request.", "Send the Request first.")
        incoming = wait_for_request(recipient, outgoing.source.reference, timeout=self._timeout)
        return f"The Recipient has the Request. Its status there is {incoming.status}."

    def _check(self) -> str:
        verdict, incoming = self._verdict(), self.recipient.requests.incoming
        ask = incoming.can_accept if verdict.verb == "accept" else incoming.can_reject
        ask(self._request_id(), verdict.decision).raise_for_failure()
        self.round.judged = verdict
        return f"The Request can be {verdict.verb}ed like this."

    def _decide(self) -> str:
        verdict, incoming = self._verdict(), self.recipient.requests.incoming
        send = incoming.accept if verdict.verb == "accept" else incoming.reject
        decided = send(self._request_id(), verdict.decision)
        self.round.decided = verdict
        return f"The Request is {decided.status}. The Runtime sends the Response by itself."

    def _complete(self) -> str:
        request_id, requests = self._request_id(), self.recipient.requests.incoming
        now = requests.get(request_id)
        if now.status not in _ARRIVED:
            raise PlayError(f"The Request is {now.status}: it is completed after it was decided.", "Decide it first.")
        wait_for_status(requests, request_id, "Completed", timeout=self._timeout)
        return "The Request is Completed at the Recipient: the Response is on its way."

    def _receive(self) -> str:
        request_id, requests = self._request_id(), self.sender.requests.outgoing
        if self.incoming and self.incoming.status in _ARRIVED:
            wait_for_status(requests, request_id, "Completed", sync=self.sender, timeout=self._timeout)
        else:
            sync(self.sender)
            self._expect_completed(requests.get(request_id))
        return "The Sender has the Response: the Request is Completed there, too."

    def _read(self) -> str:
        request = self.sender.requests.outgoing.get(self._request_id())
        self._expect_completed(request)
        assert request.response
        return f"The Response: the Request was {request.response.content.result.lower()}."

    def _expect_completed(self, request: LocalRequest) -> None:
        if request.status == "Expired":
            raise PlayError("The Request has expired: nobody can answer it any more.", "Begin another one.")
        if request.status == "Completed":
            return
        cure = "Fetch it, decide it, then try again."
        if not self.is_ours:
            cure = f"It is up to {request.peer} to decide, at its own Connector. Try again when that is done."
        elif request.status == "Draft":
            cure = "Send it first."
        raise PlayError(f"The Sender has no Response yet: the Request is {request.status} there.", cure)

    def _request_id(self) -> str:
        if self.round.request_id is None:
            raise PlayError("There is no Request yet that this could be about.", "Create the Request first.")
        return self.round.request_id

    def _verdict(self) -> Verdict:
        if self.incoming:
            return self.judge(self.incoming)
        self._request_id()
        content = self.outgoing.content if self.outgoing else Request.from_api(self.round.created)
        return Verdict("reject", reject_all(content))  # what the Recipient does not have, it cannot decide either way

    # What was done

    def as_python(self, data_dir: str | None = None) -> str:
        """Return what was done here and went well as one program: it does the same again, with new Requests.

        Args:
            data_dir: the folder of the local network; None: own Connectors.
        """
        return played(
            [
                Played(each.created or each.validated or {}, each.peer or self.peer or "", each.done, each.decided)
                for each in self.rounds
                if each.done
            ],
            data_dir,
        )


def _as_written(request: LocalRequest) -> Json:
    written: Json = request.content.model_dump()
    written.pop("id", None)
    return written
