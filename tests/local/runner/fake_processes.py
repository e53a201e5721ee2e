"""Processes that do what a test says, at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from local.runner.container import Unit
from local.runner.family import Kin
from local.runner.health import EAGER
from local.runner.processes import Process


class FakeProcess(Process):
    """Ends when told to, and on SIGTERM unless it is deaf."""

    def __init__(self, name: str, *, deaf: bool = False) -> None:
        self.name = name
        self.code: int | None = None
        self.deaf = deaf
        self.asked = False

    def exit_code(self) -> int | None:
        return self.code

    def look(self, kin: Sequence[Kin]) -> None:
        pass

    def memory(self) -> int:
        return 1024 * 1024 * 300

    def terminate(self) -> None:
        self.asked = True
        if not self.deaf:
            self.code = 0

    def kill(self) -> None:
        if self.code is None:
            self.code = -9

    def is_gone(self) -> bool:
        return self.code is not None


@dataclass
class FakeMachine:
    """Starts fake processes; a health check ends at once with the next of `checks` (the last one again and again)."""

    deaf: bool = False
    checks: list[int] = field(default_factory=lambda: [0])
    started: list[FakeProcess] = field(default_factory=list)
    checked: int = 0
    eager: float = EAGER

    def start(self, unit: Unit) -> Process:
        process = FakeProcess(unit.arguments[0], deaf=self.deaf)
        self.started.append(process)
        return process

    def check(self, unit: Unit, arguments: Sequence[str]) -> Process:
        process = FakeProcess(arguments[0], deaf=self.deaf)
        if arguments[0] == "check":
            process.code = self.checks.pop(0) if len(self.checks) > 1 else self.checks[0]
            unit.health_log.write_text(f"check {self.checked}\n")
            self.checked += 1
        else:
            self.started.append(process)
        return process
