"""Exercises of the lesson When things go wrong."""

from collections.abc import Iterator

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import ConsentRequestItem, walk
from enmeshed_nb.guide.exercises.checks import accepted, asks, fetched, item_of, returned, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, wrong
from enmeshed_nb.guide.results import answers_of

_SITE = "https://example.org/fees"


def _empty_yes(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    yield whether(
        not any(item.must_be_accepted for _, item in walk(request.content)),
        "Nothing in it is required.",
        "Something in it is required.",
        "Ask again, with `must_be_accepted=False` for each item.",
    )
    incoming = yield from accepted(sides, request)
    if incoming is None:
        return
    yield whether(
        all(answer and answer.result == "Rejected" for _, _, answer in answers_of(incoming)),
        "The Recipient has rejected each item.",
        "The Recipient has accepted an item.",
        "Accept the Request with a no for each item: "
        '`recipient.requests.incoming.accept(incoming.id, [{"accept": False}])`. Ask again for that.',
    )
    yield returned(request)


def _with_link(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    item = item_of(request, ConsentRequestItem)
    if not isinstance(item, ConsentRequestItem):
        yield wrong("It asks for no consent.", "Use a `ConsentRequestItem(consent=…)` with this text.")
        return
    yield whether(
        item.link == _SITE,
        f"Its link is {_SITE}.",
        "It has no link: a property with another name is left out without a word."
        if item.link is None
        else "It has another link.",
        f"The property is `link` in JSON and in Python. Ask again, with {_SITE}.",
    )
    yield whether(
        item.link_display_text,
        "The link has a text.",
        "The link has no text.",
        "It is `linkDisplayText` in JSON, and `link_display_text` in Python.",
    )
    yield from fetched(sides, request)


TASKS = (
    Task(
        id="09-a",
        title="A yes to nothing",
        text="The Sender sends a Request with the title “All of it if you like”. In the end its result is Accepted, "
        "although the Recipient has rejected everything in it.",
        hints=(
            "What is required cannot be rejected in a Request that is accepted.",
            "`reject_all` is no way: with it the Request is rejected. Accept, with a no for each item.",
            '`recipient.requests.incoming.accept(incoming.id, [{"accept": False}])`. Then the Sender synchronises.',
        ),
        solution="""\
from enmeshed_nb import AuthenticationRequestItem, Request, send_request, wait_for_request, wait_for_status

sender, recipient = network.sender, network.recipient
item = AuthenticationRequestItem(title="Are you curious?", must_be_accepted=False)
request = Request(title="All of it if you like", items=[item])
sent = send_request(sender, request, recipient.account.identity_info().address)
incoming = wait_for_request(recipient, sent.source.reference)
recipient.requests.incoming.accept(incoming.id, [{"accept": False}])
wait_for_status(sender.requests.outgoing, sent.id, "Completed", sync=sender)
""",
        check=asks("All of it if you like", _empty_yes),
    ),
    Task(
        id="09-b",
        title="The link that got lost",
        text="Somebody has sent this item and wonders why the Recipient sees no link: "
        '`{"@type": "ConsentRequestItem", "consent": "I agree to the fees.", "mustBeAccepted": true, '
        f'"url": "{_SITE}", "urlText": "The fees"}}`. Send it so that the Recipient, who fetches it, has the link '
        "and its text.",
        hints=(
            "Compare what `create` answers with what you sent: what is unknown is left out.",
            "`ConsentRequestItem` of `enmeshed_nb` refuses names it does not know; `ConsentRequestItem?` lists them.",
            "They are `link` and `link_display_text`.",
        ),
        solution="""\
from enmeshed_nb import ConsentRequestItem, Request, send_request, wait_for_request

sender, recipient = network.sender, network.recipient
site = {"link": "https://example.org/fees", "link_display_text": "The fees"}
item = ConsentRequestItem(consent="I agree to the fees.", **site, must_be_accepted=True)
sent = send_request(sender, Request(items=[item]), recipient.account.identity_info().address)
wait_for_request(recipient, sent.source.reference)
""",
        check=asks("I agree to the fees.", _with_link),
    ),
)
