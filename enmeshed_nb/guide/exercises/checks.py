"""What many checks look for: a Request about something, its way to the Recipient and back, and what was decided."""

from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import datetime
from typing import Protocol, TypeVar

from enmeshed_nb.connector import AtLeast, Connector, LocalAttribute, LocalRequest, Message
from enmeshed_nb.content import RequestItem, ResponseItem, walk
from enmeshed_nb.guide.exercises.task import Check, Finding, Sides, best, missing, there, wrong
from enmeshed_nb.guide.results import answers_of
from enmeshed_nb.guide.text import quoted


class _Record(Protocol):
    @property
    def created_at(self) -> datetime: ...


T = TypeVar("T")
R = TypeVar("R", bound=_Record)
Steps = Generator[Finding, None, T | None]
"""Yields what was found; returns what the next steps need, None where going on makes no sense."""
Judge = Callable[[Sides, LocalRequest], Iterable[Finding]]
"""Tells how far a Request of the Sender is what the task wants."""


def same_words(one: str | None, other: str) -> bool:
    """Tell whether two texts have the same words, whatever their punctuation, capitals and spaces."""
    return _words(one or "") == _words(other)


def _words(text: str) -> list[str]:
    return "".join(each if each.isalnum() else " " for each in text.casefold()).split()


def is_about(request: LocalRequest, topic: str) -> bool:
    """Tell whether a Request, or one of its items, has these words as its title or consent."""
    items = [item for _, item in walk(request.content)]
    texts = [getattr(each, name, None) for each in items for name in ("title", "consent")]
    return any(same_words(each, topic) for each in (request.content.title, *texts))


def asks(topic: str, judge: Judge, to: str = "recipient") -> Check:
    """Return a check of the Request about a topic that the Sender has for the Recipient.

    If there are several, the one counts that came furthest, of those the newest.

    Args:
        topic: the title of the Request or of one of its items, or the text of a consent.
        judge: tells how far a Request about it is what the task wants.
        to: the name of the Connector that is asked.
    """

    def check(sides: Sides) -> Iterator[Finding]:
        created = sides.sender.requests.outgoing.list(peer=sides.addresses[to], created_at=AtLeast(sides.since))
        tries = [each for each in newest(created, sides) if is_about(each, topic)]
        if not tries:
            yield missing(
                f"The Sender has asked the Recipient nothing about {quoted(topic)} yet.",
                "Use exactly these words, so that the check finds your Request.",
            )
        asked = there(f"The Sender has a Request about {quoted(topic)}.")
        yield from best([asked, *judge(sides, each)] for each in tries)

    return check


def whether(condition: object, good: str, bad: str, hint: str) -> Finding:
    """Return that something is as the task wants it, or that it is wrong."""
    return there(good) if condition else wrong(bad, hint)


def item_of(request: LocalRequest, kind: type[RequestItem]) -> RequestItem | None:
    """Return the first item of a kind, in a group or not."""
    return next((item for _, item in walk(request.content) if isinstance(item, kind)), None)


def fetched(sides: Sides, request: LocalRequest) -> Steps[LocalRequest]:
    """Find out whether a Request was sent and fetched; return it as the Recipient has it."""
    if request.status == "Draft":
        yield missing("It was created, and not sent.", "Send its `content` by a Message: `sender.messages.send(…)`.")
        return None
    found = sides.recipient.requests.incoming.list(id=request.id)
    if not found:
        hint = "Synchronise the Recipient: `recipient.account.sync()`, or `wait_for_request`."
        if request.status == "Expired":
            hint = f"Ask again, and let the Recipient fetch it before its time is over. {hint}"
        yield missing("The Recipient has not fetched it.", hint)
        return None
    yield there("The Recipient has received it.")
    return found[0]


def decided(sides: Sides, request: LocalRequest) -> Steps[LocalRequest]:
    """Find out whether a Request was decided; return it as the Recipient has it, with its Response."""
    incoming = yield from fetched(sides, request)
    if incoming is None:
        return None
    if incoming.response is None:
        if incoming.status == "Expired":
            yield wrong("It has expired, undecided.", "Ask again, and decide before the time is over.")
        else:
            yield missing(
                "The Recipient has not decided.",
                "Accept or reject it there, in a `DecisionForm` or by `accept_all`, `reject_all` or `Decision`.",
            )
        return None
    return incoming


def accepted(sides: Sides, request: LocalRequest) -> Steps[LocalRequest]:
    """Find out whether the Recipient accepted a Request; return it as the Recipient has it."""
    incoming = yield from decided(sides, request)
    if incoming is None or incoming.response is None:
        return None
    if incoming.response.content.result != "Accepted":
        yield wrong(
            "The Recipient has rejected it.", "What is decided stays decided. Ask again, and let the Recipient accept."
        )
        return None
    yield there("The Recipient has accepted it.")
    return incoming


def rejected(sides: Sides, request: LocalRequest) -> Steps[LocalRequest]:
    """Find out whether the Recipient rejected a Request; return it as the Recipient has it."""
    incoming = yield from decided(sides, request)
    if incoming is None or incoming.response is None:
        return None
    if incoming.response.content.result != "Rejected":
        yield wrong(
            "The Recipient has accepted it.", "What is decided stays decided. Ask again, and let the Recipient reject."
        )
        return None
    yield there("The Recipient has rejected it.")
    return incoming


def answer_to(request: LocalRequest, kind: type[RequestItem]) -> ResponseItem | None:
    """Return the answer to the first item of a kind."""
    return next((answer for _, item, answer in answers_of(request) if isinstance(item, kind)), None)


def attribute_of(connector: Connector, attribute_id: str | None, value_type: str) -> LocalAttribute | None:
    """Return an Attribute that a Connector has, by its id and the type of its value; None if it has none."""
    found = connector.attributes.list({"content.value.@type": value_type})
    return next((each for each in found if each.id == attribute_id), None)


def returned(request: LocalRequest) -> Finding:
    """Find out whether the Sender has the Response."""
    if request.response:
        return there("The Sender has the Response.")
    return missing("The Sender does not have the Response yet.", "Synchronise the Sender: `sender.account.sync()`.")


def newest(found: Iterable[R], sides: Sides) -> list[R]:
    """Return what was made since the exercise began, the newest first."""
    return sorted(
        (each for each in found if each.created_at >= sides.since), key=lambda each: each.created_at, reverse=True
    )


def sent(sides: Sides, by: str = "sender", to: str = "recipient") -> list[Message]:
    """Return the Messages that one of the Connectors has sent to another one since the exercise began, newest first."""
    since = AtLeast(sides.since)
    return newest(
        sides.connectors[by].messages.list(is_own=True, participant=sides.addresses[to], created_at=since), sides
    )


def arrived(sides: Sides, message: Message, at: str = "recipient") -> Finding:
    """Find out whether a Message was fetched."""
    received = sides.connectors[at].messages.list(is_own=False, created_at=AtLeast(sides.since))
    if any(each.id == message.id for each in received):
        return there(f"The {at.capitalize()} has received it.")
    return missing(
        f"The {at.capitalize()} has not fetched it.",
        f"Synchronise the {at.capitalize()}: `{at}.account.sync()`.",
    )
