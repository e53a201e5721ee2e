"""One at a time: a lock on a file, let go by the kernel when its holder ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
def alone(folder: Path) -> Iterator[None]:
    """Hold `folder` for one user of this machine's Airflow at a time. Raises LocalError when another one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # logs and homes are nobody else's business
    with (folder / "lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise LocalError(f"already running here as process {lock.read()}; end that one first") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
