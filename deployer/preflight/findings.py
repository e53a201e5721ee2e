"""Findings: what account and region lack for a deploy, each with where it is said and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: a deploy would fail, may fail or cost something, or nothing is wrong but good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing found. `where` is a key of the settings, or what of the account is meant; `todo` may be empty."""

    level: Level
    where: str
    what: str
    todo: str = ""

    def __str__(self) -> str:
        return f"{self.level}: {self.where}: {self.what}" + (f"; {self.todo}" if self.todo else "")

    def as_data(self) -> dict[str, str]:
        """The finding as JSON has it."""
        return asdict(self)


def error(where: str, what: str, todo: str = "") -> Finding:
    """Say that a deploy would fail."""
    return Finding(Level.ERROR, where, what, todo)


def warning(where: str, what: str, todo: str = "") -> Finding:
    """Say that a deploy may fail, or that nobody could look."""
    return Finding(Level.WARNING, where, what, todo)


def note(where: str, what: str, todo: str = "") -> Finding:
    """Say what is good to know."""
    return Finding(Level.NOTE, where, what, todo)


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Order findings by level; within a level they stay as they were found."""
    order = list(Level)
    return tuple(sorted(findings, key=lambda one: order.index(one.level)))
