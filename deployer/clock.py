"""The deployer's sense of time, passed in so that tests need not wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


def intervals(first: float = 0.25, growth: float = 1.3, longest: float = 3.0) -> Iterator[float]:
    """Seconds between two looks: short at first, since much is done at once, then gently longer."""
    seconds = first
    while True:
        yield seconds
        seconds = min(seconds * growth, longest)


@dataclass(frozen=True)
class Clock:
    """`now` in seconds from any origin, `sleep` in seconds, `pace` the waits between two looks at AWS."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    pace: Callable[[], Iterator[float]] = intervals

    def ticks(self, limit: float) -> Iterator[float]:
        """Yield the seconds passed, waiting between two, until `limit` seconds are over."""
        start = self.now()
        for seconds in self.pace():
            passed = self.now() - start
            if passed > limit:
                return
            yield passed
            self.sleep(seconds)


REAL_TIME = Clock()
