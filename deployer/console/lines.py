"""One plain line an event, for logs of CI and for whoever wants no moving picture."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING, TextIO, TypeVar

from deployer.cloudformation.statuses import Category

if TYPE_CHECKING:  # whoever only has something to say needs no AWS
    from deployer.cloudformation.events import StackEvent

Result = TypeVar("Result")

# Colour comes on top of the status, which stands there in words.
_COLOURS = {
    Category.DONE: "32",
    Category.IN_PROGRESS: "36",
    Category.FAILED: "1;31",
    Category.CANCELLED: "33",
    Category.ROLLED_BACK: "35",
}
_STATUS_WIDTH = len("UPDATE_ROLLBACK_COMPLETE")


def line(event: StackEvent, *, colour: bool = False) -> str:
    """Return an event as time (UTC), status, place, type and reason."""
    time = event.time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    status = event.status.ljust(_STATUS_WIDTH)
    if colour:
        status = f"\x1b[{_COLOURS[event.category]}m{status}\x1b[0m"
    parts = [time, status, event.path, event.type]
    return "  ".join([*parts, event.reason] if event.reason else parts)


def say(text: str, stream: TextIO | None = None) -> None:
    """Tell the user something, at once: on stderr, for stdout is kept for data.

    The terminal may be gone; what is being done goes on without it.
    """
    with suppress(OSError):
        print(text, file=stream or sys.stderr, flush=True)


def wants_colour(stream: TextIO, variables: Mapping[str, str]) -> bool:
    """Whether to colour: on a terminal, unless NO_COLOR (https://no-color.org) or CI is set."""
    return stream.isatty() and not variables.get("NO_COLOR") and not variables.get("CI")


def show(
    operation: Generator[StackEvent, None, Result], stream: TextIO | None = None, *, colour: bool = False
) -> Result:
    """Print each event of an operation as it comes, and return what the operation comes to."""
    return drive(operation, lambda event: say(line(event, colour=colour), stream))


def drive(operation: Generator[StackEvent, None, Result], hear: Callable[[StackEvent], None]) -> Result:
    """Let an operation go on, have each of its events heard, and return what it comes to.

    Who is interrupted while an event is heard is told by the operation what goes on without them.
    """
    while True:
        try:
            hear(next(operation))
        except StopIteration as end:
            result: Result = end.value
            return result
        except KeyboardInterrupt as interrupt:
            operation.throw(interrupt)
            raise
