"""Requests to start from: each RequestItem alone, and some that organisations really send.

An example is JSON in which two things may be open: a text that must be another one each time (`NEW`), and what an item
is about, an Attribute or a File of the Connector's own. Both are filled in when it is chosen.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from enmeshed_nb.connector import Connector, aside
from enmeshed_nb.content import DisplayName, Request
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide.choices import deletable_attributes, shareable_attributes, transferable_files
from enmeshed_nb.guide.explanations import explain
from enmeshed_nb.guide.text import printable

Json = dict[str, Any]

NEW = "<new>"
"""Stands for a text that no other Request has: two RelationshipAttributes must not have the same key."""
_KEPT = timedelta(days=30)
_FILE, _TITLE = "terms-of-the-library.txt", "Terms of the library"
_TERMS = "Terms of the library\n\n1. Who borrows a book brings it back.\n2. Who does not is asked for it.\n"


class ExampleError(UserError):
    """An example cannot be made here, or a text is no Request."""


@dataclass(frozen=True)
class Example:
    """A Request to start from.

    Attributes:
        name: what it is called.
        about: in a sentence, what it asks for.
        written: the Request's JSON.
    """

    name: str
    about: str
    written: Json

    def for_peer(self, connector: Connector, peer: str | None = None) -> Json:
        """Return the Request's JSON with all that was open in it.

        An Attribute or a File that an item is about is found among the Connector's own; if there is none that can be
        shared or handed over, one is made. All that is asked for aside.

        Args:
            connector: who asks.
            peer: the address of who is asked, if that is known.

        Raises:
            ExampleError: the item is about something that only an earlier Request can bring about; says which.
            ConnectorError: the Connector cannot be asked.
        """
        request: Json = json.loads(json.dumps(self.written).replace(NEW, secrets.token_hex(4)))
        with aside():
            for item in request["items"]:
                if fill := _TO_FILL.get(item["@type"]):
                    item.update(fill(connector, peer))
        return request


def _shareable(connector: Connector, peer: str | None) -> Json:
    shared = {each.id for each in connector.attributes.list_own_shared(peer)} if peer else set()
    free = [each for each in shareable_attributes(connector).values() if each.id not in shared]
    chosen = free[0] if free else connector.attributes.create(DisplayName(value=f"City library {secrets.token_hex(4)}"))
    return {"attributeId": chosen.id, "attribute": chosen.content.model_dump()}


def _deletable(connector: Connector, peer: str | None) -> Json:
    found = deletable_attributes(connector, peer).values() if peer else ()
    for each in found:
        request = {"items": [{"@type": "DeleteAttributeRequestItem", "mustBeAccepted": True, "attributeId": each.id}]}
        if connector.requests.outgoing.validate(request, peer).is_success:
            return {"attributeId": each.id}
    raise ExampleError(
        "There is no Attribute yet that this peer could be asked to delete.",
        "Share one first: start from “Share an Attribute”, and have it accepted.",
    )


def _transferable(connector: Connector, _: str | None) -> Json:
    now = datetime.now(UTC)
    kept = [each for each in transferable_files(connector).values() if each.filename == _FILE]
    usable = [each for each in kept if each.expires_at - now > _KEPT / 2]
    file = (
        usable[0] if usable else connector.files.upload_own(_TERMS.encode(), now + _KEPT, filename=_FILE, title=_TITLE)
    )
    return {"fileReference": file.reference.truncated, "ownershipToken": file.ownership_token}


_TO_FILL: dict[str, Callable[[Connector, str | None], Json]] = {
    "ShareAttributeRequestItem": _shareable,
    "DeleteAttributeRequestItem": _deletable,
    "TransferFileOwnershipRequestItem": _transferable,
}


def request_of(text: str) -> Json:
    """Read a Request that somebody has as JSON: alone, as the `content` of a call, or as a Connector answered it.

    Args:
        text: the JSON.

    Returns:
        the Request's JSON; nothing in it is changed.

    Raises:
        ExampleError: it is no JSON, or no Request; says where, a line per problem.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExampleError(_where(text, error), "Correct it there: everything else stays as it is.") from None
    for frame in ("result", "content"):
        if isinstance(found, dict) and "items" not in found and frame in found:
            found = found[frame]
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        raise ExampleError(
            "This is JSON, but no Request.", 'A Request is an object with a list of "items": {"items": […]}.'
        )
    try:
        Request.model_validate(found)
    except ValidationError as error:
        raise ExampleError(f"This Request has problems:\n{explain(error)}", "Correct them in the text.") from None
    return found


