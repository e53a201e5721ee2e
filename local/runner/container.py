"""One start of a task: its process with everybody it brings up, and the health checks on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from local.runner.definitions import HealthCheck
from local.runner.family import Kin
from local.runner.health import Checks, Status
from local.runner.logs import tail
from local.runner.processes import Process


@dataclass(frozen=True)
class Unit:
    """What to run: `home` is its working directory, `folder` holds its logs. Times in seconds."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    folder: Path
    home: Path
    health: HealthCheck | None
    stop_timeout: float
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def log(self) -> Path:
        """What the process writes to stdout and stderr."""
        return self.folder / "log"

    @property
    def health_log(self) -> Path:
        """What the latest health check wrote."""
        return self.folder / "health.log"

    def last_line(self, log: Path) -> str:
        """Return the end of one of its logs, fit to be shown."""
        return next(iter(tail(log, 1, self.secrets)), "")


class Host(Protocol):
    """What a unit runs on. `eager`: seconds between health checks until the first passes."""

    @property
    def eager(self) -> float:
        """See above."""

    def start(self, unit: Unit) -> Process:
        """Start it; it writes into `unit.log`."""

    def check(self, unit: Unit, arguments: Sequence[str]) -> Process:
        """Start a health check where the unit runs; it writes into `unit.health_log`."""


class Container:
    """Runs from the moment it is made; nothing in here waits."""

    def __init__(self, unit: Unit, host: Host, now: float) -> None:
        self.began = now
        self.memory: int | None = None
        self._unit = unit
        self._host = host
        self._deadline: float | None = None
        self._running = host.start(unit)
        self._checks = Checks(unit.health, self._start_check, now, host.eager) if unit.health else None

    @property
    def health(self) -> Status:
        """What the health checks say; UNKNOWN without one."""
        return self._checks.health.status if self._checks else Status.UNKNOWN

    def exit_code(self) -> int | None:
        """Return the exit status of its first process, None as long as that runs."""
        return self._running.exit_code()

    def ended(self) -> str:
        """Say how its first process ended, once it has."""
        return self._running.ended()

    def check(self, now: float) -> None:
        """Go on checking its health."""
        if self._checks:
            self._checks.tick(now)

    def look(self, kin: Sequence[Kin]) -> None:
        """Take note of the processes that belong to it, and of their memory."""
        self._running.look(kin)
        self.memory = self._running.memory()

    def ask_to_end(self, now: float) -> None:
        """Let it end by itself for the length of its stop time-out."""
        self._running.terminate()
        self._deadline = now + self._unit.stop_timeout

    def kill(self) -> None:
        """End it at once."""
        self._running.kill()

    def is_gone(self, now: float) -> bool:
        """Whether nothing is left of it, killing it when its time to end by itself is over."""
        if self._deadline is not None and now >= self._deadline and self.exit_code() is None:
            self.kill()
        checks_ended = self._checks is None or self._checks.end()
        return self._running.is_gone() and checks_ended

    def _start_check(self, arguments: Sequence[str]) -> Process:
        self._unit.health_log.unlink(missing_ok=True)
        return self._host.check(self._unit, arguments)
