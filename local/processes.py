"""Processes that outlive whoever started them: remembered by id and time of birth, so no stranger is ever ended."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

_SAME_BIRTH = 120.0
"""Seconds two readings of one process's time of birth may differ: Linux counts it from the start of the machine, which
moves when the clock is set. So the command line has a say as well."""


@dataclass(frozen=True)
class Remembered:
    """A process as it was when it wrote itself down."""

    pid: int
    born: float  # seconds since the epoch, as psutil tells it
    stop_signal: str  # the signal that asks it to end in an orderly way, such as SIGTERM


def write_down_myself(record: Path, stop_signal: str = "SIGTERM") -> None:
    """Write the calling process into the file `record`; an `exec` afterwards keeps id and time of birth.

    The folder above that of the records must stand in the command line, before and after: it tells our own from others.
    """
    me = Remembered(os.getpid(), psutil.Process().create_time(), stop_signal)
    draft = record.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(me)), encoding="utf-8")
    draft.replace(record)


def alive(record: Path) -> psutil.Process | None:
    """Return the process that wrote `record` if it still runs; None if it ended or its id is someone else's now."""
    try:
        remembered = Remembered(**json.loads(record.read_text(encoding="utf-8")))
        process = psutil.Process(remembered.pid)
        ours = str(record.parent.parent) in " ".join(process.cmdline())
        same = ours and abs(process.create_time() - remembered.born) <= _SAME_BIRTH
    except (OSError, ValueError, TypeError, psutil.Error):
        return None
    return process if same and _runs(process) else None


def end(record: Path, patience: float = 10.0) -> None:
    """End the process of `record`: first its own signal, after `patience` seconds by force; then forget it.

    Its children are left to it: those that matter have records of their own.
    """
    process = alive(record)
    if process is not None:
        asked = json.loads(record.read_text(encoding="utf-8"))["stop_signal"]
        for number in (signal.Signals[asked], signal.SIGKILL):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
                process.resume()  # one that was stopped would not hear it
            if _ends(process, patience):
                break
    record.unlink(missing_ok=True)


def records(folder: Path) -> Iterator[Path]:
    """Give the records kept in `folder`, those written last first."""
    with contextlib.suppress(FileNotFoundError):
        yield from sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)


def _ends(process: psutil.Process, patience: float) -> bool:
    """Wait until it has ended; False if it has not after `patience` seconds."""
    limit = time.monotonic() + patience
    while _runs(process):
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    return True


def _runs(process: psutil.Process) -> bool:
    """Whether it runs. One that ended but was not collected (in a container nobody may do that) does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
