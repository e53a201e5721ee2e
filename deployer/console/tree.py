"""Draws an operation as a tree that fits a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from rich.cells import cell_len
from rich.text import Text

from deployer.console.durations import remaining, usual
from deployer.console.progress import Node, State

# Colour comes on top of sign and word.
_SIGNS = {
    State.WAITING: ("·", "dim"),
    State.WORKING: ("●", "cyan"),
    State.DONE: ("✓", "green"),
    State.FAILED: ("✗", "bold red"),
    State.CANCELLED: ("-", "yellow"),
    State.UNDOING: ("●", "magenta"),
    State.UNDONE: ("↩", "magenta"),
    State.LEFT: ("·", "dim"),
}
_WORDS = {
    "CREATE_IN_PROGRESS": "creating",
    "CREATE_COMPLETE": "created",
    "UPDATE_IN_PROGRESS": "updating",
    "UPDATE_COMPLETE": "updated",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "clearing up",
    "DELETE_IN_PROGRESS": "removing",
    "DELETE_COMPLETE": "removed",
    "DELETE_SKIPPED": "kept",
    "IMPORT_IN_PROGRESS": "importing",
    "IMPORT_COMPLETE": "imported",
    "ROLLBACK_COMPLETE": "rolled back",
    "UPDATE_ROLLBACK_COMPLETE": "rolled back",
    "ROLLBACK_FAILED": "rollback failed",
    "UPDATE_ROLLBACK_FAILED": "rollback failed",
}
_STATES = {
    State.WAITING: "waiting",
    State.LEFT: "as it was",
    State.CANCELLED: "cancelled",
    State.FAILED: "failed",
    State.UNDOING: "undoing",
    State.UNDONE: "undone",
}
_LONGER = 1.5  # times what is usual, from which on that is worth a word
_MINUTE, _HOUR = 60, 3600
_WIDEST_NAME = 0.45  # of the terminal


@dataclass(frozen=True)
class _Row:
    node: Node
    depth: int
    elapsed: str
    note: str

    @property
    def name(self) -> str:
        return f"{'  ' * self.depth}{_SIGNS[self.node.state][0]} {self.node.name}"


def draw(root: Node, width: int, height: int, now: datetime) -> list[Text]:
    """Return the tree as lines no wider than `width`; of what does not fit into `height` what is over goes first.

    What has failed always stays.
    """
    nodes = _chosen(root, height)
    rows = [_row(node, depth, now) for node, depth in nodes]
    lines = [_line(row, _widths(rows, width), width) for row in rows]
    hidden = len(lines) - height
    if hidden > 0:
        kept = max(1, height - 1)
        more = Text(f"  … and {len(lines) - kept} more", "dim")
        more.truncate(width)
        lines = [*lines[:kept], more]
    return lines[:height]


def duration(seconds: float) -> str:
    """Return, for example, `38 s`, `3 min 05 s` or `1 h 02 min`."""
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"


def word(node: Node) -> str:
    """Say in a word or two how far it is."""
    if node.is_stack and node.status.startswith(("ROLLBACK", "UPDATE_ROLLBACK")):
        return _WORDS.get(node.status, "rolling back")
    verbs = [span.verb for span in node.spans]
    if verbs[-1:] == ["DELETE"] and "UPDATE" in verbs and node.state in {State.WORKING, State.DONE}:
        return "replaced" if node.state is State.DONE else "replacing"  # its successor is there already
    if node.is_stack and not node.status and node.state is State.WORKING:
        return "at work"
    told = _STATES.get(node.state)
    return told or _WORDS.get(node.status, node.status.replace("_", " ").lower())


def _chosen(root: Node, height: int) -> list[tuple[Node, int]]:
    """Leave out what is least worth seeing, until the rest fits or nothing more can go."""
    chosen: list[tuple[Node, int]] = []
    for detail in range(4):
        chosen = list(_walk(root, 0, detail))
        if len(chosen) <= height:
            return chosen
    return sorted(chosen, key=lambda each: each[1] > 0 and not _failed(each[0]))  # failures are not cut off


def _walk(node: Node, depth: int, detail: int) -> Iterator[tuple[Node, int]]:
    """Walk the tree: 1 closes stacks of which there is nothing to tell, 2 hides what is done, 3 what waits."""
    yield node, depth
    if detail and depth and not _failed(node) and (node.rests or node.state is State.WAITING):
        return
    for child in node.children:
        over = detail > 1 and child.rests
        waits = detail > 2 and child.state is State.WAITING
        if _failed(child) or not (over or waits):
            yield from _walk(child, depth + 1, detail)


def _failed(node: Node) -> bool:
    return any(each.state is State.FAILED for each in node.everything())


def _row(node: Node, depth: int, now: datetime) -> _Row:
    elapsed = duration(node.seconds(now)) if node.spans else ""
    return _Row(node, depth, elapsed, ", ".join(_notes(node, depth, now)))


def _notes(node: Node, depth: int, now: datetime) -> Iterator[str]:
    if node.failure:
        yield node.failure.reason
    elif node.is_stack:
        yield from _notes_of_stack(node, depth, now)
    elif (typical := usual(node)) and node.state in {State.WAITING, State.WORKING}:
        longer = node.seconds(now) > typical * _LONGER
        yield f"longer than the usual {_about(typical)}" if longer else f"usually {_about(typical)}"


def _notes_of_stack(node: Node, depth: int, now: datetime) -> Iterator[str]:
    leaves = list(node.leaves())
    # Where more was told than is heard of; else nobody knows how many there will be.
    told = any(leaf.change for leaf in leaves) and not any(each.is_blind for each in node.everything())
    if node.state is not State.WORKING or _failed(node) or not told:
        return
    done = sum(leaf.rests for leaf in leaves)
    yield f"{done} of {len(leaves)} done"
    left = remaining(leaves, now)
    if depth == 0 and left:
        yield f"about {_about(left)} left"


def _about(seconds: float) -> str:
    return "1 min" if seconds <= _MINUTE else f"{ceil(seconds / _MINUTE)} min"


def _widths(rows: Iterable[_Row], width: int) -> tuple[int, int, int]:
    """Widths of name, word and elapsed time."""
    given = [(cell_len(row.name), len(word(row.node)), len(row.elapsed)) for row in rows]
    name, words, elapsed = (max(column) for column in zip(*given, strict=True))
    return min(name, int(width * _WIDEST_NAME)), words, elapsed


def _line(row: _Row, widths: tuple[int, int, int], width: int) -> Text:
    style = _SIGNS[row.node.state][1]
    name = Text(row.name, "bold" if row.node.is_stack and row.node.state is not State.WAITING else "")
    if row.node.state in {State.WAITING, State.LEFT}:
        name.stylize("dim")
    name.stylize(style, 2 * row.depth, 2 * row.depth + 1)
    name.truncate(widths[0], overflow="ellipsis", pad=True)
    line = Text.assemble(name, "  ", (word(row.node).ljust(widths[1]), style), "  ", row.elapsed.rjust(widths[2]))
    if row.note:
        line.append(f"  {row.note}", "red" if row.node.failure else "dim")
    line.rstrip()
    line.truncate(width, overflow="ellipsis")
    return line
