"""What of a Connector's own can go into a Request: its Attributes and Files, named for people."""

from typing import Any

from enmeshed_nb.connector import Connector, File, LocalAttribute
from enmeshed_nb.guide.text import printable


def choices_for(kind: str, connector: Connector, peer: str | None) -> dict[str, dict[str, Any]]:
    """Return what an item of a kind can be about, by name: the properties of the item that say so.

    Args:
        kind: the `@type` of the item.
        connector: whose Attributes and Files.
        peer: the address of who the Request is for, if that is known.

    Raises:
        ConnectorError: the Connector cannot be asked.
    """
    match kind:
        case "ShareAttributeRequestItem":
            return {
                name: {"attributeId": each.id, "attribute": each.content.model_dump()}
                for name, each in shareable_attributes(connector).items()
            }
        case "DeleteAttributeRequestItem":
            shared = deletable_attributes(connector, peer) if peer else {}
            return {name: {"attributeId": each.id} for name, each in shared.items()}
        case "TransferFileOwnershipRequestItem":
            return {
                name: {"fileReference": each.reference.truncated, "ownershipToken": each.ownership_token}
                for name, each in transferable_files(connector).items()
            }
        case _:
            return {}


def shareable_attributes(connector: Connector) -> dict[str, LocalAttribute]:
    """Return the own IdentityAttributes (their newest versions) that a ShareAttributeRequestItem can offer, by name."""
    return {_named(each): each for each in connector.attributes.list_own_identity(only_latest_versions=True)}


def deletable_attributes(connector: Connector, peer: str) -> dict[str, LocalAttribute]:
    """Return the Attributes that were shared with *peer* and that it can be asked to delete, by name."""
    return {_named(each): each for each in connector.attributes.list_own_shared(peer)}


def transferable_files(connector: Connector) -> dict[str, File]:
    """Return the own Files whose ownership can be handed over, by name."""
    return {
        f"{printable(file.title or file.filename)}, {file.filesize} bytes ({file.id})": file
        for file in connector.files.list_own()
        if file.ownership_token
    }


def attributes_for(connector: Connector, value_type: str) -> dict[str, LocalAttribute]:
    """Return the own IdentityAttributes of a value type, with which a query for it can be answered, by name."""
    own = connector.attributes.list_own_identity({"content.value.@type": value_type}, only_latest_versions=True)
    return {_named(each): each for each in own}


def _named(attribute: LocalAttribute) -> str:
    value = getattr(attribute.content, "value", None)
    written = value.model_dump() if value else {}
    parts = [str(part) for name, part in written.items() if name != "@type" and isinstance(part, str | int | float)]
    return printable(f"{written.get('@type', '?')}: {', '.join(parts)[:60]} ({attribute.id})")
