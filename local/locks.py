"""One at a time: a lock on a file, let go by the kernel when its holder ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from local.errors import LocalError


@contextmanager
def exclusive(path: Path) -> Iterator[int]:
    """Hold the lock file `path` for the length of the block, waiting for whoever has it; give its descriptor.

    A child that is handed the descriptor (`pass_fds`) goes on holding the lock when its parent is killed.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Hold `folder` for one user of this machine's Airflow at a time; give whether the one before was killed.

    Raises LocalError when another one has it, or the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # logs and homes are nobody else's business
        lock = (folder / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise LocalError(f"{folder} cannot be used: {error.strerror}; it must be yours to write") from error
    with lock:
        was_killed = _take(lock)
        try:
            yield was_killed
        finally:  # but for a kill, which leaves the number there
            with suppress(OSError):
                lock.truncate(0)


def _take(lock: TextIO) -> bool:
    """Lock the file and write our number into it; return whether an earlier one still stands there."""
    lock.seek(0)
    holder = lock.read()
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise LocalError(f"already running here as process {holder}; end that one first") from error
    try:
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
    except OSError as error:
        raise LocalError(f"{lock.name} cannot be written: {error.strerror}") from error
    return bool(holder)
