"""Run a program: what it is given to read, what it says line by line, and how it ended."""

from __future__ import annotations

import os
import re
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Protocol

Told = Callable[[str], None]

_KEPT = 200  # lines of what was said: enough for the cause of a failure, however long the build
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # the classic builder paints even where nobody looks
_GRACE = 10.0  # seconds to end in, when we are interrupted


@dataclass(frozen=True)
class Call:
    """What to run: `typed` is handed over on stdin and never shown, `variables` come on top of the user's own."""

    arguments: Sequence[str]
    typed: str = field(default="", repr=False)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """How it ended: its exit status, the last lines of all that it said, and what of it went to stdout."""

    status: int
    lines: tuple[str, ...]
    output: str = ""


class Run(Protocol):
    """Runs a program to its end; with `told` every line is passed on as it comes, without it kept apart by stream.

    Raises what the operating system raises when there is no such program.
    """

    def __call__(self, call: Call, told: Told | None = None) -> Done:
        """Run it."""


def run(call: Call, told: Told | None = None) -> Done:
    """Run a program of this machine. Interrupted, it ends with us."""
    with _started(call, streaming=told is not None) as process:
        if told is None:
            output, said = process.communicate(call.typed)
            return Done(process.returncode, tuple(f"{output}\n{said}".splitlines()[-_KEPT:]), output)
        if process.stdin is not None:
            process.stdin.close()
        lines: deque[str] = deque(maxlen=_KEPT)
        for raw in process.stdout or ():
            line = _COLOUR.sub("", raw).rstrip()
            lines.append(line)
            told(line)
        return Done(process.wait(), tuple(lines))


@contextmanager
def _started(call: Call, *, streaming: bool) -> Iterator[subprocess.Popen[str]]:
    process: subprocess.Popen[str] = subprocess.Popen(
        list(call.arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if streaming else subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, **call.variables},
    )
    try:
        yield process
    except BaseException:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
        raise
    finally:
        _close(process.stdin, process.stdout, process.stderr)
        process.wait()


def _close(*streams: IO[str] | None) -> None:
    for stream in streams:
        if stream is not None and not stream.closed:
            stream.close()
