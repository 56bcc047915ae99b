"""The controls for what accepting an item of a Request needs: an answer, a date, an Attribute."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import htpy
import ipywidgets
from pydantic import ValidationError

from enmeshed_nb.content import (
    BooleanFormFieldSettings,
    DateFormFieldSettings,
    DeleteAttributeRequestItem,
    DoubleFormFieldSettings,
    FormFieldRequestItem,
    IntegerFormFieldSettings,
    ProposeAttributeRequestItem,
    RatingFormFieldSettings,
    ReadAttributeRequestItem,
    RequestItem,
    SelectionFormFieldSettings,
    StringFormFieldSettings,
    ThirdPartyRelationshipAttributeQuery,
    value_model,
    value_type_of,
)
from enmeshed_nb.guide import Problem, problems
from enmeshed_nb.guide.answers import first_value, new_attribute
from enmeshed_nb.guide.naming import words_of
from enmeshed_nb.widgets.form import ModelForm, Upload
from enmeshed_nb.widgets.panel import line, note, wide

Inputs = dict[str, Any]
"""What accepting an item needs, as `Decision.accept` takes it."""
_HIDDEN = frozenset({"value_hints_override"})


class AnswerControls(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The controls for what accepting an item needs; none if it needs nothing.

    Args:
        item: the item.
        on_change: is called after each change.
        own_address: the address of who answers.
        own_attributes: returns the ids of the own Attributes of a value type, by name.
        upload: makes a control to upload what a new value may refer to.
    """

    def __init__(
        self,
        item: RequestItem,
        on_change: Callable[[], None],
        *,
        own_address: str,
        own_attributes: Callable[[str], Mapping[str, str]],
        upload: Upload | None = None,
    ) -> None:
        self._form: ModelForm | None = None
        self._on_change, self._own_address, self._own_attributes = on_change, own_address, own_attributes
        self._upload, self._item = upload, item
        controls, self._read = self._controls({})
        super().__init__(controls)

    @property
    def inputs(self) -> Inputs:
        """What was entered.

        Raises:
            pydantic.ValidationError: a new value breaks a limit.
        """
        return self._read()

    def take(self, inputs: Inputs) -> None:
        """Begin with other *inputs*, as `Decision.accept` takes them; the control shows each that it can hold."""
        self.children, self._read = self._controls(inputs)

    def check(self) -> list[Problem]:
        """Return what is wrong with a new value, without asking a Connector; what is required must not be empty."""
        form = self._form if self._form in _shown(self) else None
        if form is None:
            return []
        if empty := form.unfilled():
            return [Problem((), f"{words_of(str(each[-1]))} is empty.", each, "Fill this in.") for each in empty]
        try:
            self._read()
        except ValidationError as error:
            return [Problem((), each.said, each.field[1:], each.said) for each in problems(error)]
        return []

    def show(self, found: Iterable[Problem]) -> list[str]:
        """Show problems at the properties of a new value, and return the others."""
        if self._form is None:
            return [each.said for each in found]
        return self._form.show((each.field, each.said) for each in found)

    def _controls(self, given: Inputs) -> tuple[list[Any], Callable[[], Inputs]]:
        match self._item:
            case FormFieldRequestItem(settings=settings):
                field = _field_for(settings)
                if "response" in given:
                    field.value = _written(field, given["response"])
                self._watched(field)
                return [field], lambda: {"response": _response(settings, field.value)}
            case DeleteAttributeRequestItem():
                until = given.get("deletion_date", datetime.now(UTC) + timedelta(days=30))
                day = self._watched(ipywidgets.DatetimePicker(value=until, description="Delete on *", **wide()))
                return [day], lambda: {"deletion_date": day.value} if day.value else {}
            case ReadAttributeRequestItem() as item:
                return self._reading(item, given)
            case ProposeAttributeRequestItem() as item:
                return self._correcting(item, given)
            case _:
                return [], dict

    def _reading(self, item: ReadAttributeRequestItem, given: Inputs) -> tuple[list[Any], Callable[[], Inputs]]:
        chosen, new = str(given.get("existing_attribute_id", "")), given.get("new_attribute")
        model = value_model(value_type_of(item.query))
        third_party = isinstance(item.query, ThirdPartyRelationshipAttributeQuery)
        if third_party or model is None:
            entry = self._watched(line("Attribute id *", value=chosen, placeholder="ATT…"))
            return [entry], lambda: {"existing_attribute_id": entry.value} if entry.value else {}
        own = self._own_attributes(model.__name__) if item.query.type_name != "RelationshipAttributeQuery" else {}
        source = ipywidgets.Dropdown(
            options=[("a new one", ""), *own.items()],
            value="" if new else chosen if chosen in own.values() else next(iter(own.values()), ""),
            description="Answer with",
            **wide(),
        )
        first = _value_of(new) if new else first_value(item.query)
        self._form = value = ModelForm(model, first, self._on_change, _HIDDEN, self._upload)
        box = ipywidgets.VBox()

        def show(_: object = None) -> None:
            box.children = [] if source.value else [value]

        source.observe(show, "value")
        show()

        def read() -> Inputs:
            if source.value:
                return {"existing_attribute_id": source.value}
            return {"new_attribute": new_attribute(item.query, self._own_address, value.value)}

        return [self._watched(source), box], read

    def _correcting(self, item: ProposeAttributeRequestItem, given: Inputs) -> tuple[list[Any], Callable[[], Inputs]]:
        proposed = getattr(item.attribute, "value", None)
        model = value_model(proposed.type_name) if proposed else None
        if proposed is None or model is None:
            return [], dict
        first = _value_of(given.get("attribute", item.attribute))
        self._form = value = ModelForm(model, first, self._on_change, _HIDDEN, self._upload)

        def read() -> Inputs:
            written = item.attribute.model_dump()
            written["value"] = {"@type": model.__name__, **value.value}
            written["owner"] = self._own_address
            return {"attribute": type(item.attribute).model_validate(written)}

        return [note(htpy.p(".enb-muted")["Proposed; you may correct it."]), value], read

    def _watched(self, control: Any) -> Any:
        control.observe(lambda _: self._on_change(), "value")
        return control


