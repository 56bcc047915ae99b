"""What answers an item of an incoming Request: which value a query asks for, and the Attribute made of it."""

from typing import Any

from enmeshed_nb.content import (
    Attribute,
    AttributeQuery,
    RelationshipAttributeQuery,
    value_type_of,
)


def first_value(query: AttributeQuery) -> dict[str, Any]:
    """Return the JSON that a new value begins with: of a RelationshipAttribute, the title that is asked for."""
    if isinstance(query, RelationshipAttributeQuery):
        return {"title": query.attribute_creation_hints.title}
    return {}


def new_attribute(query: AttributeQuery, own_address: str, value: dict[str, Any]) -> Attribute:
    """Return a new Attribute with *value* that answers a query.

    Args:
        query: of the item.
        own_address: the address of who answers.
        value: the value's JSON, with or without its `@type`.

    Raises:
        pydantic.ValidationError: the value breaks a limit.
    """
    written: dict[str, Any] = {"value": {"@type": value_type_of(query), **value}}
    if isinstance(query, RelationshipAttributeQuery):
        written |= {
            "@type": "RelationshipAttribute",
            "owner": query.owner or own_address,
            "key": query.key,
            "confidentiality": query.attribute_creation_hints.confidentiality,
        }
    else:
        written |= {"@type": "IdentityAttribute", "owner": own_address}
    return Attribute.model_validate(written)
