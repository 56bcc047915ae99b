"""What all models share: camelCase JSON, `@type`, and the two ways to read JSON.

* **Strict**, for what is sent: `Request(...)` or `Request.model_validate(json)`. Unknown properties, wrong types and
  broken limits are refused with a `pydantic.ValidationError` that names the JSON path of each problem
  (`items.0.mustBeAccepted`).
* **Lenient**, for what a Connector answers: `Request.from_api(json)`. Unknown properties are kept, limits are not
  checked, and an object whose `@type` is unknown (or that does not fit its `@type`) becomes an instance of its
  family's base class with everything in it.

Either way `model_dump()` gives the API's JSON: camelCase names, `@type` first, nothing for what is None.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Self, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

from enmeshed_nb.content.since import FIRST, Since

_LENIENT = {"lenient": True}
_T = TypeVar("_T")


def _lenient(info: ValidationInfo) -> bool:
    return bool(info.context and info.context.get("lenient"))


def problem(message: str) -> PydanticCustomError:
    """Return the error that refuses a value with *message*."""
    return PydanticCustomError("enmeshed", "{message}", {"message": message})


def rule(problem_of: Callable[[Any], str | None]) -> AfterValidator:
    """Return a validator that refuses a value for which *problem_of* returns a sentence.

    Rules hold for what is sent, not for answers.
    """

    def check(value: Any, info: ValidationInfo) -> Any:
        if not _lenient(info) and (sentence := problem_of(value)):
            raise problem(sentence)
        return value

    check.problem_of = problem_of  # type: ignore[attr-defined]  # for who wants to know the rule: `fields.py`
    return AfterValidator(check)


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, kind))


def read_answer(kind: type[_T], json: Any) -> _T:
    """Read *json* leniently as *kind*, a model or e.g. a list of models.

    Raises:
        pydantic.ValidationError: *json* is something else altogether.
    """
    return cast(_T, _adapter(cast(Hashable, kind)).validate_python(json, extra="allow", context=_LENIENT))


class Model(BaseModel):
    """A JSON object of the API: camelCase outside, snake_case inside; not changed once made."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        serialize_by_alias=True,
        polymorphic_serialization=True,
        extra="forbid",
        frozen=True,
        defer_build=True,
    )

    @classmethod
    def from_api(cls, json: Any) -> Self:
        """Read *json* leniently, as it came from a Connector.

        Raises:
            pydantic.ValidationError: *json* is something else altogether.
        """
        return cls.model_validate(json, extra="allow", context=_LENIENT)

    def problems(self) -> Iterable[tuple[str, str]]:
        """Yield (JSON name of a property, what is wrong) for rules over several properties."""
        return ()

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return ((name, value) for name, value in super().__repr_args__() if value is not None)

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        model = handler(data)
        if not _lenient(info) and (found := list(model.problems())):
            raise ValidationError.from_exception_data(
                cls.__name__,
                [InitErrorDetails(type=problem(sentence), loc=(name,), input=data) for name, sentence in found],
            )
        return model

    @model_serializer(mode="wrap")
    def _write(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written = {name: value for name, value in handler(self).items() if value is not None}
        return written | (self.__pydantic_extra__ or {})


class Typed(Model):
    """A JSON object that says what it is in `@type`: the name of its class.

    A class defined with `family=True` only stands for its subclasses: reading gives an instance of the subclass that
    `@type` names. One defined with `since=…` is not known to every Connector 7; its docstring says so, too.
    """

    _family: ClassVar[bool] = True
    _since: ClassVar[Since] = FIRST

    def __init_subclass__(cls, *, family: bool = False, since: Since = FIRST, **options: Any) -> None:
        """Remember whether the class is one of the API's types or only stands for several, and how old it is."""
        super().__init_subclass__(**options)
        cls._family, cls._since = family, since
        _types_of.cache_clear()
        if since is not FIRST:
            cls.__doc__ = f"{cls.__doc__ or ''}\n\nSince {since}.\n"

    @property
    def type_name(self) -> str:
        """The `@type` of the object."""
        return str((self.__pydantic_extra__ or {}).get("@type", type(self).__name__))

    @classmethod
    def _types(cls) -> Iterator[type["Typed"]]:
        if not cls._family:
            yield cls
        for subclass in cls.__subclasses__():
            yield from subclass._types()

    @model_validator(mode="wrap")
    @classmethod
    def _dispatch(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if not isinstance(data, Mapping):
            return handler(data)
        name = data.get("@type", None if cls._family else cls.__name__)
        if name == cls.__name__ and not cls._family:
            return handler({key: value for key, value in data.items() if key != "@type"})
        known = _types_of(cls)
        if _lenient(info):
            if name in known:
                try:
                    return known[name].from_api(data)  # type: ignore[return-value]
                except ValidationError:
                    if not cls._family:
                        raise
            return handler(data)
        if name in known:
            return known[name].model_validate(data)  # type: ignore[return-value]
        raise problem(f"'@type' {'is missing' if name is None else repr(name)}; known are {', '.join(sorted(known))}")

    @model_serializer(mode="wrap")
    def _write(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {"@type": self.type_name, **super()._write(handler)}


@cache
def _types_of(*families: type[Typed]) -> Mapping[str, type[Typed]]:
    """Return the types of some families by their names; a new class begins with an empty cache."""
    return {kind.__name__: kind for family in families for kind in family._types()}


def one_of(*families: type[Typed]) -> BeforeValidator:
    """Return a validator that reads an object of one of *families*, chosen by its `@type`."""

    def read(data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, Mapping):
            return data
        known = _types_of(*families)
        kind = known.get(str(data.get("@type")))
        if kind is not None or _lenient(info):
            family = next((each for each in families if kind and issubclass(kind, each)), families[0])
            return family.from_api(data) if _lenient(info) else family.model_validate(data)
        raise problem(f"'@type' {data.get('@type', 'is missing')!r}; known are {', '.join(sorted(known))}")

    return BeforeValidator(read)


def _aware(value: datetime) -> str | None:
    return None if value.tzinfo else "needs a time zone, e.g. datetime.now(UTC) or a text that ends with 'Z'"


def iso(value: datetime) -> str:
    """Return *value* as the API writes points in time: ISO 8601 in UTC with milliseconds."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_json(value: Any) -> Any:
    """Return *value* as the API's JSON: models by `model_dump`, datetimes as ISO texts, also within lists and dicts."""
    match value:
        case BaseModel():
            return value.model_dump()
        case datetime():
            return iso(value)
        case Mapping():
            return {name: to_json(each) for name, each in value.items()}
        case list() | tuple():
            return [to_json(each) for each in value]
        case _:
            return value


def _not_a_number(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and "-" in value):
        return value
    raise problem("must be a datetime or an ISO 8601 text such as '2030-01-31T12:00:00Z'")


Timestamp = Annotated[datetime, BeforeValidator(_not_a_number), rule(_aware), PlainSerializer(iso)]
"""A point in time; in JSON an ISO 8601 text in UTC with milliseconds."""