def _where(text: str, error: Exception) -> str:
    """Say where a text stops being JSON."""
    if not text.strip():
        return "There is nothing to read yet: paste the JSON of a Request."
    if not isinstance(error, json.JSONDecodeError):
        return f"This is no JSON: {error}."
    line = text.splitlines()[error.lineno - 1] if error.lineno <= len(text.splitlines()) else ""
    at = (
        f" Around there it says: {printable(line[max(0, error.colno - 20) : error.colno + 20].strip())}" if line else ""
    )
    return f"This is no JSON: line {error.lineno}, character {error.colno}: {error.msg}.{at}"


def _item(kind: str, *, optional: bool = False, **properties: Any) -> Json:
    return {"@type": f"{kind}RequestItem", "mustBeAccepted": not optional, **properties}


def _read(value_type: str, **more: Any) -> Json:
    return _item("ReadAttribute", query={"@type": "IdentityAttributeQuery", "valueType": value_type}, **more)


def _field(title: str, settings: str, *, optional: bool = False, **limits: Any) -> Json:
    return _item(
        "FormField", optional=optional, title=title, settings={"@type": f"{settings}FormFieldSettings", **limits}
    )


def _proposed(value_type: str, value: str) -> Json:
    attribute = {"@type": "IdentityAttribute", "owner": "", "value": {"@type": value_type, "value": value}}
    return _item(
        "ProposeAttribute", attribute=attribute, query={"@type": "IdentityAttributeQuery", "valueType": value_type}
    )


def _number(title: str) -> Json:
    return {
        "@type": "RelationshipAttribute",
        "owner": "",
        "key": f"number-{NEW}",
        "confidentiality": "private",
        "value": {"@type": "ProprietaryString", "title": title, "value": f"L-{NEW}"},
    }


def _group(title: str, *items: Json) -> Json:
    return {"@type": "RequestItemGroup", "title": title, "items": list(items)}


def _example(name: str, about: str, *items: Json, **more: Any) -> Example:
    return Example(name, about, {"@type": "Request", **more, "items": list(items)})


_CONSENT = "I have read the terms of the library, and I agree to them."
EXAMPLES: tuple[Example, ...] = (
    _example(
        "Authentication", "Asks the peer to confirm who it is.", _item("Authentication", title="Is it you who logs in?")
    ),
    _example(
        "Consent",
        "Asks for a one-time consent; a link says more.",
        _item("Consent", consent=_CONSENT, link="https://library.example/terms", linkDisplayText="The terms"),
    ),
    _example(
        "Form field",
        "Asks for an answer: here a rating.",
        _field("How do you like the library?", "Rating", maxRating=5),
    ),
    _example(
        "Read an Attribute",
        "Asks for something that the peer knows about itself: its e-mail address.",
        _read("EMailAddress"),
    ),
    _example(
        "Propose an Attribute",
        "Says what the Sender believes about the peer; the peer may correct it.",
        _proposed("EMailAddress", "ada@example.org"),
    ),
    _example(
        "Create an Attribute",
        "Offers something that the peer shall keep: its membership number.",
        _item("CreateAttribute", attribute=_number("Membership number")),
    ),
    _example(
        "Share an Attribute", "Offers something that the Sender knows about itself: its name.", _item("ShareAttribute")
    ),
    _example(
        "Delete an Attribute", "Asks the peer to delete what was shared with it before.", _item("DeleteAttribute")
    ),
    _example("Transfer a File", "Offers a File; who accepts it owns it from then on.", _item("TransferFileOwnership")),
    _example(
        "Membership form",
        "A whole form: data about the peer, a question, terms that are required, a newsletter that is not.",
        _group(
            "About you",
            _read("GivenName"),
            _read("Surname"),
            _read("BirthDate"),
            _read("EMailAddress", optional=True),
            _field("Which branch will you visit?", "Selection", options=["Main library", "At the river", "Mobile"]),
        ),
        _group(
            "What we agree on",
            _item("Consent", consent=_CONSENT),
            _item("Consent", optional=True, consent="Send me the newsletter of the library."),
        ),
        _item("CreateAttribute", attribute=_number("Membership number")),
        title="Become a member of the library",
        description="Please tell us who you are. You get your membership number with it.",
    ),
    _example(
        "E-mail verification",
        "Confirms an e-mail address by a code that was mailed to it.",
        _proposed("EMailAddress", "ada@example.org"),
        _field("The code from our e-mail", "String", min=6, max=6),
        title="Confirm your e-mail address",
        description="We have mailed you a code of six characters.",
    ),
    _example(
        "Consent with an attachment",
        "Hands over the terms as a File, and asks for a consent to them.",
        _item("TransferFileOwnership", optional=True, description="The terms, for you to keep."),
        _item("Consent", consent=_CONSENT),
        title="The terms of the library",
    ),
)
"""What can be started from, the simplest first; the kinds of items that came after version 7.0.0 are not among them."""
