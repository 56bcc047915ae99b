"""What people call things: an item by its title or by what it asks, by its place, and by its kind.

Paths such as `items[2].items[0]` and names such as `ReadAttributeRequestItem` are for programs.
"""

import re
from collections.abc import Iterator
from typing import Any

from enmeshed_nb.content import (
    Attribute,
    AttributeQuery,
    BooleanFormFieldSettings,
    ConsentRequestItem,
    CreateAttributeRequestItem,
    DateFormFieldSettings,
    DeleteAttributeRequestItem,
    DoubleFormFieldSettings,
    FormFieldRequestItem,
    FormFieldSettings,
    IntegerFormFieldSettings,
    IQLQuery,
    ItemPath,
    ProposeAttributeRequestItem,
    RatingFormFieldSettings,
    ReadAttributeRequestItem,
    RelationshipAttributeQuery,
    Request,
    RequestItem,
    RequestItemGroup,
    SelectionFormFieldSettings,
    ShareAttributeRequestItem,
    StringFormFieldSettings,
    ThirdPartyRelationshipAttributeQuery,
    TransferFileOwnershipRequestItem,
    value_type_of,
)
from enmeshed_nb.content.model import to_json
from enmeshed_nb.content.rules import counted
from enmeshed_nb.guide.text import listed, ordinal, quoted, shortened

_KINDS = {
    "FormField": "Question",
    "ReadAttribute": "Attribute",
    "CreateAttribute": "Attribute",
    "DeleteAttribute": "Attribute",
    "ProposeAttribute": "Attribute",
    "ShareAttribute": "Attribute",
    "ShareAuthorizationRequest": "Credential",
    "ShareCredentialOffer": "Credential",
    "TransferFileOwnership": "File",
    "RequestItemGroup": "Group",
}
_DOES = {
    "ReadAttributeRequestItem": "to read",
    "CreateAttributeRequestItem": "to create",
    "DeleteAttributeRequestItem": "to delete",
    "ProposeAttributeRequestItem": "proposed",
    "ShareAttributeRequestItem": "shared",
    "ShareAuthorizationRequestRequestItem": "to present",
    "ShareCredentialOfferRequestItem": "offered",
    "TransferFileOwnershipRequestItem": "to take over",
}
_WRITTEN = ("title", "consent", "name")
_HIDDEN = frozenset({"@type", "valueHintsOverride", "title", "description"})


def kind_of(item: RequestItem | RequestItemGroup) -> str:
    """Return the kind of an item in a word, to stand quietly beside its name: `Consent`, `Attribute`, `Group`."""
    kind = item.type_name.removesuffix("RequestItem")
    return _KINDS.get(kind) or words_of(kind) or "Item"


def name_of(item: RequestItem | RequestItemGroup) -> str:
    """Return what people call an item: its title or text, else what it asks: `E-mail address, to read`."""
    if written := next((text for each in _WRITTEN if (text := getattr(item, each, None))), None):
        return shortened(str(written))
    match item:
        case ReadAttributeRequestItem(query=query):
            about = _asked_by(query)
        case ProposeAttributeRequestItem() | CreateAttributeRequestItem() | ShareAttributeRequestItem():
            about = value_name(item.attribute)
        case _:
            about = kind_of(item)
    does = _DOES.get(item.type_name)
    return shortened(about) + (f", {does}" if does else "")


def place_of(request: Request, path: ItemPath) -> str:
    """Return where an item stands: `1st`, or of a group's item `2nd in “About you”`; empty for the whole."""
    if not path:
        return ""
    place = ordinal(path[-1] + 1)
    if len(path) == 1:
        return place
    outer = request.items[path[0]]
    title = outer.title if isinstance(outer, RequestItemGroup) else None
    return f"{place} in {quoted(shortened(title)) if title else f'the group at the {ordinal(path[0] + 1)} place'}"


def node_at(request: Request, path: ItemPath) -> RequestItem | RequestItemGroup | None:
    """Return the item or the group at a place; None for the whole, and if there is none."""
    nodes: list[Any] = list(request.items)
    found: RequestItem | RequestItemGroup | None = None
    for index in path:
        if not 0 <= index < len(nodes):
            return None
        found = nodes[index]
        nodes = list(found.items) if isinstance(found, RequestItemGroup) else []
    return found


def label(request: Request, path: ItemPath) -> str:
    """Name an item within a sentence, so that it is clear which: `“Terms” (2nd in “About you”)`.

    The only item of a Request has no place; what is not there, or the whole, is "The Request".
    """
    node = node_at(request, path)
    if node is None:
        return "The Request"
    if isinstance(node, RequestItemGroup):
        name = f"The group {quoted(name_of(node))}" if node.title else "The group"
    else:
        name = quoted(name_of(node))
    alone = len(request.items) == 1 and len(path) == 1
    return name if alone else f"{name} ({place_of(request, path)})"


def asks_for(item: RequestItem) -> list[str]:
    """Return in sentences what an item asks, beyond its name and description.

    It may hold a peer's text: escape it before it goes into HTML.
    """
    return list(_asks_for(item))


