"""Steps of a longer work: numbered and timed."""

from __future__ import annotations

from collections.abc import Callable

from deployer.console.lines import say


class Steps:
    """Say `2. what begins`, and of each how many seconds it took; `now` is in seconds from any origin."""

    def __init__(self, now: Callable[[], float], report: Callable[[str], None] = say) -> None:
        self._now, self._report = now, report
        self._number = 0
        self._began: float | None = None  # of the step at work

    def __call__(self, title: str) -> None:
        """Begin a step; the one before is done, if it was not before."""
        self.done()
        self._number += 1
        self._began = self._now()
        self._report(f"{self._number}. {title}")

    def done(self) -> None:
        """Say how long the step at work took; what comes until the next one is no part of it."""
        if self._began is not None:
            self._report(f"   done in {self._now() - self._began:.1f} s")
        self._began = None
