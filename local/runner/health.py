"""Health checks as ECS makes them: a pure state, and the loop that asks.

The rules are Docker's, which ECS's agent follows (github.com/moby/moby, daemon/health.go):
a failure within the start period does not count until a check has passed; one pass is HEALTHY; `retries`
failures in a row are UNHEALTHY. ECS then replaces the task, so UNHEALTHY is the end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from local.runner.definitions import HealthCheck
from local.runner.processes import Process

# Seconds between checks until the first passes. ECS waits the whole interval, but a person is looking at this screen;
# the additional failures do not count.
EAGER = 2.0
# A check takes 0.2 CPU seconds: every 2 s that would be a third of a quarter vCPU, and the start as much longer.
EAGER_ON_A_PART_OF_A_CPU = 10.0


class Status(StrEnum):
    """What ECS calls the health of a container."""

    UNKNOWN = "UNKNOWN"
    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"


@dataclass(frozen=True)
class Health:
    """What is known after some checks: failures in a row that counted, when the last did (seconds since the start)."""

    status: Status = Status.UNKNOWN
    failures: int = 0
    counted_at: float = 0


def observed(health: Health, check: HealthCheck, *, passed: bool, at: float) -> Health:
    """Return the health after a check that began `at` seconds after its container."""
    if passed:
        return Health(Status.HEALTHY)
    if health.status is Status.UNKNOWN and at < _counts_from(health, check):
        return health
    failures = health.failures + 1
    status = Status.UNHEALTHY if failures >= check.retries else health.status
    return replace(health, status=status, failures=failures, counted_at=at)


def _counts_from(health: Health, check: HealthCheck) -> float:
    """When a failure counts that comes before any pass: where ECS, asking once an interval, would have asked."""
    if health.failures == 0:
        return max(check.start_period, check.interval)
    return health.counted_at + check.interval


def pause(health: Health, check: HealthCheck, eager: float = EAGER) -> float:
    """Return the seconds from the end of a check to the beginning of the next."""
    return min(eager, check.interval) if health.status is Status.UNKNOWN else check.interval


def arguments(check: HealthCheck) -> Sequence[str]:
    """Return what to execute for a check."""
    kind, *rest = check.command
    return ("/bin/sh", "-c", *rest) if kind == "CMD-SHELL" else rest


class Checks:
    """Keeps checking one container, one check at a time; `start` starts a program in the container's environment.

    `eager`: seconds between checks until the first passes.
    """

    def __init__(
        self, check: HealthCheck, start: Callable[[Sequence[str]], Process], began: float, eager: float = EAGER
    ) -> None:
        self.health = Health()
        self._check = check
        self._start = start
        self._began = began
        self._eager = eager
        self._next = began + pause(self.health, check, eager)
        self._asked = began
        self._running: Process | None = None

    def tick(self, now: float) -> None:
        """Go on: start a check when it is time, judge one that has ended or takes too long."""
        if self._running is None:
            if now >= self._next:
                self._asked = now
                self._running = self._start(arguments(self._check))
            return
        late = now - self._asked > self._check.timeout
        code = self._running.exit_code()
        if code is None and not late:
            return
        if code is None:
            self._running.kill()
        if self._running.is_gone():
            self._judge(passed=code == 0 and not late, now=now)

    def _judge(self, *, passed: bool, now: float) -> None:
        self.health = observed(self.health, self._check, passed=passed, at=self._asked - self._began)
        self._running = None
        self._next = now + pause(self.health, self._check, self._eager)

    def end(self) -> bool:
        """Stop checking; whether the last check is gone."""
        if self._running is None:
            return True
        self._running.kill()
        return self._running.is_gone()
