"""Counts the signals that ask this process to end, instead of ending at the first."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Seconds within which signals are one request: make and timeout send theirs to the group and then once more.
_ONE_REQUEST = 1.0


class Requests:
    """How many times somebody asked for the end."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.count = 0
        self._now = now
        self._last = float("-inf")

    def add(self, _number: int, _frame: FrameType | None) -> None:
        """Take note of a signal."""
        now = self._now()
        if now - self._last >= _ONE_REQUEST:
            self.count += 1
        self._last = now


@contextmanager
def stop_requests(now: Callable[[], float] = time.monotonic) -> Iterator[Requests]:
    """Give the count of requests within the block; afterwards signals do what they did before. For the main thread.

    A signal that was ignored, as nohup has it, goes on being ignored.
    """
    requests = Requests(now)
    heard = [number for number in ASKING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, requests.add) for number in heard}
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_requests() -> None:
    """From now on nobody's asking disturbs: what is left to do is to end."""
    for number in ASKING:
        signal.signal(number, signal.SIG_IGN)
