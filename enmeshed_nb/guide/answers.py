"""What answers an item of an incoming Request: which value a query asks for, and the Attribute made of it."""

from typing import Any

from enmeshed_nb.content import (
    Attribute,
    AttributeQuery,
    AttributeValue,
    IdentityAttributeQuery,
    IQLQuery,
    RelationshipAttributeQuery,
)


def value_type_of(query: AttributeQuery) -> str:
    """Return the name of the value type that a query asks for; empty if it leaves that open."""
    match query:
        case IdentityAttributeQuery(value_type=name):
            return name
        case RelationshipAttributeQuery(attribute_creation_hints=hints):
            return hints.value_type
        case IQLQuery(attribute_creation_hints=hints) if hints:
            return hints.value_type
        case _:
            return ""


def value_model(name: str) -> type[AttributeValue] | None:
    """Return the model of a value type, None if there is none of that name."""
    return next(
        (each for each in AttributeValue._types() if each.__name__ == name and issubclass(each, AttributeValue)), None
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
