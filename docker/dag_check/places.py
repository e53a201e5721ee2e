"""Where in the user's own files something happened: from frames, and from tracebacks as text."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

_FRAME = re.compile(r'^ +File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
_CHAINED = re.compile(r"^(?:During handling of the above|The above exception was the direct)", re.MULTILINE)
LONGEST = 500  # characters of a message


@dataclass(frozen=True)
class Place:
    """A line of a file, by the file's full path."""

    file: str
    line: int


def innermost(folders: Sequence[str]) -> Place | None:
    """Return the line inside these folders that is being executed, seen from whoever calls this."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the one way to know who asks
    while frame and not _inside(frame.f_code.co_filename, folders):
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno) if frame else None


def deepest(traceback: str, folders: Sequence[str]) -> Place | None:
    """Return the last line inside these folders that a traceback's text names, in its last exception if there is one.

    The line of a SyntaxError looks like a frame's, and is one here. Of faulthandler's, whose frames come the other
    way round (https://docs.python.org/3/library/faulthandler.html), the first.
    """
    for part in reversed(_CHAINED.split(traceback)):
        frames = [Place(each["file"], int(each["line"])) for each in _FRAME.finditer(part)]
        inside = [each for each in frames if _inside(each.file, folders)]
        if inside:
            return inside[0 if "most recent call first" in part else -1]
    return None


def message(traceback: str) -> str:
    """Return what a traceback's text says at its end, on one line."""
    last = _CHAINED.split(traceback)[-1]
    frames = list(_FRAME.finditer(last))
    rest = last[frames[-1].end() :] if frames else last
    said = [
        line.strip() for line in rest.splitlines()[1 if frames else 0 :] if line and not (frames and line[0] == " ")
    ]
    return " ".join(" ".join(said).split())[:LONGEST]


def _inside(file: str, folders: Sequence[str]) -> bool:
    return any(file.startswith(f"{folder}/") for folder in folders)
