"""docs/settings.md, from the models and rules themselves: every setting, and every finding."""

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import Any

from pydantic_core import PydanticUndefined

from generator.config.check import RULES
from generator.config.fields import Change
from generator.config.findings import Level
from generator.config.leaves import Entry, entries, leaves
from generator.config.schema import schema
from generator.config.settings import Settings

HEAD = """\
# Settings

Every key of `service.yml`, written from the models that check it. Types are those of JSON; what stands in `<...>` is a
name that you choose, and `[]` is each item of a list. An environment is a mapping under `environments:` that is laid
over the rest: mappings merge key by key, everything else is replaced, and `null` takes away what was written.

The column *change* says what a deploy does to a running system when the setting has changed:

"""
FINDINGS = """\
## Findings

What is checked between settings, offline, at every verb. An error stops; a warning is risky; a note is worth knowing.
Warnings and notes are silenced by their name, with the reason: `accept: {no-https: "behind our VPN"}`.

| name | level | meaning |
|---|---|---|
"""
EXPLAINED = {
    Change.NOTHING: "nothing",
    Change.IN_PLACE: "in place",
    Change.RESTART: "restart",
    Change.INTERRUPTION: "interruption",
    Change.REPLACEMENT: "replacement",
    Change.DATA: "**data**",
    Change.REFUSED: "**refused**",
    Change.FIRST: "first deploy",
    Change.ANOTHER: "another",
}


def markdown() -> str:
    """The text of docs/settings.md."""
    policies = "".join(f"- {EXPLAINED[change]}: {change.value}\n" for change in Change)
    return f"{HEAD}{policies}\n{''.join(_sections())}{FINDINGS}{''.join(_findings())}"


def _sections() -> Iterator[str]:
    """A table a section, in the order of the models; leaves of the file itself first."""
    shown = (entry for entry in leaves(Settings) if entry.path != ("environment",))
    rows = sorted(shown, key=lambda entry: len(entry.path) > 1)
    written = {entry.path: entry for entry in entries(Settings)}
    for above, inside in groupby(rows, key=_heading):
        section = written.get(above)
        title = ".".join(above) if above else "The file itself"
        meaning = f"{section.meaning}\n\n" if section else ""
        yield f"## {title}\n\n{meaning}| key | type | default | meaning | change | cost |\n|---|---|---|---|---|---|\n"
        yield from map(_row, inside)
        yield "\n"


def _heading(entry: Entry) -> tuple[str, ...]:
    """Components stand apart, everything else by its first key."""
    if entry.path[0] == "service":
        return entry.path[:2] if len(entry.path) > 2 else entry.path[:1]
    return entry.path[:1] if len(entry.path) > 1 else ()


def _row(entry: Entry) -> str:
    cells = (
        f"`{entry.dotted}`",
        _type(entry),
        _default(entry),
        entry.meaning,
        EXPLAINED[entry.change] if entry.change else "",
        entry.cost,
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _default(entry: Entry) -> str:
    default = entry.default
    if default is PydanticUndefined:
        return "must be written" if entry.required else ""
    if default is None or default == "":
        return "-"
    return f"`{default if isinstance(default, str) else _as_yaml(default)}`"


def _as_yaml(value: Any) -> str:  # noqa: ANN401
    return str(value).lower() if isinstance(value, bool) else str(value)


def _type(entry: Entry) -> str:
    """The type in a few words, from the JSON schema that editors use."""
    whole = _schema()
    return _words(whole["$defs"].get(entry.owner.__name__, whole)["properties"][entry.path[-1]])


@cache
def _schema() -> dict[str, Any]:
    return schema()


def _words(part: dict[str, Any]) -> str:
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    if "anyOf" in part:
        return " or ".join(dict.fromkeys(_words(one) for one in part["anyOf"] if one != {"type": "null"}))
    if part.get("type") == "array":
        return f"list of {_words(part['items'])}"
    if part.get("type") == "object":
        return "mapping"
    low, high = part.get("minimum"), part.get("maximum")
    return str(part.get("type", "")) + (f", {low} to {high}" if high is not None else "")


def _findings() -> Iterator[str]:
    order = list(Level)
    for one in sorted(RULES, key=lambda one: (order.index(one.level), one.name)):
        yield f"| `{one.name}` | {one.level} | {one.meaning} |\n"
