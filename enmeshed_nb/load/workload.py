"""What is sent: Requests that a seed determines, and how each of them is to be decided."""

import random
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, count
from typing import Any, Self

from enmeshed_nb.content import (
    AuthenticationRequestItem,
    ConsentRequestItem,
    CreateAttributeRequestItem,
    DecideRequestParameters,
    EMailAddress,
    FormFieldRequestItem,
    IdentityAttribute,
    IdentityAttributeQuery,
    ProposeAttributeRequestItem,
    ProprietaryString,
    RatingFormFieldSettings,
    ReadAttributeRequestItem,
    RelationshipAttribute,
    Request,
    RequestItem,
)
from enmeshed_nb.guide import accept_all, reject_all
from enmeshed_nb.guide.text import listed
from enmeshed_nb.load.errors import LoadError

Made = tuple[RequestItem, dict[str, Any]]
"""An item, and what its acceptance gives."""
REJECT = "reject"


def _authentication(_: str, stars: int) -> Made:
    return AuthenticationRequestItem(title=f"Is it you at desk {stars}?", must_be_accepted=True), {}


def _consent(_: str, stars: int) -> Made:
    terms = "I have read these terms, and I agree to them. " * 10 * stars
    return ConsentRequestItem(consent=terms.strip(), must_be_accepted=True), {}


def _form(_: str, stars: int) -> Made:
    settings = RatingFormFieldSettings(max_rating=5)
    return FormFieldRequestItem(title="How was it?", settings=settings, must_be_accepted=True), {"response": stars}


def _mail(mark: str) -> IdentityAttribute:
    return IdentityAttribute(owner="", value=EMailAddress(value=f"load-{mark}@example.org"))


def _read(mark: str, _: int) -> Made:
    query = IdentityAttributeQuery(value_type="EMailAddress")
    return ReadAttributeRequestItem(query=query, must_be_accepted=True), {"new_attribute": _mail(mark)}


def _propose(mark: str, _: int) -> Made:
    query = IdentityAttributeQuery(value_type="EMailAddress")
    return ProposeAttributeRequestItem(attribute=_mail(mark), query=query, must_be_accepted=True), {}


def _create(mark: str, _: int) -> Made:
    value = ProprietaryString(title="Number of a load", value=mark)
    attribute = RelationshipAttribute(owner="", key=f"load-{mark}", confidentiality="private", value=value)
    return CreateAttributeRequestItem(attribute=attribute, must_be_accepted=True), {}


KINDS: Mapping[str, Callable[[str, int], Made]] = {
    "authentication": _authentication,
    "consent": _consent,
    "form": _form,
    "read": _read,
    "propose": _propose,
    "create": _create,
}
"""What can be asked, by the names that a mix uses."""
MAKE_ATTRIBUTES = ("read", "propose", "create")
"""The kinds whose acceptance leaves an Attribute at both sides."""


@dataclass(frozen=True)
class Mix:
    """How often which kind of item is asked, and which share of the Requests is rejected.

    Attributes:
        weights: of the kinds, by their names.
        reject: the share, from 0 to 1.
    """

    weights: Mapping[str, float] = field(default_factory=lambda: {"authentication": 1, "consent": 1, "form": 1})
    reject: float = 0.1

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the mix that a text like `authentication=3,consent=1,reject=0.2` says.

        What is not named is not asked; `reject` not named is 0.

        Raises:
            LoadError: the text says no mix; tells which part of it.
        """
        known = f"Kinds are {', '.join(KINDS)}; e.g. authentication=3,consent=1,{REJECT}=0.2."
        found: dict[str, float] = {}
        for part in text.split(","):
            name, _, number = (each.strip() for each in part.partition("="))
            if name not in (*KINDS, REJECT):
                raise LoadError(f"The mix {text!r}: there is no kind {name!r}.", known)
            if name in found:
                raise LoadError(f"The mix {text!r}: {name} stands twice.", known)
            try:
                found[name] = float(number or "1")
            except ValueError:
                raise LoadError(f"The mix {text!r}: {number!r} is no number.", known) from None
            if not 0 <= found[name] <= (1 if name == REJECT else 1000):
                raise LoadError(f"The mix {text!r}: {name}={number} is too little or too much.", known)
        reject = found.pop(REJECT, 0.0)
        weights = {name: found[name] for name in KINDS if found.get(name)}
        if not weights:
            raise LoadError(f"The mix {text!r} asks nothing.", known)
        return cls(weights, reject)

    def __str__(self) -> str:
        parts = [f"{name}={weight:g}" for name, weight in self.weights.items()]
        return ",".join([*parts, f"{REJECT}={self.reject:g}"])


@dataclass(frozen=True)
class Planned:
    """One Request of a load.

    Attributes:
        number: its place, from 1.
        kind: the kind of its item.
        request: what is sent.
        accept: whether it is to be accepted, else rejected.
        given: what its acceptance gives.
    """

    number: int
    kind: str
    request: Request
    accept: bool
    given: Mapping[str, Any]

    def decision(self) -> DecideRequestParameters:
        """Return the decision about it."""
        return accept_all(self.request, {0: self.given}) if self.accept else reject_all(self.request)


def planned(seed: int, mix: Mix, mark: str, title: str = "Load") -> Iterator[Planned]:
    """Yield Requests without end: the same ones for the same seed and mix, but for the mark.

    Args:
        seed: determines kinds, texts and decisions.
        mix: of kinds and decisions.
        mark: stands in Attributes, which must not be the same in two loads.
        title: what the Requests' titles begin with: by it they are found.
    """
    chance = random.Random(seed)  # noqa: S311 - it is to be the same again
    names, ends = [*mix.weights], [*accumulate(mix.weights.values())]
    for number in count(1):
        kind = names[bisect(ends, chance.random() * ends[-1])]
        stars, accept = 1 + int(chance.random() * 5), chance.random() >= mix.reject
        item, given = KINDS[kind](f"{mark}-{number}", stars)
        request = Request(title=f"{title} {number} of seed {seed}", items=[item])
        yield Planned(number, kind, request, accept, given)


def created(mix: Mix, requests: int, *, related: bool = False) -> str:
    """Say in words what a load leaves at both Connectors.

    Args:
        mix: of kinds.
        requests: how many at most.
        related: whether they have a Relationship already.
    """
    made = [name for name in MAKE_ATTRIBUTES if name in mix.weights]
    parts = [f"up to {requests} Requests and {2 * requests} Messages"]
    parts += [f"an Attribute for each accepted one of the kinds {listed(made)}"] if made else []
    parts += [] if related else ["a Relationship between them"]
    return listed(parts)
