"""Exercises of the lesson Queries."""

from collections.abc import Iterator

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import IQLQuery, ReadAttributeRequestItem, RelationshipAttributeQuery
from enmeshed_nb.guide.exercises.checks import accepted, answer_to, asks, attribute_of, item_of, returned, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, wrong

_TAG = "x:club"
_PREFIX = "member-number-"


def _by_iql(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    item = item_of(request, ReadAttributeRequestItem)
    if not isinstance(item, ReadAttributeRequestItem) or not isinstance(item.query, IQLQuery):
        yield wrong("It has no IQL query.", "Use a `ReadAttributeRequestItem(query=IQLQuery(query_string=…), …)`.")
        return
    query = item.query.query_string
    yield whether(
        "Website" in query and f"#{_TAG}" in query,
        f"The query names the type Website and the tag {_TAG}.",
        f"The query does not name both: the type Website, and the tag {_TAG}.",
        f"`Website && #{_TAG}` finds what is of this type and has this tag. Ask again for that.",
    )
    incoming = yield from accepted(sides, request)
    if incoming is None:
        return
    attribute_id = getattr(answer_to(incoming, ReadAttributeRequestItem), "attribute_id", None)
    attribute = attribute_of(sides.recipient, attribute_id, "Website")
    yield whether(
        attribute and _TAG in (getattr(attribute.content, "tags", None) or ()),
        f"The Recipient has answered with a web page that has the tag {_TAG}.",
        f"The Recipient has answered with something else than a web page that has the tag {_TAG}.",
        "The Connector does not check that the answer fits. Choose by `execute_iql_query`, and ask again.",
    )
    yield returned(request)


def _numbered(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    item = item_of(request, ReadAttributeRequestItem)
    if not isinstance(item, ReadAttributeRequestItem) or not isinstance(item.query, RelationshipAttributeQuery):
        yield wrong(
            "It does not ask for what is between the two.",
            "A `ReadAttributeRequestItem` with a `RelationshipAttributeQuery` does.",
        )
        return
    yield whether(
        item.query.key.startswith(_PREFIX),
        f"Its key begins with “{_PREFIX}”.",
        f"Its key does not begin with “{_PREFIX}”.",
        f'`RelationshipAttributeQuery(key="{_PREFIX}…", …)`. Ask again for that.',
    )
    yield whether(
        item.query.owner in ("", sides.addresses["recipient"]),
        "The number is to be the Recipient's.",
        "The number is to be somebody else's.",
        '`owner=""` stands for the one who is asked. Ask again for that.',
    )
    if (yield from accepted(sides, request)) is None:
        return
    back = returned(request)
    yield back
    if back.state == "there":
        yield whether(
            sides.sender.attributes.list_peer(sides.addresses["recipient"], {"content.key": item.query.key}),
            "The Sender finds the number by its key.",
            "The Sender does not find the number by its key.",
            "Was the item rejected, or the Attribute deleted? Ask again, with another key.",
        )


TASKS = (
    Task(
        id="16-a",
        title="The page of the club",
        text="The Recipient has a web page with the tag `x:club`, and one without. The Sender asks for the first one "
        "by an IQL query, in a Request with the title “Where do I find your club?”, and has the answer in the end.",
        hints=(
            "An Attribute gets its tags when it is created: `recipient.attributes.create(Website(…), tags=[…])`.",
            "A query in IQL joins a type and a tag by `&&`; a tag begins with `#`.",
            "The Recipient finds what to answer by `recipient.attributes.execute_iql_query(query)` and answers with "
            '`{0: {"existing_attribute_id": …}}`.',
        ),
        solution="""\
import secrets

from enmeshed_nb import Request, accept_all, ask
from enmeshed_nb.content import IQLQuery, ReadAttributeRequestItem, Website

page = f"https://{secrets.token_hex(4)}.example"
recipient.attributes.create(Website(value=f"{page}/me"))
club = recipient.attributes.create(Website(value=f"{page}/club"), tags=["x:club"])
query = IQLQuery(query_string="Website && #x:club")
item = ReadAttributeRequestItem(query=query, must_be_accepted=True)
request = Request(title="Where do I find your club?", items=[item])
found = next(each for each in recipient.attributes.execute_iql_query(query) if each.id == club.id)
ask(sender, recipient, request, lambda incoming: accept_all(incoming, {0: {"existing_attribute_id": found.id}}))
""",
        check=asks("Where do I find your club?", _by_iql),
    ),
    Task(
        id="16-b",
        title="A number between the two",
        text="The Sender asks for the Recipient's member number, by a Request with the title “Your member number”. "
        "It is an Attribute of their Relationship that belongs to the Recipient; its key begins with `member-number-`. "
        "The Recipient answers with a new one, and the Sender finds it by its key.",
        hints=(
            "A `RelationshipAttributeQuery` names the key, whose it is to be, and by its hints what it is like.",
            "The answer is a `RelationshipAttribute` with the same key, type, title and confidentiality.",
            "A Relationship has a key once: end it with something new, `secrets.token_hex(4)`.",
        ),
        solution="""\
import secrets

from enmeshed_nb import Request, accept_all, ask
from enmeshed_nb.content import (
    ProprietaryString,
    ReadAttributeRequestItem,
    RelationshipAttribute,
    RelationshipAttributeCreationHints,
    RelationshipAttributeQuery,
)

key, how = f"member-number-{secrets.token_hex(4)}", "protected"
hints = RelationshipAttributeCreationHints(value_type="ProprietaryString", title="Member number", confidentiality=how)
query = RelationshipAttributeQuery(key=key, owner="", attribute_creation_hints=hints)
item = ReadAttributeRequestItem(query=query, must_be_accepted=True)
value = ProprietaryString(title="Member number", value="M-12")
answer = {0: {"new_attribute": RelationshipAttribute(owner="", key=key, confidentiality=how, value=value)}}
request = Request(title="Your member number", items=[item])
ask(sender, recipient, request, lambda incoming: accept_all(incoming, answer))
""",
        check=asks("Your member number", _numbered),
    ),
)
