"""Hypothesis strategies for what the API's JSON can be: Requests with every kind of item, and answers to them."""

from typing import Any

from hypothesis import strategies as st

from enmeshed_nb.content import (
    FormFieldRequestItem,
    ProposeAttributeRequestItem,
    ReadAttributeRequestItem,
    RequestItem,
    SelectionFormFieldSettings,
)
from tests.content.test_values import VALID

Json = Any
ADDRESS = "did:e:localhost:dids:" + "0" * 22

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)
names = st.text("aAbzßäŁé -'", min_size=1, max_size=40)
flags = st.booleans()
numbers = st.integers(-1000, 1000) | st.floats(-1e6, 1e6, allow_nan=False).filter(lambda value: value % 1)
metadata = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.none() | flags | texts, max_size=2)
times = st.datetimes().map(lambda time: time.isoformat(timespec="milliseconds") + "Z")
ids = st.text("ABCdef0123", min_size=17, max_size=17)


@st.composite
def objects(draw: st.DrawFn, kind: str | None, needed: Json, optional: Json = None) -> Json:
    """An object with its `@type`, all needed and any of the optional properties."""
    drawn = draw(st.fixed_dictionaries(needed, optional=optional or {}))
    return drawn if kind is None else {"@type": kind, **drawn}


identity_types = st.sampled_from([name for name in VALID if not name.startswith(("Proprietary", "Consent"))])
relationship_types = st.sampled_from([name for name in VALID if name.startswith(("Proprietary", "Consent"))])


@st.composite
def values(draw: st.DrawFn, types: st.SearchStrategy[str]) -> Json:
    """A value of some type; where it is a name or a title, any."""
    kind = draw(types)
    value = {"@type": kind, **VALID[kind]}
    if value.get("value") == "Zoë":
        value["value"] = draw(names)
    if "title" in value:
        value["title"] = draw(texts)
    return value


tags = st.lists(ids.map("x:{}".format), max_size=3, unique=True)


