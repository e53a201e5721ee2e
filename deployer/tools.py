"""What the deployer works with: AWS, somebody to tell, a clock, the lock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from deployer.aws import Aws
from deployer.clock import REAL_TIME, Clock


def silent(_: str) -> None:
    """Tell nobody."""


def nothing() -> None:
    """Do nothing."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Tools:
    """`report` tells a line, `step` that something new begins, `done` that the last step is over, `today` the time.

    `require` is asked before something is changed, and raises DeployError when that may not be done any more, since the
    environment's lock was lost.
    """

    aws: Aws
    report: Callable[[str], None] = silent
    step: Callable[[str], None] = silent
    clock: Clock = REAL_TIME
    today: Callable[[], datetime] = field(default=_now)
    done: Callable[[], None] = nothing
    require: Callable[[], None] = nothing
