"""Every key that service.yml can have, read from the models: for the documentation, the answers, and the tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from generator.config.fields import Change, Section

MadeUp: TypeAlias = str
"""A part of a path that users make up: `<name>` in a mapping, `[]` in a list."""
ONE_OF_A_MAPPING: MadeUp = "<name>"
ONE_OF_A_LIST: MadeUp = "[]"
MADE_UP: dict[object, MadeUp] = {dict: ONE_OF_A_MAPPING, list: ONE_OF_A_LIST}


@dataclass(frozen=True)
class Entry:
    """One key: where it is, the model it belongs to, and what the model says of it."""

    path: tuple[str, ...]
    owner: type[Section]
    field: str
    info: FieldInfo
    section: type[Section] | None
    """The model of what stands below it, if it is no leaf."""

    @property
    def dotted(self) -> str:
        """The path as people write it."""
        return ".".join(self.path).replace(f".{ONE_OF_A_LIST}", ONE_OF_A_LIST)

    @property
    def change(self) -> Change | None:
        """What changing it does; None only for sections, whose leaves say it."""
        return Change[str(self._extra["change"])] if "change" in self._extra else None

    @property
    def cost(self) -> str:
        """What it does to the bill, in a few words."""
        return str(self._extra.get("cost", ""))

    @property
    def meaning(self) -> str:
        """What it is for; a section's own words where the key has none."""
        return self.info.description or (self.section.__doc__ or "" if self.section else "")

    @property
    def required(self) -> bool:
        """Whether it must be written."""
        return self.info.is_required()

    @property
    def default(self) -> Any:  # noqa: ANN401
        """Its default, as plain data; PydanticUndefined where there is none."""
        return PydanticUndefined if self.required else plain(self.info.default)

    @property
    def _extra(self) -> dict[str, Any]:
        extra = self.info.json_schema_extra
        return extra if isinstance(extra, dict) else {}


def entries(model: type[Section], above: tuple[str, ...] = ()) -> Iterator[Entry]:
    """Every key below `model`, each section before what stands in it, in the order of the models."""
    for name, info in model.model_fields.items():
        made_up, section = _inside(info.annotation)
        path = (*above, alias(name, info))
        yield Entry(path, model, name, info, section)
        if section:
            yield from entries(section, (*path, *made_up))


def leaves(model: type[Section]) -> Iterator[Entry]:
    """Every key that holds a value."""
    return (entry for entry in entries(model) if entry.section is None)


def section_at(model: type[Section], path: tuple[str | int, ...]) -> type[Section]:
    """The model that stands at `path` of a settings file, or the last one on the way there."""
    rest = list(path)
    while rest:
        found = field_at(model, (rest.pop(0),))
        made_up, section = _inside(found.annotation) if found else ((), None)
        if section is None:
            break
        model, rest = section, rest[len(made_up) :]
    return model


def field_at(model: type[Section], path: tuple[str | int, ...]) -> FieldInfo | None:
    """The field of the model at `path` that its last part names, if there is one."""
    *above, last = path
    fields = (section_at(model, tuple(above)) if above else model).model_fields
    return next((info for name, info in fields.items() if last in (name, alias(name, info))), None)


def alias(name: str, info: FieldInfo) -> str:
    """The key as service.yml writes it."""
    return str(info.alias or name)


def plain(value: object) -> Any:  # noqa: ANN401
    """Settings as plain data, with the keys of service.yml."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _inside(annotation: object) -> tuple[tuple[MadeUp, ...], type[Section] | None]:
    """The section in an annotation, and the parts of a path that lead to it through mappings and lists."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return (), annotation
    part = MADE_UP.get(get_origin(annotation))
    for inner in get_args(annotation):
        made_up, section = _inside(inner)
        if section:
            return (part, *made_up) if part else made_up, section
    return (), None
