"""Rendered templates as the rules read them: plain data, and the settings that they were made from."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import yaml

from generator.config.settings import Settings

Body: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """A resource of a template."""

    file: str
    name: str
    body: Body

    @property
    def type(self) -> str:
        """Its type without `AWS::`."""
        kind: str = self.body["Type"]
        return kind.removeprefix("AWS::")

    @property
    def properties(self) -> Body:
        """What it is told."""
        found: Body = self.body.get("Properties", {})
        return found

    def breaks(self, what: str) -> "Violation":
        """It breaks a rule."""
        return Violation(self.file, self.name, what)


@dataclass(frozen=True)
class Violation:
    """Where a rule is broken, and how."""

    file: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.where}: {self.what}"


@dataclass(frozen=True)
class Text:
    """A text somewhere in a template, and the keys that lead to it."""

    file: str
    path: tuple[str, ...]
    value: str

    def breaks(self, what: str) -> Violation:
        """It breaks a rule."""
        return Violation(self.file, self.path[1] if len(self.path) > 1 else self.path[0], f"{what}: {self.value!r}")


@dataclass(frozen=True)
class House:
    """The templates of one environment."""

    texts: Mapping[str, str]
    settings: Settings
    bodies: Mapping[str, Body] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bodies", {file: _read(text) for file, text in self.texts.items()})

    def resources(self, *types: str) -> Iterator[Resource]:
        """Resources of these types (without `AWS::`); of all types without any."""
        for file, body in self.bodies.items():
            for name, resource in body.get("Resources", {}).items():
                one = Resource(file, name, resource)
                if not types or one.type in types:
                    yield one

    def section(self, name: str) -> Iterator[tuple[str, str, Any]]:
        """File, name and body of what a section (Parameters, Outputs, ...) of any template holds."""
        for file, body in self.bodies.items():
            for key, value in body.get(name, {}).items():
                yield file, key, value

    @cached_property
    def every_text(self) -> list[Text]:
        """Every text in every template but for what checkers are told, without what the user wrote."""
        return [
            Text(file, path, self._without_users_words(text))
            for file, body in self.bodies.items()
            for path, text in walk(body)
            if isinstance(text, str) and "Metadata" not in path
        ]

    def _without_users_words(self, text: str) -> str:
        """A text without what the user wrote in the settings, if that is what the rules look for."""
        for word in self._users_words:
            text = text.replace(word, "")
        return text

    @cached_property
    def _users_words(self) -> list[str]:
        said = {text for _, text in walk(self.settings.model_dump(mode="json")) if isinstance(text, str)}
        names = {key for path, _ in walk(self.settings.model_dump(mode="json")) for key in path}
        names |= {self.settings.stack_name, self.settings.secrets_prefix}
        # A role is for the whole secret, of which the user names one key: `…:secret:name:key::`.
        arns = {":".join(text.split(":")[:7]) for text in said if text.startswith("arn:")}
        odd = {text for text in said | names | arns if re.search(r"\d{12}|amazonaws|arn:|-\d", text)}
        return sorted(odd, key=lambda text: (-len(text), text))


@lru_cache(maxsize=1024)
def _read(text: str) -> Body:
    """A template as data; many settings share many templates, and reading is what takes the time."""
    found: Body = yaml.load(text, yaml.CSafeLoader)
    return found


Rule: TypeAlias = Callable[[House], Iterator[Violation]]


def walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every leaf of plain data with the keys that lead to it; items of lists have no key of their own."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from walk(one, (*path, str(key)))
    elif isinstance(value, list):
        for one in value:
            yield from walk(one, path)
    else:
        yield path, value


def said(value: Any) -> str:
    """A value as one text to look into."""
    return value if isinstance(value, str) else json.dumps(value)
