"""The values that an Attribute can hold: 30 types for IdentityAttributes, 14 for RelationshipAttributes.

A class's properties with their types are its table row; what the types allow stands in `rules.py`. PersonName is
documented, but from which version on a Connector 7 takes it is not: each says for itself whether it does.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StrictStr

from enmeshed_nb.content.model import Model, Typed, rule
from enmeshed_nb.content.rules import (
    Between,
    Bic,
    Country,
    Credential,
    EMail,
    FileReference,
    Flag,
    HexColor,
    Iban,
    Integer,
    Json,
    Label,
    Language,
    Link,
    Metadata,
    Name,
    Number,
    Phone,
    Text30,
    Text1000,
    Text10000,
    Url,
    Xml,
    choice,
    no_foreign_characters,
)
from enmeshed_nb.content.since import Since


class AttributeValue(Typed, family=True):
    """The value of an Attribute."""


class IdentityAttributeValue(AttributeValue, family=True):
    """A value about an Identity itself, used in an IdentityAttribute."""


class Affiliation(IdentityAttributeValue):
    """Where someone belongs."""

    role: Name | None = None
    organization: Name
    unit: Name | None = None


class BankAccount(IdentityAttributeValue, since=Since("7.1.0", "Runtime")):
    """A bank account."""

    account_holder: Name
    iban: Iban
    bic: Bic | None = None


class BirthDate(IdentityAttributeValue):
    """A day of birth; must be a day of the calendar."""

    day: Annotated[Integer, rule(Between(1, 31))]
    month: Annotated[Integer, rule(Between(1, 12))]
    year: Annotated[Integer, rule(Between(1, 9999))]

    def problems(self) -> Iterable[tuple[str, str]]:
        """Refuse the 30th of February and the like."""
        try:
            date(self.year, self.month, self.day)
        except ValueError:
            yield "day", f"month {self.month} of {self.year} has no day {self.day}"


class BirthName(IdentityAttributeValue):
    """The surname given at birth."""

    value: Name


class BirthPlace(IdentityAttributeValue):
    """Where someone was born."""

    city: Name
    country: Country
    state: Name | None = None


class Citizenship(IdentityAttributeValue):
    """A country of which someone is a citizen."""

    value: Country


class CommunicationLanguage(IdentityAttributeValue):
    """A language to talk in."""

    value: Language


class DeliveryBoxAddress(IdentityAttributeValue):
    """The address of a parcel box."""

    recipient: Name
    delivery_box_id: Name
    user_id: Name
    zip_code: Name
    city: Name
    country: Country
    phone_number: Phone | None = None
    state: Name | None = None


class DisplayName(IdentityAttributeValue):
    """The name to show."""

    value: Name


class EMailAddress(IdentityAttributeValue):
    """An e-mail address."""

    value: EMail


class FaxNumber(IdentityAttributeValue):
    """A fax number."""

    value: Phone


class GivenName(IdentityAttributeValue):
    """A given name."""

    value: Name


class HonorificPrefix(IdentityAttributeValue):
    """A title before the name."""

    value: Name


class HonorificSuffix(IdentityAttributeValue):
    """A title after the name."""

    value: Name


class IdentityFileReference(IdentityAttributeValue):
    """A reference to a File of the Identity."""

    value: FileReference


class JobTitle(IdentityAttributeValue):
    """What someone is called at work."""

    value: Name


class MaritalStatus(IdentityAttributeValue, since=Since("7.2.0")):
    """Whether someone is married, in the terms of the German Federal Statistical Office."""

    value: Annotated[
        str,
        rule(
            choice(
                "single",
                "married",
                "separated",
                "divorced",
                "widowed",
                "civilPartnership",
                "civilPartnershipDissolved",
                "civilPartnerDeceased",
            )
        ),
    ]


class MiddleName(IdentityAttributeValue):
    """A middle name."""

    value: Name


class Nationality(IdentityAttributeValue):
    """A nationality."""

    value: Country


class PersonName(IdentityAttributeValue):
    """A person's whole name."""

    given_name: Name
    middle_name: Name | None = None
    surname: Name
    honorific_suffix: Name | None = None
    honorific_prefix: Name | None = None


class PhoneNumber(IdentityAttributeValue):
    """A telephone number."""

    value: Phone


class PostOfficeBoxAddress(IdentityAttributeValue):
    """The address of a post-office box."""

    recipient: Name
    box_id: Name
    zip_code: Name
    city: Name
    country: Country
    state: Name | None = None


class Pseudonym(IdentityAttributeValue):
    """A name under which someone appears."""

    value: Name


class SchematizedJSON(IdentityAttributeValue, since=Since("7.4.0", "Runtime")):
    """Any JSON (at most 4096 characters), with the URL of its schema."""

    value: Json
    schema_url: Url | None = Field(default=None, alias="schemaURL")


class SchematizedXML(IdentityAttributeValue):
    """Any XML, with the URL of its schema."""

    value: Xml
    schema_url: Url | None = Field(default=None, alias="schemaURL")


class Sex(IdentityAttributeValue):
    """A sex."""

    value: Annotated[Literal["intersex", "female", "male"] | str, rule(choice("intersex", "female", "male"))]


class StreetAddress(IdentityAttributeValue):
    """The address of a house."""

    recipient: Name
    street: Name
    house_no: Name
    zip_code: Name
    city: Name
    country: Country
    state: Name | None = None


