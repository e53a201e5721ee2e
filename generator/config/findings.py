"""Findings: what the rules say of settings that are well formed, each with a level and a name to accept it by."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from generator.config.settings import Settings
from generator.config.source import KeyPath, Position, Problem, Source, dotted


class Level(StrEnum):
    """How bad it is. An error cannot be accepted: AWS or Airflow would refuse, or break."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing that a rule says: of which key, and what to do about it."""

    level: Level
    name: str
    path: KeyPath
    what: str


@dataclass(frozen=True, order=True)
class LocatedFinding:
    """A finding and where in the file it belongs."""

    position: Position
    path: str
    level: Level
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.position}: {self.level}: {self.path}: {self.what} [{self.name}]"

    def problem(self) -> Problem:
        """The finding as one of the reasons why settings cannot be used."""
        return Problem(self.position, self.path, f"{self.what} [{self.name}]")


Found: TypeAlias = Iterator[tuple[KeyPath, str]]


@dataclass(frozen=True)
class Rule:
    """A question to the settings; what it finds bears its name and level."""

    level: Level
    name: str
    meaning: str
    find: Callable[[Settings], Found]

    def __call__(self, settings: Settings) -> Iterator[Finding]:
        """Yield what is to be said of these settings."""
        for path, what in self.find(settings):
            yield Finding(self.level, self.name, path, what)


def rule(level: Level) -> Callable[[Callable[[Settings], Found]], Rule]:
    """Make a rule of a function: its name is the function's, its meaning the first line of the docstring."""

    def made(find: Callable[[Settings], Found]) -> Rule:
        meaning = (find.__doc__ or "").split("\n", maxsplit=1)[0]
        return Rule(level, find.__name__.replace("_", "-"), meaning, find)

    return made


def located(source: Source, findings: Iterable[Finding]) -> list[LocatedFinding]:
    """Each finding with its place in the file, in the file's order."""
    return sorted(
        LocatedFinding(source.position(one.path), dotted(one.path), one.level, one.name, one.what) for one in findings
    )
