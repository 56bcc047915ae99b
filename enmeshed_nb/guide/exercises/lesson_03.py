"""Exercises of the lesson RequestItems."""

from collections.abc import Iterator

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import (
    FormFieldRequestItem,
    IdentityAttribute,
    ProposeAttributeAcceptResponseItem,
    ProposeAttributeRequestItem,
    SelectionFormFieldSettings,
)
from enmeshed_nb.guide.exercises.checks import accepted, answer_to, asks, item_of, returned, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, there, wrong


def _selected(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    field = item_of(request, FormFieldRequestItem)
    settings = field.settings if isinstance(field, FormFieldRequestItem) else None
    if not isinstance(settings, SelectionFormFieldSettings):
        yield wrong(
            "It asks for no choice." if field is None else "Its form field is none to choose from.",
            "Use a `FormFieldRequestItem` with `SelectionFormFieldSettings(options=[…])`.",
        )
        return
    yield whether(
        len(settings.options) > 2,
        "It has three options or more.",
        f"It has only {len(settings.options)}.",
        "Give `SelectionFormFieldSettings` three `options`.",
    )
    incoming = yield from accepted(sides, request)
    if incoming is None:
        return
    answer = getattr(answer_to(incoming, FormFieldRequestItem), "response", None)
    yield whether(
        answer,
        "The Recipient has chosen.",
        "The Recipient has accepted the Request, and chosen nothing.",
        '`accept_all(incoming, {0: {"response": …}})` answers the first item. Ask again for that.',
    )
    yield returned(request)


def _corrected(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    item = item_of(request, ProposeAttributeRequestItem)
    if not isinstance(item, ProposeAttributeRequestItem):
        yield wrong(
            "It proposes nothing.",
            "Use a `ProposeAttributeRequestItem`: it has a query and, as its proposal, an Attribute.",
        )
        return
    yield there("It proposes an Attribute.")
    incoming = yield from accepted(sides, request)
    if incoming is None:
        return
    answer = answer_to(incoming, ProposeAttributeRequestItem)
    proposed = item.attribute.value if isinstance(item.attribute, IdentityAttribute) else item.attribute
    taken = isinstance(answer, ProposeAttributeAcceptResponseItem) and answer.attribute
    yield whether(
        not (isinstance(taken, IdentityAttribute) and taken.value == proposed),
        "The Recipient has corrected it.",
        "The Recipient has taken it as it was.",
        'Accept with an Attribute of another value: `accept_all(incoming, {0: {"attribute": …}})`. Ask again for that.',
    )
    yield returned(request)


TASKS = (
    Task(
        id="03-a",
        title="Let them choose",
        text="The Sender sends a Request with the title “Your course in autumn”. It asks for one of three or more "
        "options, and the Recipient chooses one.",
        hints=(
            "A question with given answers is a FormField with the settings of a selection.",
            '`SelectionFormFieldSettings(options=["…", "…", "…"])` is in `enmeshed_nb.content`.',
            'To accept it takes the answer: `accept_all(incoming, {0: {"response": …}})`.',
        ),
        solution="""\
from enmeshed_nb import Request, accept_all, ask
from enmeshed_nb.content import FormFieldRequestItem, SelectionFormFieldSettings

courses = SelectionFormFieldSettings(options=["Pottery", "Weaving", "Carpentry"])
item = FormFieldRequestItem(title="Which one?", settings=courses, must_be_accepted=True)
request = Request(title="Your course in autumn", items=[item])
ask(sender, recipient, request, lambda incoming: accept_all(incoming, {0: {"response": "Weaving"}}))
""",
        check=asks("Your course in autumn", _selected),
    ),
    Task(
        id="03-b",
        title="Almost right",
        text="The Sender sends a Request with the title “Your e-mail address” that proposes an address. The Recipient "
        "corrects it: it accepts with another address.",
        hints=(
            "The item has two parts: the `query`, and the `attribute` that is proposed. Both are of one value type.",
            'The owner of what is proposed is the Recipient, for whom an empty text stands: `owner=""`.',
            '`accept_all(incoming, {0: {"attribute": corrected}})` accepts with the correction.',
        ),
        solution="""\
import secrets

from enmeshed_nb import Request, accept_all, ask
from enmeshed_nb.content import (
    EMailAddress,
    IdentityAttribute,
    IdentityAttributeQuery,
    ProposeAttributeRequestItem,
)

mark = secrets.token_hex(4)
query = IdentityAttributeQuery(value_type="EMailAddress")
proposed = IdentityAttribute(owner="", value=EMailAddress(value=f"ad-{mark}@example.org"))
right = IdentityAttribute(owner="", value=EMailAddress(value=f"ada-{mark}@example.org"))
item = ProposeAttributeRequestItem(attribute=proposed, query=query, must_be_accepted=True)
request = Request(title="Your e-mail address", items=[item])
ask(sender, recipient, request, lambda incoming: accept_all(incoming, {0: {"attribute": right}}))
""",
        check=asks("Your e-mail address", _corrected),
    ),
)
