"""Waits for a condition, as long as a loaded machine may need."""

import time
from collections.abc import Callable

PATIENCE = 60.0


def eventually(condition: Callable[[], bool]) -> None:
    """Return as soon as `condition` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
