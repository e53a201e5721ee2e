"""A task of a service, kept running as ECS keeps it: replaced when it ends or is unhealthy."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from local.runner.container import Container, Host, Unit
from local.runner.family import Kin
from local.runner.health import Status

LONGEST_PAUSE = 30.0  # seconds between an end and the next start, at most
HOPELESS = 5  # ends in a row without ever having been healthy
SETTLED = 60.0  # seconds after which a container without a health check counts as healthy


class State(StrEnum):
    """What a task is doing."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Snapshot:
    """What a task looks like at a moment: `uptime` in seconds, `memory` in bytes, the last `line` of its log.

    `reason` says why it ended last; it is empty again once the task is healthy.
    """

    name: str
    state: State
    health: Status
    uptime: float | None
    memory: int | None
    restarts: int
    line: str
    reason: str


class Task:
    """Call `tick` again and again; it never waits."""

    def __init__(self, unit: Unit, host: Host, now: float, longest_pause: float = LONGEST_PAUSE) -> None:
        self.unit = unit
        self.state = State.WAITING
        self.failures = 0
        self._host = host
        self._longest_pause = longest_pause
        self._start_at = now
        self._starts = 0
        self._reason = ""
        self._ever_healthy = False
        self._for_good = False
        self._container: Container | None = None

    @property
    def health(self) -> Status:
        """The health of its container; UNKNOWN while it has none."""
        return self._container.health if self._container else Status.UNKNOWN

    @property
    def is_ready(self) -> bool:
        """Whether it serves, as far as one can tell."""
        return self.state is State.RUNNING and (self.unit.health is None or self.health is Status.HEALTHY)

    @property
    def is_hopeless(self) -> bool:
        """Whether there is no point in starting it again."""
        return self.failures >= HOPELESS and not self._ever_healthy

    def tick(self, now: float) -> None:
        """Start, check, replace, end: whatever it is time for."""
        if self._container is None:
            if self.state is State.WAITING and now >= self._start_at:
                self._container = Container(self.unit, self._host, now)
                self._starts += 1
                self.state = State.RUNNING
            return
        if self.state is State.RUNNING:
            self._watch(self._container, now)
        if self.state is not State.RUNNING and self._container.is_gone(now):
            self._container = None
            self._start_at = now + min(2.0 ** (self.failures - 1), self._longest_pause)
            self.state = State.STOPPED if self._for_good else State.WAITING

    def stop(self, now: float) -> None:
        """End it for good: ask, then after its stop time-out kill."""
        self._for_good = True
        if self._container is None:
            self.state = State.STOPPED
        else:
            if self.state is State.RUNNING:
                self._container.ask_to_end(now)
            self.state = State.STOPPING

    def kill(self) -> None:
        """End it for good and at once."""
        self._for_good = True
        if self._container is None:
            self.state = State.STOPPED
        else:
            self._container.kill()
            self.state = State.STOPPING

    def look(self, kin: Sequence[Kin]) -> None:
        """Take note of the processes that belong to it, and of their memory."""
        if self._container:
            self._container.look(kin)

    def snapshot(self, now: float) -> Snapshot:
        """Describe it."""
        container = None if self.state is State.WAITING else self._container
        return Snapshot(
            name=self.unit.name,
            state=self.state,
            health=self.health,
            uptime=now - container.began if container else None,
            memory=container.memory if container else None,
            restarts=max(0, self._starts - 1),
            line=self.unit.last_line(self.unit.log),
            reason=self._reason,
        )

    def _watch(self, container: Container, now: float) -> None:
        if container.exit_code() is not None:
            self._fail(State.WAITING, f"{container.ended()}: {self.unit.last_line(self.unit.log)}")
            return
        container.check(now)
        settled = self.unit.health is None and now - container.began > SETTLED
        if container.health is Status.HEALTHY or settled:
            self.failures = 0
            self._reason = ""
            self._ever_healthy = True
        elif container.health is Status.UNHEALTHY:
            container.ask_to_end(now)
            said = self.unit.last_line(self.unit.health_log) or "its health check fails"
            self._fail(State.STOPPING, f"unhealthy: {said}")

    def _fail(self, state: State, reason: str) -> None:
        self.failures += 1
        self._reason = reason
        self.state = state
