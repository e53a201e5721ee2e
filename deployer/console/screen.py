"""Where an operation is watched: the one door between what goes on and whoever looks at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO, TypeVar

from rich.text import Text

from deployer.cloudformation.events import StackEvent
from deployer.consent import Question
from deployer.console import lines, progress, tree
from deployer.console.live import Live, size_of
from deployer.errors import Declined

if TYPE_CHECKING:
    from deployer.cloudformation.change_sets import ChangeSet
    from deployer.cloudformation.changes import Change

Result = TypeVar("Result")


def _now() -> datetime:
    return datetime.now(UTC)


class Screen:
    """Shows operations on `stream`, asks on `answers`. `given` are the options that were given on the command line.

    `complete` makes the commands in what is told mean the environment that it is about.
    A terminal gets a tree that lives, anything else (and CI, a dumb terminal, one without UTF-8) a line an event.
    """

    def __init__(
        self,
        stream: TextIO,
        answers: TextIO,
        variables: Mapping[str, str],
        given: Collection[str],
        now: Callable[[], datetime] = _now,
        size: Callable[[], tuple[int, int]] | None = None,
        complete: Callable[[str], str] = str,
    ) -> None:
        self._stream, self._answers, self._given, self._now = stream, answers, frozenset(given), now
        self._complete = complete
        self._colour = lines.wants_colour(stream, variables)
        self._lives = _lives(stream, variables)
        self._live = Live(stream, self._draw, size or (lambda: size_of(stream)), colour=self._colour)
        self._expected: dict[str, Sequence[Change]] = {}
        self._changes: Sequence[Change] = ()  # told of the operation that is being shown
        self._events: tuple[StackEvent, ...] = ()  # heard of it

    @classmethod
    def of_process(
        cls, variables: Mapping[str, str], given: Collection[str] = (), complete: Callable[[str], str] = str
    ) -> Screen:
        """The screen of this process: talk to stderr, answers from stdin."""
        return cls(sys.stderr, sys.stdin, variables, given, complete=complete)

    def say(self, text: str) -> None:
        """Tell something, above whatever moves; what is told of an interrupt stands below all, where it is seen."""
        text = self._complete(text)
        if self._lives:
            if isinstance(sys.exception(), KeyboardInterrupt):
                self._live.settle()
            self._live.say(text)
        else:
            lines.say(text, self._stream)

    def ask(self, question: Question) -> bool:
        """Show what it is about and wait for an answer (`consent.Ask`)."""
        if question.shown:
            self.say(question.shown)
        if question.option in self._given:
            return True
        if not self._answers.isatty():
            options = question.advice or question.option
            raise Declined("nobody is here to ask", f'approve beforehand with ARGS="{options}"')
        hint = f"type {question.word}" if question.word else "y/N"
        with self._live.hidden():
            print(f"{question.text} [{hint}]: ", end="", file=self._stream, flush=True)
            answer = self._answers.readline().strip()
        return answer == question.word if question.word else answer.lower() in ("y", "yes")

    def told(self, consent: Callable[[ChangeSet], bool]) -> Callable[[ChangeSet], bool]:
        """Return the same consent, from which the picture learns what is about to change."""

        def agreed(change_set: ChangeSet) -> bool:
            self.expect(change_set.stack, change_set.changes)
            return consent(change_set)

        return agreed

    def expect(self, root: str, changes: Sequence[Change]) -> None:
        """Learn what the next operation of a root will do: what remains can be told only by who knows the whole."""
        self._expected[root] = changes

    def show(self, operation: Generator[StackEvent, None, Result]) -> Result:
        """Show an operation as it goes on, and return what it comes to."""
        if not self._lives:
            return lines.show(operation, self._stream, colour=self._colour)
        with self._live.running():
            return lines.drive(operation, self._hear)

    def _hear(self, event: StackEvent) -> None:
        """Take an event into the picture; that of an operation that has ended stays where it is, above the next."""
        if not progress.goes_on(self._events, event):
            self._events = ()
            self._changes = self._expected.pop(progress.root_of(event), ())
        self._events += (event,)
        if progress.is_over(self._events) and not progress.ends(event):
            return  # it comes late: the picture has been left
        self._live.show()
        if progress.ends(event):
            self._live.settle()

    def _draw(self, width: int, height: int) -> Sequence[Text]:
        events = self._events
        try:
            root = progress.fold(events, self._changes)
            return tree.draw(root, width, height, max(self._now(), events[-1].time)) if root else []
        except Exception:  # noqa: BLE001 - what only decorates stops nothing
            return [Text(lines.line(event)[:width]) for event in events[-height:]]


def _lives(stream: TextIO, variables: Mapping[str, str]) -> bool:
    """Whether a picture can be painted over: on a terminal that knows how, and for a person."""
    knows = variables.get("TERM") != "dumb" and "utf" in (getattr(stream, "encoding", "") or "").lower()
    return stream.isatty() and knows and not variables.get("CI")
