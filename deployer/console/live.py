"""A picture at the foot of a terminal that is painted over, with what is said above it.

A line is written over, never erased first, and nothing is written while nothing has changed: it does not flicker.
Rich has a display like it, which leaves parts of the old picture behind when the terminal is made narrower.
"""

from __future__ import annotations

import os
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import StringIO
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

Draw = Callable[[int, int], Sequence[Text]]
"""The picture as lines, for a width and a height; empty when there is nothing to see."""

_INTERVAL = 0.25  # seconds between two paintings, at least
_ENOUGH = 10_000  # columns, so that nothing wraps that was cut already


def size_of(stream: TextIO) -> tuple[int, int]:
    """Columns and lines of a terminal, as it is now."""
    with suppress(OSError, ValueError):
        size = os.get_terminal_size(stream.fileno())
        if size.columns and size.lines:
            return size.columns, size.lines
    return 80, 24


def _echo(stream: TextIO, *, on: bool, when: int = termios.TCSANOW) -> bool:
    """Have the terminal show what is typed, or not; return whether it did before."""
    try:
        terminal = stream.fileno()
        modes = termios.tcgetattr(terminal)
        was = bool(modes[3] & termios.ECHO)
        # In the background this is not ours to say: the terminal would stop the process.
        if was is not on and os.tcgetpgrp(terminal) == os.getpgrp():
            modes[3] ^= termios.ECHO
            termios.tcsetattr(terminal, when, modes)
    except (OSError, ValueError, termios.error):
        return True
    return was


class Live:
    """Keeps a picture painted while it runs. Everything that is written to the terminal meanwhile goes through it."""

    def __init__(self, stream: TextIO, draw: Draw, size: Callable[[], tuple[int, int]], *, colour: bool) -> None:
        self._stream, self._draw, self._size = stream, draw, size
        self._console = Console(
            file=StringIO(), force_terminal=True, color_system="standard", no_color=not colour, width=_ENOUGH
        )
        self._lock = threading.RLock()
        self._painted: list[str] = []  # what stands there, as plain text
        self._shown = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Paint what is shown, at most four times a second; the last picture stays. Nothing typed stands in it."""
        over = threading.Event()

        def keep_painting() -> None:
            while not over.wait(_INTERVAL):
                self.paint()

        painter = threading.Thread(target=keep_painting, daemon=True)
        echoed = _echo(self._stream, on=False)
        try:
            painter.start()
            yield
        finally:
            _echo(self._stream, on=echoed)
            over.set()
            painter.join()
            self.settle()

    def show(self) -> None:
        """Have the picture painted from now on."""
        self._shown = True

    def paint(self) -> None:
        """Bring the picture up to date."""
        with self._lock:
            if self._shown:
                self._write("", self._lines())

    def say(self, text: str) -> None:
        """Write a text above the picture."""
        with self._lock:
            self._write(f"{text}\n", self._lines() if self._shown else [])

    def settle(self) -> None:
        """Leave the picture as it is by now; what comes stands below it."""
        with self._lock:
            self.paint()
            self._shown, self._painted = False, []

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Take the picture away while somebody is asked. What was typed before is no answer, for nobody saw it."""
        with self._lock:
            before, self._shown = self._shown, False
            self._write("", [])
        echoed = _echo(self._stream, on=True, when=termios.TCSAFLUSH)
        try:
            yield
        finally:
            _echo(self._stream, on=echoed)
            self._shown = before

    def _lines(self) -> list[Text]:
        columns, rows = self._size()
        # A line that fills the last column leaves the cursor in a state on which terminals disagree.
        return list(self._draw(max(1, columns - 1), max(1, rows - 1)))

    def _write(self, above: str, lines: Sequence[Text]) -> None:
        """Go up to the beginning of the old picture and write over it, all at once."""
        plain = [line.plain for line in lines]
        if not above and plain == self._painted:
            return
        columns = self._size()[0]
        if any(cell_len(line) > columns for line in self._painted):
            self._painted = []  # cut or wrapped by a narrower terminal: nobody knows where it stands, and it is left
        up = len(self._painted)
        before = [f"\x1b[{up}A\r", "\x1b[J" if above else ""] if up else []
        painted = [f"{self._coloured(line)}\x1b[K\n" for line in lines]
        parts = [*before, above, *painted, "\x1b[J" if up or painted else ""]
        self._painted = plain
        with suppress(OSError, ValueError):  # the terminal may be gone; what is being done goes on without it
            self._stream.write("".join(parts))
            self._stream.flush()

    def _coloured(self, line: Text) -> str:
        with self._console.capture() as captured:
            self._console.print(line, end="", highlight=False)
        return captured.get()
