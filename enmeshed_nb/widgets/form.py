"""A form for any model of `content`: one control for each property, made from what `content.fields` says of it."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import htpy
import ipywidgets

from enmeshed_nb.connector import File
from enmeshed_nb.content.fields import Field, fields_of
from enmeshed_nb.content.model import Model, iso
from enmeshed_nb.guide.naming import words_of
from enmeshed_nb.widgets.panel import Alert, note, wide

Location = tuple[str | int, ...]
"""The place of a property in JSON."""
Entry = tuple[Any, Callable[[], Any]]
"""A control, and what returns its value."""
Upload = Callable[[Callable[[File], None]], Any]
"""Makes a control that uploads a file of the reader's, and calls something with the File."""

_BESIDE = "0 0 0 158px"
"""The margin of what stands below a control, so that it begins where the control does, right of its label."""
_LONG = 300
_FEW = 30
_LEFT_OUT: Any = object()


class ModelForm(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The properties of one model.

    What was typed is kept as it is: a text in a number's field stays there and is part of `value`, where whoever checks
    it finds it.

    Args:
        model: the model.
        value: its JSON to begin with; properties without a control stay as they are.
        on_change: is called after each change.
        skip: Python names of properties without a control.
        upload: makes a control to upload what a File's reference may refer to; None: there is none.
    """

    def __init__(
        self,
        model: type[Model],
        value: Mapping[str, Any],
        on_change: Callable[[], None],
        skip: frozenset[str] = frozenset(),
        upload: Upload | None = None,
    ) -> None:
        self._rest = dict(value)
        self._controls: dict[str, Control] = {}
        for field in fields_of(model):
            if field.name not in skip:
                self._controls[field.key] = control_for(field, self._rest.pop(field.key, None), on_change, upload)
        super().__init__([each.widget for each in self._controls.values()])

    def show(self, found: Iterable[tuple[Location, str]]) -> list[str]:
        """Show each problem at the property where it is, and only these.

        Args:
            found: the place of a property in the JSON, and what is wrong there.

        Returns:
            the problems that have no control here.
        """
        rest: list[str] = []
        at: dict[str, list[tuple[Location, str]]] = {key: [] for key in self._controls}
        for place, said in found:
            if place and place[0] in at:
                at[str(place[0])].append((place[1:], said))
            else:
                where = words_of(str(place[-1])) if place else ""
                rest.append(f"{where}: {said}" if where else said)
        for key, each in self._controls.items():
            each.show(at[key])
        return rest

    def unfilled(self) -> list[Location]:
        """Return the places of the properties that are required and empty."""
        return [(key, *place) for key, each in self._controls.items() for place in each.unfilled()]

    @property
    def value(self) -> dict[str, Any]:
        """The JSON; properties that are empty are left out."""
        given = {key: each.value() for key, each in self._controls.items()}
        return self._rest | {key: value for key, value in given.items() if value is not _LEFT_OUT}

    def control(self, key: str) -> "Control":
        """Return the control of a property."""
        return self._controls[key]


class Control:
    """The control of one property.

    Attributes:
        widget: what is shown.
        value: returns what was entered, as JSON.
        show: shows what is wrong with the property.
        unfilled: returns the places within the property that are required and empty.
    """

    def __init__(
        self,
        widget: Any,
        value: Callable[[], Any],
        show: Callable[[list[tuple[Location, str]]], None],
        unfilled: Callable[[], list[Location]],
    ) -> None:
        self.widget, self.value, self.show, self.unfilled = widget, value, show, unfilled


def control_for(field: Field, value: Any, on_change: Callable[[], None], upload: Upload | None = None) -> Control:
    """Return the control of a property."""
    if field.kind == "object":
        chooser = _ObjectChooser(field, value, on_change, upload)
        return Control(chooser, lambda: chooser.value, chooser.show, chooser.unfilled)
    entry, read = _simple(field, value, on_change)
    problem = Alert()
    problem.layout.margin = _BESIDE

    def show(found: list[tuple[Location, str]]) -> None:
        problem.show(*(said for _, said in found))

    def unfilled() -> list[Location]:
        given = read()
        empty = not given.strip() if isinstance(given, str) else given == []
        return [()] if field.required and empty else []

    parts = [entry, _uploading(entry, upload) if field.kind == "file" and upload else None, _help(field), problem]
    return Control(ipywidgets.VBox([each for each in parts if each is not None]), read, show, unfilled)


def _uploading(entry: Any, upload: Upload) -> Any:
    """A control that uploads a file and enters its reference."""

    def enter(file: File) -> None:
        entry.value = file.reference.truncated

    made = upload(enter)
    made.layout.margin = _BESIDE
    return made


def _help(field: Field) -> Any:
    """What a property means, if its name does not say it."""
    if not field.help:
        return None
    words = field.help.replace("None: ", "empty: ")
    shown = note(htpy.div(".enb-muted")[words[:1].upper() + words[1:]])
    shown.layout.margin = _BESIDE
    return shown


def _simple(field: Field, value: Any, on_change: Callable[[], None]) -> Entry:
    words = words_of(field.key) + (" *" if field.required else "")
    common = {
        "description": words,
        "tooltip": _limits(field),
        **wide(),
    }
    if field.kind == "flag":
        box = ipywidgets.Checkbox(
            value=value is True,
            description=words.removesuffix(" *"),
            indent=True,
            tooltip=_limits(field),
            **wide(),
        )
        box.observe(lambda _: on_change(), "value")
        return box, lambda: bool(box.value) if field.required or box.value else _LEFT_OUT
    if field.choices and len(field.choices) <= _FEW:
        return _dropdown(field, value, common, on_change)
    if field.kind == "time" and (value is None or moment_of(value)):
        return _moment(field, moment_of(value), common, on_change)
    written = _written(field, value)
    placeholder = _limits(field)
    if field.choices:
        entry = ipywidgets.Combobox(
            value=written, options=field.choices, placeholder=f"one of {len(field.choices)}", **common
        )
    elif field.kind in ("texts", "json") or (field.kind == "text" and (field.most or 0) > _LONG):
        entry = ipywidgets.Textarea(value=written, rows=3, placeholder=placeholder, continuous_update=False, **common)
    else:
        entry = ipywidgets.Text(value=written, placeholder=placeholder, continuous_update=False, **common)
    entry.observe(lambda _: on_change(), "value")
    return entry, lambda: _read(field, entry.value)


def _dropdown(field: Field, value: Any, common: dict[str, Any], on_change: Callable[[], None]) -> Entry:
    options = [*field.choices] if field.required else ["", *field.choices]
    if field.required and value not in options:
        value = options[0]
    elif value not in options:
        value = ""
    entry = ipywidgets.Dropdown(options=[(each or "-", each) for each in options], value=value, **common)
    entry.observe(lambda _: on_change(), "value")
    return entry, lambda: entry.value if entry.value or field.required else _LEFT_OUT


def _moment(field: Field, value: datetime | None, common: dict[str, Any], on_change: Callable[[], None]) -> Entry:
    entry = ipywidgets.DatetimePicker(value=value, **common)
    entry.observe(lambda _: on_change(), "value")
    return entry, lambda: iso(entry.value) if entry.value else "" if field.required else _LEFT_OUT


def moment_of(written: Any) -> datetime | None:
    """Return the point in time that JSON holds, None if it holds none."""
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _limits(field: Field) -> str:
    kinds = {
        "integer": "a whole number",
        "number": "a number",
        "time": "2030-01-31T12:00:00Z",
        "texts": "one on each line",
        "json": "JSON",
    }
    words = kinds.get(field.kind, "")
    if field.least is None or field.most is None:
        return words
    if field.kind in ("text", "file"):
        return f"{field.least} to {field.most} characters" if field.least else f"at most {field.most} characters"
    return f"{words} from {field.least} to {field.most}"


def _written(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if field.kind == "texts" and isinstance(value, list):
        return "\n".join(map(str, value))
    if field.kind == "json" and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _read(field: Field, written: str) -> Any:
    if not written:
        return [] if field.kind == "texts" and field.required else "" if field.required else _LEFT_OUT
    if field.kind == "texts":
        return written.split("\n")
    readers: dict[str, tuple[Callable[[str], Any], ...]] = {
        "integer": (int,),
        "number": (int, float),
        "json": (json.loads,),
    }
    for reader in readers.get(field.kind, ()):
        with suppress(ValueError):
            return reader(written)
    return written  # what cannot be read stays as it was typed


class _ObjectChooser(ipywidgets.VBox):  # type: ignore[misc]
    """A property that is an object: of which type, and the form of that type."""

    def __init__(self, field: Field, value: Any, on_change: Callable[[], None], upload: Upload | None) -> None:
        self._upload = upload
        self._types = {each.__name__: each for each in field.types}
        self._field, self._on_change = field, on_change
        given = dict(value) if isinstance(value, Mapping) else {}
        chosen = given.get("@type") if len(self._types) > 1 else next(iter(self._types))
        names = list(self._types) if field.required else ["", *self._types]
        if chosen not in names or (value is None and not field.required):
            chosen = names[0]
        self._type = ipywidgets.Dropdown(
            options=[(words_of(name) or "-", name) for name in names],
            value=chosen,
            description=words_of(field.key) + (" *" if field.required else ""),
            **wide(),
        )
        self._form: ModelForm | None = None
        self._type.observe(self._retyped, "value")
        self._problem = Alert()
        self._head = [each for each in (self._type, _help(field), self._problem) if each is not None]
        super().__init__(layout=ipywidgets.Layout(width="100%"))
        self._show(given)

    def show(self, found: list[tuple[Location, str]]) -> None:
        """Show each problem at its property, or here."""
        self._problem.show(*(self._form.show(found) if self._form else [said for _, said in found]))

    def unfilled(self) -> list[Location]:
        """Return the places of the object's properties that are required and empty."""
        return self._form.unfilled() if self._form else []

    @property
    def value(self) -> Any:
        """The object's JSON; left out without a type."""
        if self._form is None:
            return _LEFT_OUT
        typed = {"@type": self._type.value} if hasattr(self._types[self._type.value], "type_name") else {}
        return typed | self._form.value

    def _retyped(self, _: object) -> None:
        self._show(self._form.value if self._form else {})
        self._on_change()

    def _show(self, value: Mapping[str, Any]) -> None:
        model = self._types.get(self._type.value)
        if model is None:
            self._form = None
            self.children = self._head
            return
        known = {field.key for field in fields_of(model)}
        self._form = ModelForm(
            model,
            {key: each for key, each in value.items() if key in known},
            self._on_change,
            upload=self._upload,
        )
        self._form.layout = ipywidgets.Layout(margin="0 0 0 18px", width="auto")
        self.children = [*self._head, self._form]