def identity_attributes(owner: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    return objects("IdentityAttribute", {"owner": owner, "value": values(identity_types)}, {"tags": tags})


def relationship_attributes(owner: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    needed = {"owner": owner, "key": names, "value": values(relationship_types), "confidentiality": confidentialities}
    return objects("RelationshipAttribute", needed, {"isTechnical": flags})


confidentialities = st.sampled_from(["public", "protected", "private"])
owners = st.sampled_from(["", ADDRESS])
attributes = identity_attributes(owners) | relationship_attributes(owners)

hints = objects(
    None,
    {"title": texts, "valueType": relationship_types, "confidentiality": confidentialities},
    {"description": texts},
)
identity_queries = objects("IdentityAttributeQuery", {"valueType": identity_types}, {"tags": tags})
relationship_queries = objects(
    "RelationshipAttributeQuery", {"key": names, "owner": owners, "attributeCreationHints": hints}
)
third_party_queries = objects(
    "ThirdPartyRelationshipAttributeQuery",
    {
        "key": names,
        "owner": st.sampled_from(["recipient", "thirdParty", ""]),
        "thirdParty": st.lists(st.just(ADDRESS), min_size=1, max_size=2),
    },
)
iql_queries = objects(
    "IQLQuery",
    {"queryString": names},
    {"attributeCreationHints": objects(None, {"valueType": identity_types}, {"tags": tags})},
)
queries = identity_queries | relationship_queries | third_party_queries | iql_queries


@st.composite
def limited(draw: st.DrawFn, kind: str, limits: st.SearchStrategy[Json], optional: Json) -> Json:
    """Settings with any of min and max, in this order of size."""
    settings = draw(objects(kind, {}, {"min": limits, "max": limits, **optional}))
    if "min" in settings and "max" in settings:
        settings["min"], settings["max"] = sorted([settings["min"], settings["max"]])
    return settings


settings = st.one_of(
    objects("BooleanFormFieldSettings", {}),
    objects("DateFormFieldSettings", {}),
    limited("DoubleFormFieldSettings", numbers, {"unit": texts}),
    limited("IntegerFormFieldSettings", st.integers(-1000, 1000), {"unit": texts}),
    objects("RatingFormFieldSettings", {"maxRating": st.integers(5, 10)}),
    objects(
        "SelectionFormFieldSettings",
        {"options": st.lists(names, min_size=1, max_size=4, unique=True)},
        {"allowMultipleSelection": st.just(True)},
    ),
    limited("StringFormFieldSettings", st.integers(1, 4096), {"allowNewlines": flags}),
)


@st.composite
def proposals(draw: st.DrawFn) -> tuple[Json, Json]:
    """An Attribute of the peer and a query that it fits."""
    nobody = st.just("")
    if draw(flags):
        attribute = draw(identity_attributes(nobody))
        return attribute, {"@type": "IdentityAttributeQuery", "valueType": attribute["value"]["@type"]}
    attribute = draw(relationship_attributes(nobody))
    fitting = draw(hints) | {"valueType": attribute["value"]["@type"]}
    query = {"@type": "RelationshipAttributeQuery", "key": attribute["key"], "owner": ""}
    return attribute, query | {"attributeCreationHints": fitting}


@st.composite
def items(draw: st.DrawFn) -> Json:
    """A RequestItem of any of the eleven kinds."""
    kinds: dict[str, tuple[Json, Json]] = {
        "Authentication": ({"title": texts}, {}),
        "Consent": ({"consent": texts}, {"requiresInteraction": flags, "link": st.just("https://example.org/terms")}),
        "CreateAttribute": ({"attribute": attributes}, {}),
        "DeleteAttribute": ({"attributeId": ids.map("ATT{}".format)}, {}),
        "FormField": ({"title": texts, "settings": settings}, {}),
        "ProposeAttribute": ({}, {}),
        "ReadAttribute": ({"query": queries}, {}),
        "ShareAttribute": (
            {"attribute": attributes, "attributeId": ids.map("ATT{}".format)},
            {"initialAttributePeer": st.just(ADDRESS)},
        ),
        "ShareAuthorizationRequest": ({"authorizationRequestUrl": texts}, {}),
        "ShareCredentialOffer": ({"credentialOfferUrl": texts}, {}),
        "TransferFileOwnership": ({"fileReference": ids.map("UkxU{}".format), "ownershipToken": ids}, {}),
    }
    kind = draw(st.sampled_from(sorted(kinds)))
    needed, optional = kinds[kind]
    item = draw(
        objects(
            f"{kind}RequestItem",
            {"mustBeAccepted": flags, **needed},
            {"description": texts, "metadata": metadata, **optional},
        )
    )
    if kind == "ProposeAttribute":
        item["attribute"], item["query"] = draw(proposals())
    return item


groups = objects(
    "RequestItemGroup",
    {"items": st.lists(items(), min_size=1, max_size=3)},
    {"title": texts, "description": texts, "metadata": metadata},
)
requests = objects(
    "Request",
    {"items": st.lists(items() | groups, min_size=1, max_size=4)},
    {"title": texts, "description": texts, "expiresAt": times, "metadata": metadata},
)


@st.composite
def inputs_for(draw: st.DrawFn, item: RequestItem) -> Json:
    """What accepts an item: the keyword arguments of `Decision.accept`."""
    match item:
        case FormFieldRequestItem(settings=form):
            return {"response": draw(responses_for(form))}
        case ReadAttributeRequestItem():
            return {"existing_attribute_id": "ATT" + draw(ids)}
        case ProposeAttributeRequestItem():
            return draw(st.sampled_from([{}, {"attribute_id": "ATT1"}, {"attribute": item.attribute}]))
        case _ if item.type_name == "DeleteAttributeRequestItem":
            return {"deletion_date": "2099-01-01T00:00:00Z"}
        case _ if item.type_name == "ShareAuthorizationRequestRequestItem":
            return {"attribute_id": "ATT" + draw(ids)}
        case _:
            return {}


def responses_for(form: Any) -> st.SearchStrategy[Json]:
    """Answers that a form field takes."""
    match form.type_name:
        case "BooleanFormFieldSettings":
            return flags
        case "DateFormFieldSettings":
            return st.dates().map(lambda day: day.isoformat())
        case "DoubleFormFieldSettings":
            return st.floats(form.min, form.max, allow_nan=False, allow_infinity=False)
        case "IntegerFormFieldSettings":
            return st.integers(form.min, form.max)
        case "RatingFormFieldSettings":
            return st.integers(1, form.max_rating)
        case "StringFormFieldSettings":
            least, most = form.min or 1, min(form.max or 4096, 4096)
            return st.integers(least, min(most, least + 20)).map(lambda size: "x" * size)
        case _:
            assert isinstance(form, SelectionFormFieldSettings)
            chosen = st.sampled_from(form.options)
            return st.lists(chosen, min_size=1, unique=True) if form.allow_multiple_selection else chosen
