"""Waits for a condition, as long as a loaded machine may need, such as that a process is there or gone."""

import time
from collections.abc import Callable

import psutil

PATIENCE = 60.0


def eventually(condition: Callable[[], bool]) -> None:
    """Return as soon as `condition` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process is there and not only waiting to be reaped."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
