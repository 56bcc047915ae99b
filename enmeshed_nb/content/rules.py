"""The limits of the content: annotated types for the models' properties.

Source: the property tables of enmeshed's data model. A rule refuses what is certainly wrong, so that a mistake is
found before it is sent; in finer points the Connector has the last word.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from xml.parsers import expat

from pydantic import StrictBool, StrictFloat, StrictInt, StrictStr

from enmeshed_nb.codes import COUNTRIES, LANGUAGES
from enmeshed_nb.content.model import rule

Rule = Callable[[Any], str | None]

_EMAIL = re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+")
_PHONE = re.compile(r"[\d+\-x#*()/\[\] ]{3,100}")
_HEX_COLOR = re.compile(r"#([0-9A-Fa-f]{3}){1,2}")
_BIC = re.compile(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}")


def counted(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun: `1 item`, `2 items`."""
    return f"{number} {singular if number == 1 else plural or f'{singular}s'}"


@dataclass(frozen=True)
class Length:
    """The rule that a text has *least* to *most* characters."""

    least: int
    most: int

    def __call__(self, value: str) -> str | None:
        """Refuse a text that is too short or too long."""
        size = len(value.encode("utf-16-le", "surrogatepass")) // 2  # as JavaScript counts
        if size > self.most:
            return f"has {counted(size, 'character')}; at most {self.most} {_are(self.most)} allowed"
        if size < self.least:
            return f"has {counted(size, 'character')}; at least {self.least} {_are(self.least)} needed"
        return None


class ReferenceLength(Length):
    """The rule that a text has the length of a File's reference."""


@dataclass(frozen=True)
class Between:
    """The rule that a number is at least *least* and at most *most*."""

    least: float
    most: float

    def __call__(self, value: float) -> str | None:
        """Refuse a number that is too small or too great."""
        return None if self.least <= value <= self.most else f"must be from {self.least} to {self.most}"


def matches(pattern: re.Pattern[str], what: str) -> Rule:
    """Return the rule that a text is *what*, recognised by *pattern*."""
    return lambda value: None if pattern.fullmatch(value) else f"must be {what}"


@dataclass(frozen=True)
class Among:
    """The rule that a text is one of *values*; *what* they are called, if there are many."""

    values: Collection[str]
    what: str = ""

    def __call__(self, value: str) -> str | None:
        """Refuse another text."""
        if value in self.values:
            return None
        return f"{value!r} is not {self.what}" if self.what else f"{value!r} is none of {_quoted(self.values)}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def choice(*values: str) -> Among:
    """Return the rule that a text is one of the few *values*."""
    return Among(values)


def _quoted(values: Collection[str]) -> str:
    return ", ".join(map(repr, values))


def not_empty(value: Sequence[Any]) -> str | None:
    """Refuse a list without an element."""
    return None if value else "may not be empty"


def unique(value: Sequence[Any]) -> str | None:
    """Refuse a list that holds an element twice."""
    return None if len(set(value)) == len(value) else "holds an element twice"


def no_foreign_characters(value: str) -> str | None:
    """Refuse what is no normative character of DIN 91379: other scripts than Latin, emoji, control characters.

    It refuses what certainly is none; which Latin letters with which accents are allowed, the Connector knows.
    """
    culprits = [
        character for character, before in zip(value, " " + value, strict=False) if _is_foreign(character, before)
    ]
    if not culprits:
        return None
    return f"holds characters outside DIN 91379: {' '.join(sorted(set(culprits)))}"


def _is_foreign(character: str, before: str) -> bool:
    category = unicodedata.category(character)
    match category[0]:
        case "L":
            is_modifier = category == "Lm" or character in "ªº"
            return not is_modifier and not unicodedata.name(character, "").startswith("LATIN")
        case "M":
            return not unicodedata.name(before, "").startswith(("LATIN", "COMBINING"))
        case "C":
            return character not in "\t\n\r"
        case "N" | "S":
            return category != "Sc" and ord(character) > 0xFF  # more than Latin-1 has, but for currencies
    return False


def _is_host(text: str | None) -> bool:
    return bool(text) and "." in str(text).strip(".") and ".." not in str(text)


