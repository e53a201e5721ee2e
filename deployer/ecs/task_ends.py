"""How a task of ECS has ended: what ECS and the last lines of its log say.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deployer.aws import Aws
from deployer.ecs.services import Container, Definition
from deployer.errors import AWS_ERRORS, one_line
from deployer.secrecy import without_secrets

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ContainerTypeDef, TaskTypeDef

_LINES = 10  # of a log, the last
_WIDTH = 300  # characters of a line of a log
_READ = 2_000  # characters in which secrets are looked for: some programs log a megabyte without a blank
_LATE = datetime.max.replace(tzinfo=UTC)
_MACHINES = {"SpotInterruption", "TerminationNotice", "InfrastructureHealth"}
_NO_CAPACITY = "Capacity is unavailable"  # https://repost.aws/knowledge-center/ecs-fargate-runtask-capacity


@dataclass(frozen=True)
class StoppedTask:
    """A task that has ended: `exit_code` and `cause` are of the container at fault, `log` are its last lines."""

    component: str
    id: str
    at: datetime
    reason: str
    exit_code: int | None
    cause: str
    log: tuple[str, ...]

    def __str__(self) -> str:
        last = self.log[-1] if self.log else ""
        if "health check" in self.reason.lower():
            return f"{self.component}: {self.reason}" + (f"; its last line was: {last}" if last else "")
        if self.exit_code is None:
            return f"{self.component}: task did not start: {self.cause or self.reason or 'no reason given'}"
        why = self.cause or last or self.reason or "it left no line in its log"
        return f"{self.component}: task ended (exit {self.exit_code}): {why}"


def is_of_machines(task: TaskTypeDef) -> bool:
    """Whether a task has ended for want of a machine, as on Spot, and its image has no part in it.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html (stopCode)
    """
    return task.get("stopCode") in _MACHINES or lacks_capacity(task.get("stoppedReason", ""))


def lacks_capacity(text: str) -> bool:
    """Whether ECS says that there is no machine at the moment."""
    return _NO_CAPACITY.lower() in text.lower()


def stopped_task(aws: Aws, task: TaskTypeDef, definition: Definition) -> StoppedTask:
    """Put together what is to be known of a task that has ended, with the last lines of its log."""
    fault = _at_fault(task.get("containers", []))
    id_ = task.get("taskArn", "").rpartition("/")[2]
    name = fault.get("name", "")
    container = next((each for each in definition.containers if each.name == name), None)
    return StoppedTask(
        component=name or definition.component,
        id=id_,
        at=task.get("stoppedAt", _LATE),
        reason=without_secrets(one_line(task.get("stoppedReason", ""))),
        exit_code=fault.get("exitCode"),
        cause=without_secrets(one_line(fault.get("reason", ""))),
        log=last_lines(aws, container, id_) if container else (),
    )


def last_lines(aws: Aws, container: Container, task: str) -> tuple[str, ...]:
    """The last lines that a container has logged, without control characters; none when they cannot be had."""
    stream = container.log_stream(task)
    if not stream:
        return ()
    try:
        told = aws.logs.get_log_events(
            logGroupName=container.log_group, logStreamName=stream, limit=3 * _LINES, startFromHead=False
        )
    except AWS_ERRORS:  # it never logged anything, or one may not read it
        return ()
    lines = [without_secrets(one_line(event.get("message", "")[:_READ])) for event in told["events"]]
    return tuple(line[:_WIDTH] for line in lines if line)[-_LINES:]


def _at_fault(containers: Sequence[ContainerTypeDef]) -> ContainerTypeDef:
    """The container that failed: one with an exit status that is not 0, else one with a reason, else the first."""
    failed = [each for each in containers if each.get("exitCode")]
    reasoned = [each for each in containers if each.get("reason")]
    none: ContainerTypeDef = {}
    return next(iter([*failed, *reasoned, *containers]), none)
