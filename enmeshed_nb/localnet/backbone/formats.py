"""Ids, addresses, points in time and other texts in the form that the Runtime expects."""

import hashlib
import json
import re
import secrets
import string
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

_ALPHABET = string.ascii_letters + string.digits
ID_LENGTH = 20
_ADDRESS = re.compile(r"did:e:[A-Za-z0-9.-]+:dids:[0-9a-f]{22}")


class Body(BaseModel):
    """The JSON body of a request, in camelCase; unknown fields are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


def new_id(prefix: str) -> str:
    """Return a new id: prefix and letters or digits, 20 characters in all."""
    number = secrets.randbelow(len(_ALPHABET) ** (ID_LENGTH - len(prefix)))
    text = ""
    for _ in range(ID_LENGTH - len(prefix)):
        number, digit = divmod(number, len(_ALPHABET))
        text += _ALPHABET[digit]
    return prefix + text


def is_id(prefix: str, text: str) -> bool:
    """Tell whether a text is an id with this prefix."""
    return bool(re.fullmatch(rf"{prefix}[A-Za-z0-9]{{{ID_LENGTH - len(prefix)}}}", text))


def utcnow() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """Return a point in time as ISO 8601 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stored(moment: datetime) -> str:
    """Return a point in time as it stands in the file: a text, and what is later comes later in order."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def timestamp_of(text: str) -> str:
    """Return a point in time that stands in the file as `timestamp` writes it."""
    return f"{text[:10]}T{text[11:23]}Z"


def from_base64url(text: str) -> bytes:
    """Decode base64url without padding.

    Raises:
        ValueError: it is none.
    """
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def from_json(text: str | bytes) -> Any:
    """Read JSON that stands in a field.

    Raises:
        ValueError: it is none, or nested too deeply to be read.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None


def decoded_size(text: str) -> int:
    """Return how many bytes a base64url text stands for."""
    return len(text.rstrip("=")) * 3 // 4


def address_of(public_key: bytes, hostname: str) -> str:
    """Return the address of the Identity with this Ed25519 public key (32 bytes)."""
    digest = hashlib.sha256(hashlib.sha512(public_key).digest()).digest()[:10]
    head = f"did:e:{hostname}:dids:{digest.hex()}"
    return head + hashlib.sha256(head.encode()).hexdigest()[:2]


def is_address(text: str) -> bool:
    """Tell whether a text has the form of an address."""
    return bool(_ADDRESS.fullmatch(text))


def _aware(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("is out of bounds") from None


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError("is no address")
    return text


def _blob(text: str) -> str:
    if not 1 <= decoded_size(text) <= BLOB_LIMIT:
        raise ValueError("must have between 1 byte and 10 MiB")
    return text


BLOB_LIMIT = 10 * 1024 * 1024
Moment = Annotated[datetime, AfterValidator(_aware)]
Address = Annotated[str, AfterValidator(_address)]
Blob = Annotated[str, AfterValidator(_blob)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