class Surname(IdentityAttributeValue):
    """A family name."""

    value: Name


class VerifiableCredential(IdentityAttributeValue, since=Since("7.4.0")):
    """A credential of an issuer (OpenID4VC).

    Attributes:
        value: the credential itself.
        type: its format.
        display_information: how the issuer wants it to be shown, one object per language; None: it does not say.
    """

    value: Credential
    type: StrictStr
    display_information: list[dict[str, Any]] | None = None


class Website(IdentityAttributeValue):
    """The address of a website."""

    value: Url


class ValueHintsValue(Model):
    """A value to choose from (`key`), and how to show it."""

    key: str | Number | Flag
    display_name: str


class ValueHints(Typed):
    """Hints at which values make sense.

    Attributes:
        edit_help: helps people to enter a value.
        min: the least number, or the least length of a text.
        max: the greatest number, or the greatest length of a text.
        pattern: a regular expression that a text matches.
        values: those to choose from.
        default_value: to begin with.
        property_hints: hints for the value's properties, by name.
    """

    edit_help: str | None = None
    min: Number | None = None
    max: Number | None = None
    pattern: str | None = None
    values: list[ValueHintsValue] | None = None
    default_value: str | Number | Flag | None = None
    property_hints: Metadata | None = None


class ValueHintsOverride(ValueHints):
    """Hints that replace those of a value type."""


_TECHNICAL_TYPES = ("Boolean", "Float", "Integer", "Json", "Object", "String", "Unknown")
_EDIT_TYPES = (
    *("ButtonLike", "Complex", "InputLike", "RadioButtonLike", "Secret", "SelectLike", "SliderLike"),
    *("TextArea", "Upload"),
)


class RenderHints(Typed):
    """Hints at how an app shows a value and lets it be edited; a Connector neither takes nor returns them.

    Attributes:
        technical_type: what the value is for a program; "Json" of a ProprietaryJSON.
        edit_type: with what it is edited.
        data_type: what it is for people, e.g. "Country"; None: nothing special.
        property_hints: hints for the value's properties, by name.
    """

    technical_type: Annotated[
        StrictStr, rule(choice(*_TECHNICAL_TYPES)), Since("7.5.1", "Runtime", values=("Json",), before="Object")
    ]
    edit_type: Annotated[StrictStr, rule(choice(*_EDIT_TYPES))]
    data_type: StrictStr | None = None
    property_hints: Metadata | None = None


class RelationshipAttributeValue(AttributeValue, family=True):
    """A value that belongs to a Relationship, used in a RelationshipAttribute."""


class Consent(RelationshipAttributeValue):
    """A consent that can be looked up later."""

    consent: Annotated[Text10000, rule(no_foreign_characters)]
    value_hints_override: ValueHintsOverride | None = None
    link: Link | None = None
    link_display_text: Text30 | None = None

    def problems(self) -> Iterable[tuple[str, str]]:
        """Refuse a text for a link that is not there."""
        if self.link_display_text is not None and self.link is None:
            yield "linkDisplayText", "needs a link"


class _Proprietary(RelationshipAttributeValue, family=True):
    title: Label
    description: Text1000 | None = None


class _ProprietaryWithHints(_Proprietary, family=True):
    value_hints_override: ValueHintsOverride | None = None


class ProprietaryBoolean(_ProprietaryWithHints):
    """True or false."""

    value: Flag


class ProprietaryCountry(_ProprietaryWithHints):
    """A country."""

    value: Country


class ProprietaryEMailAddress(_ProprietaryWithHints):
    """An e-mail address."""

    value: EMail


class ProprietaryFileReference(_ProprietaryWithHints):
    """A reference to a File."""

    value: FileReference


class ProprietaryFloat(_ProprietaryWithHints):
    """A number."""

    value: Number


class ProprietaryHEXColor(_ProprietaryWithHints):
    """A colour."""

    value: HexColor


class ProprietaryInteger(_ProprietaryWithHints):
    """A whole number."""

    value: Integer


class ProprietaryJSON(_Proprietary):
    """Any JSON, at most 4096 characters."""

    value: Json


class ProprietaryLanguage(_ProprietaryWithHints):
    """A language."""

    value: Language


class ProprietaryPhoneNumber(_ProprietaryWithHints):
    """A telephone number."""

    value: Phone


class ProprietaryString(_ProprietaryWithHints):
    """A text, at most 100 characters."""

    value: Name


class ProprietaryURL(_ProprietaryWithHints):
    """A URL."""

    value: Url


class ProprietaryXML(_Proprietary):
    """Any XML, with the URL of its schema."""

    value: Xml
    schema_url: Url | None = Field(default=None, alias="schemaURL")


def _names(family: type[Typed]) -> frozenset[str]:
    return frozenset(kind.__name__ for kind in family._types())


IDENTITY_VALUE_TYPES = _names(IdentityAttributeValue)
"""The names that `valueType` may have in an IdentityAttributeQuery."""
RELATIONSHIP_VALUE_TYPES = _names(RelationshipAttributeValue)
"""The names that `valueType` may have in a RelationshipAttributeQuery."""


def value_model(name: str) -> type[AttributeValue] | None:
    """Return the model of a value type, None if there is none of that name."""
    return next(
        (each for each in AttributeValue._types() if each.__name__ == name and issubclass(each, AttributeValue)), None
    )