def _url(value: str) -> str | None:
    try:
        host = urlsplit(value if "://" in value else f"//{value}").hostname
    except ValueError:
        host = None
    if _is_host(host) and not re.search(r"\s", value):
        return None
    return "must be a URL such as https://enmeshed.eu/integrate"


def _link(value: str) -> str | None:
    has_scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:\S", value)
    if has_scheme and not re.search(r"\s", value) and ("://" not in value or urlsplit(value).netloc):
        return None
    return "must be a link with its scheme, such as https://enmeshed.eu/integrate"


def _tags(value: list[str]) -> str | None:
    if len(value) > 20:
        return f"holds {len(value)} tags; at most 20 are allowed"
    too_long = [tag for tag in value if len(tag) > 250]
    return f"tag {too_long[0][:20]!r}… is longer than 250 characters" if too_long else unique(value)


def json_up_to(most: int) -> Rule:
    """Return the rule that a value is JSON other than null, of at most *most* characters."""

    def problem(value: Any) -> str | None:
        if value is None:
            return "may not be null"
        try:
            size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
        except (TypeError, ValueError) as error:
            return f"is not JSON: {error}"
        return f"takes {size} characters as JSON; at most {most} are allowed" if size > most else None

    return problem


def _xml(value: str) -> str | None:
    parser = expat.ParserCreate()
    parser.EntityDeclHandler = _refuse_entities
    try:
        parser.Parse(value, True)
    except (expat.ExpatError, ValueError) as error:
        return f"is not well-formed XML: {error}"
    return None


def _refuse_entities(*_: Any) -> None:
    raise ValueError("it declares entities")


def _iban(value: str) -> str | None:
    rearranged = value[4:] + value[:4]
    if _IBAN.fullmatch(value) and int("".join(str(int(character, 36)) for character in rearranged)) % 97 == 1:
        return None
    return "must be a valid IBAN"


Flag = StrictBool
"""true or false; a text such as "false" is refused (the API would take it for true)."""
Integer = StrictInt
Number = StrictInt | StrictFloat

Text30 = Annotated[StrictStr, rule(Length(3, 30))]
Text200 = Annotated[StrictStr, rule(Length(0, 200))]
Text300 = Annotated[StrictStr, rule(Length(0, 300))]
Text500 = Annotated[StrictStr, rule(Length(0, 500))]
Text1000 = Annotated[StrictStr, rule(Length(0, 1000))]
Text10000 = Annotated[StrictStr, rule(Length(0, 10_000))]
Text50000 = Annotated[StrictStr, rule(Length(0, 50_000))]
Label = Annotated[StrictStr, rule(Length(0, 100))]
"""At most 100 characters of any kind."""
Url = Annotated[StrictStr, rule(Length(3, 1024)), rule(_url)]
Link = Annotated[
    StrictStr,
    rule(Length(3, 1024)),
    rule(_link),
]
Tags = Annotated[list[StrictStr], rule(_tags)]
Metadata = dict[str, Any]

Name = Annotated[Label, rule(no_foreign_characters)]
"""At most 100 normative characters."""
Country = Annotated[StrictStr, rule(Among(COUNTRIES, "a country code of ISO 3166-1 (two capitals)"))]
Language = Annotated[StrictStr, rule(Among(LANGUAGES, "a language code of ISO 639-1 (two small letters)"))]
EMail = Annotated[StrictStr, rule(Length(3, 254)), rule(matches(_EMAIL, "an e-mail address"))]
Phone = Annotated[StrictStr, rule(matches(_PHONE, "3 to 100 digits, spaces or any of + - x # * ( ) / [ ]"))]
FileReference = Annotated[StrictStr, rule(ReferenceLength(30, 150))]
HexColor = Annotated[StrictStr, rule(matches(_HEX_COLOR, "a colour such as #09F or #0099FF"))]
Json = Annotated[Any, rule(json_up_to(4096))]
Credential = Annotated[StrictStr | dict[str, Any], rule(json_up_to(50 * 2**20))]
"""A credential as its issuer gives it: a text or an object, at most 50 MiB of JSON."""
Xml = Annotated[Text50000, rule(_xml)]
Iban = Annotated[StrictStr, rule(_iban)]
Bic = Annotated[StrictStr, rule(matches(_BIC, "a valid BIC"))]

Confidentiality = Annotated[
    Literal["public", "protected", "private"] | str, rule(choice("public", "protected", "private"))
]