def value_name(attribute: Attribute) -> str:
    """Return what an Attribute is called: the title of its value, else what its value type is."""
    value = getattr(attribute, "value", None)
    title = getattr(value, "title", None)
    return str(title) if title else words_of(getattr(value, "type_name", "Attribute"))


def value_text(attribute: Any) -> str:
    """Return the value of an Attribute on a line: `ada@example.org`, `1 / 2 / 1990`; empty if it has none."""
    written = to_json(getattr(attribute, "value", None))  # of an Attribute of a type to come it is JSON already
    return ", ".join(shown(each) for key, each in written.items() if key not in _HIDDEN) if written else ""


def shown(value: Any) -> str:
    """Return a JSON value as people write it: yes, no, a list with commas."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(shown, value))
        case dict():
            return ", ".join(f"{words_of(str(key))}: {shown(each)}" for key, each in value.items())
        case _:
            return str(value)


def words_of(name: str) -> str:
    """Return a name of the API in words: `EMailAddress` → `E-mail address`, `linkDisplayText` → `Link display text`."""
    known = {"EMailAddress": "E-mail address", "ProprietaryEMailAddress": "E-mail address", "IQL": "IQL"}
    if name in known:
        return known[name]
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name.lstrip("@").removeprefix("Proprietary"))
    words = [each if each.isupper() and len(each) > 1 else each.lower() for each in parts.split()]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _asked_by(query: AttributeQuery) -> str:
    match query:
        case RelationshipAttributeQuery():
            return query.attribute_creation_hints.title
        case ThirdPartyRelationshipAttributeQuery(key=key):
            return key
        case _:
            return words_of(value_type_of(query)) or "Attribute"


def _asks_for(item: RequestItem) -> Iterator[str]:
    match item:
        case ReadAttributeRequestItem(query=query):
            yield from _query(query)
        case ProposeAttributeRequestItem(attribute=attribute):
            yield f"Proposes as your {_lower(value_name(attribute))}: {value_text(attribute)}"
        case CreateAttributeRequestItem(attribute=attribute):
            whose = "you" if not attribute.owner else attribute.owner
            yield f"{value_name(attribute)}: {value_text(attribute)}"
            yield f"It will belong to {whose}."
        case ShareAttributeRequestItem(attribute=attribute):
            yield f"{value_name(attribute)}: {value_text(attribute)}"
        case DeleteAttributeRequestItem():
            yield f"Asks you to delete your copy of the Attribute {item.attribute_id}."
        case TransferFileOwnershipRequestItem():
            yield "Offers you a File; with it you become its owner."
        case ConsentRequestItem():
            if len(item.consent) > len(name_of(item)):
                yield item.consent
            if item.link:
                yield f"{item.link_display_text or 'More'}: {item.link}"
            if item.requires_interaction:
                yield "Open the link before you accept."
        case FormFieldRequestItem(settings=settings):
            yield answer_help(settings)


def answer_help(settings: FormFieldSettings) -> str:
    """Say which answer a form field takes, in a sentence."""
    match settings:
        case BooleanFormFieldSettings() | DateFormFieldSettings():
            return "Yes or no." if isinstance(settings, BooleanFormFieldSettings) else "A date."
        case DoubleFormFieldSettings() | IntegerFormFieldSettings():
            kind = "A whole number" if isinstance(settings, IntegerFormFieldSettings) else "A number"
            return f"{kind}{_bounds(settings.min, settings.max)}{f', in {settings.unit}' if settings.unit else ''}."
        case RatingFormFieldSettings(max_rating=most):
            return f"A rating from 1 to {most}."
        case SelectionFormFieldSettings():
            many = "One or more of" if settings.allow_multiple_selection else "One of"
            return f"{many} {listed(map(quoted, settings.options), 'or')}."
        case StringFormFieldSettings():
            least, most = max(settings.min or 1, 1), 4096 if settings.max is None else settings.max
            lines = ", on as many lines as you like" if settings.allow_newlines else ""
            return f"A text of {least} to {counted(most, 'character')}{lines}."
        case _:
            return f"An answer of the kind {words_of(settings.type_name)}."


def _bounds(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f" from {least} to {most}"
    return f", at least {least}" if least is not None else f", at most {most}" if most is not None else ""


def _query(query: AttributeQuery) -> Iterator[str]:
    match query:
        case RelationshipAttributeQuery(attribute_creation_hints=hints):
            yield f"Asks for {quoted(hints.title)}: {_lower(words_of(hints.value_type))}, for this Relationship alone."
            if hints.description:
                yield hints.description
        case ThirdPartyRelationshipAttributeQuery():
            yield f"Asks for {quoted(query.key)}, which you have with {listed(query.third_party, 'or')}."
        case IQLQuery():
            yield f"Asks for what fits {quoted(query.query_string)}."
        case _:
            yield f"Asks for your {_lower(_asked_by(query))}."
            if tags := getattr(query, "tags", None):
                yield f"With the {'tag' if len(tags) == 1 else 'tags'} {listed(tags, 'or')}."


def _lower(words: str) -> str:
    return words if words[:2].isalpha() and words[:2].isupper() else words[:1].lower() + words[1:]