def _shown(widget: Any) -> Iterator[Any]:
    """Yield all that is in a widget now."""
    for each in getattr(widget, "children", ()):
        yield each
        yield from _shown(each)


def _value_of(attribute: Any) -> dict[str, Any]:
    """Return the JSON of an Attribute's value, without its `@type`."""
    return {key: each for key, each in attribute.value.model_dump().items() if key != "@type"}


def _written(field: Any, response: Any) -> Any:
    """Return an answer as its control holds it."""
    match field:
        case ipywidgets.DatePicker():
            return date.fromisoformat(str(response)[:10])
        case ipywidgets.Text() | ipywidgets.Textarea():
            return str(response)
        case _:
            return response


def _field_for(settings: Any) -> Any:
    if choices := _choices(settings):
        words = "Rating *" if isinstance(settings, RatingFormFieldSettings) else "Answer *"
        return ipywidgets.Dropdown(options=[("choose …", None), *choices], description=words, **wide())
    match settings:
        case SelectionFormFieldSettings(options=options):
            return ipywidgets.SelectMultiple(
                options=options, description="Answer *", rows=min(6, len(options)), **wide()
            )
        case StringFormFieldSettings(allow_newlines=True):
            return ipywidgets.Textarea(description="Answer *", continuous_update=False, **wide())
        case DateFormFieldSettings():
            return ipywidgets.DatePicker(description="Answer *", **wide())
        case _:
            return line("Answer *")


def _choices(settings: Any) -> list[tuple[str, Any]]:
    match settings:
        case BooleanFormFieldSettings():
            return [("Yes", True), ("No", False)]
        case RatingFormFieldSettings(max_rating=most):
            return [(str(each), each) for each in range(1, most + 1)]
        case SelectionFormFieldSettings(options=options, allow_multiple_selection=None):
            return [(each, each) for each in options]
        case _:
            return []


def _response(settings: Any, value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(settings, IntegerFormFieldSettings | DoubleFormFieldSettings) and isinstance(value, str):
        for reader in (int, float):
            try:
                return reader(value)
            except ValueError:
                continue
    return value
