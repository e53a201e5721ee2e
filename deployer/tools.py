"""What a roll-out works with: AWS, somebody to tell, a clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from deployer.aws import Aws
from deployer.clock import REAL_TIME, Clock


def silent(_: str) -> None:
    """Tell nobody."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Tools:
    """`report` tells a line, `step` that something new begins, `today` the time of day."""

    aws: Aws
    report: Callable[[str], None] = silent
    step: Callable[[str], None] = silent
    clock: Clock = REAL_TIME
    today: Callable[[], datetime] = field(default=_now)
