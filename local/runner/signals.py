"""Counts the signals that ask this process to end, instead of ending at the first."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Requests:
    """How many times somebody asked for the end."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, _number: int, _frame: FrameType | None) -> None:
        """Take note of a signal."""
        self.count += 1


@contextmanager
def stop_requests() -> Iterator[Requests]:
    """Give the count of signals within the block; afterwards signals do what they did before. For the main thread."""
    requests = Requests()
    before = {number: signal.signal(number, requests.add) for number in _ASKING}
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
