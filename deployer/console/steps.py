"""Steps of a longer work: numbered, and timed when the next one begins."""

from __future__ import annotations

from collections.abc import Callable

from deployer.console.lines import say


class Steps:
    """Say `2. what begins`, and of the one before how many seconds it took; `now` is in seconds from any origin."""

    def __init__(self, now: Callable[[], float], report: Callable[[str], None] = say) -> None:
        self._now, self._report = now, report
        self._number = 0
        self._began = 0.0

    def __call__(self, title: str) -> None:
        """Begin a step; the one before is done."""
        self.done()
        self._number += 1
        self._began = self._now()
        self._report(f"{self._number}. {title}")

    def done(self) -> None:
        """Say how long the last step took."""
        if self._number:
            self._report(f"   done in {self._now() - self._began:.1f} s")
