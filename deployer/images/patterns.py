"""The list of what stays out of the image: a file of patterns as Docker reads them.

A pattern names paths below the folder, or with a leading `**/` anywhere in it; what it matches is out, with all that
lies inside; `!` lets in again; the last pattern that matches decides
(https://docs.docker.com/build/concepts/context/#dockerignore-files).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

# Tokens of a pattern and what they match: Go's filepath.Match with `**` on top.
_TOKEN = re.compile(
    r"(?P<folders>\*\*/)|(?P<anything>\*\*)|(?P<some>\*)|(?P<one>\?)|(?P<set>\[[^]]+\])|\\?(?P<itself>.)"
)
_MEANINGS = {"folders": "(?:.*/)?", "anything": ".*", "some": "[^/]*", "one": "[^/]"}


@dataclass(frozen=True)
class Pattern:
    """One line: `lets_in` for a line that begins with `!`."""

    text: str
    lets_in: bool
    expression: re.Pattern[str]


@dataclass(frozen=True)
class Patterns:
    """Every line of the file, in order."""

    lines: tuple[Pattern, ...]

    def leave_out(self, path: str) -> bool:
        """Whether a path, relative and with `/`, stays out."""
        out = False
        for line in self.lines:
            # Asked of a path and of every folder above it at once.
            if line.lets_in is out and line.expression.fullmatch(path):
                out = not line.lets_in
        return out

    def worth_a_look(self, folder: str) -> bool:
        """Whether anything inside a folder may get in, although the folder itself stays out."""
        return not self.leave_out(folder) or any(
            line.lets_in and _may_be_below(line.text, folder) for line in self.lines
        )


def patterns(text: str) -> Patterns:
    """Read the lines of such a file; comments and empty lines say nothing."""
    read = (_pattern(line.strip()) for line in text.splitlines() if not line.startswith("#"))
    return Patterns(tuple(line for line in read if line.text))


def _pattern(line: str) -> Pattern:
    lets_in = line.startswith("!")
    bare = line.removeprefix("!").strip()
    clean = posixpath.normpath(bare).lstrip("/") if bare else ""
    return Pattern(clean, lets_in, re.compile(f"{_expression(clean)}(?:/.*)?", re.DOTALL))


def _expression(pattern: str) -> str:
    return "".join(_meaning(match) for match in _TOKEN.finditer(pattern))


def _meaning(token: re.Match[str]) -> str:
    kind = token.lastgroup or "itself"
    if kind == "set":
        return token["set"].replace("\\", "\\\\")
    return _MEANINGS.get(kind) or re.escape(token["itself"])


def _may_be_below(pattern: str, folder: str) -> bool:
    """Compare part by part, as far as both go; behind a `**` anything may come."""
    for wanted, part in zip(pattern.split("/"), folder.split("/"), strict=False):
        if "**" in wanted:
            return True
        if not re.fullmatch(_expression(wanted), part):
            return False
    return True
