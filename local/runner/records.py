"""Remembers on disk which processes were started, so that what a killed runner leaves behind can be found."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

_SAME_START = 2.0  # seconds; a correction of the clock moves the start times that the system tells


@dataclass(frozen=True)
class Leader:
    """A process that leads its own session. Numbers of processes are used again; with the start they are unique."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "Leader":
        """Identify a running process. Raises psutil.NoSuchProcess."""
        return cls(pid, psutil.Process(pid).create_time())

    def may_have_family(self) -> bool:
        """Whether the session with this number, if there is one, is still the one it led.

        As long as a session has members the system gives its number to no other process, even when the leader is
        gone: another process of that number proves the session empty, and so does a start of the machine since.
        """
        if self.started < psutil.boot_time() - _SAME_START:
            return False
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < _SAME_START
        except psutil.NoSuchProcess:
            return True


class Records:
    """One small file for each process that was started and is not known to be gone with all its family."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, leader: Leader) -> None:
        """Write it down, whole or not at all."""
        unfinished = self._folder / f"{leader.pid}.new"
        unfinished.write_text(json.dumps(asdict(leader)), encoding="utf-8")
        os.replace(unfinished, self._path(leader))  # noqa: PTH105

    def drop(self, leader: Leader) -> None:
        """Forget it."""
        self._path(leader).unlink(missing_ok=True)

    def all(self) -> Iterator[Leader]:
        """Give everything written down; what cannot be read is nobody, and forgotten."""
        for path in sorted(self._folder.glob("*.json")):
            if (leader := _read(path)) is not None:
                yield leader
            else:
                path.unlink(missing_ok=True)

    def _path(self, leader: Leader) -> Path:
        return self._folder / f"{leader.pid}.json"


def _read(path: Path) -> Leader | None:
    """Return who is written down; None when it is gone, or is no record: a loss of power leaves empty files."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        leader = Leader(int(told["pid"]), float(told["started"]))
    except (FileNotFoundError, ValueError, TypeError, KeyError, OverflowError):
        return None
    return leader if leader.pid > 0 else None
