"""Why tasks of a new release have ended: what ECS and their last log lines say, gathered while it is being rolled out.

ECS forgets a stopped task after an hour, and a roll-out that fails is undone: so this looks while it goes on.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from deployer.aws import Aws
from deployer.clock import Clock
from deployer.errors import explain, one_line
from deployer.events import StackEvent
from deployer.services import Container, Definition, Services

if TYPE_CHECKING:
    from mypy_boto3_ecs.literals import DesiredStatusType
    from mypy_boto3_ecs.type_defs import ContainerTypeDef, TaskTypeDef

_EVERY = 10.0  # seconds between two looks
_AT_ONCE = 100  # tasks in one DescribeTasks, at most
_LINES = 10  # of a log, the last
_WIDTH = 300  # characters of a line of a log
_TRIES = 3  # looks for a log that is still on its way
_TOLD = 5  # stopped tasks that are told of while it goes on
_LATE = datetime.max.replace(tzinfo=UTC)
_SERVICE = re.compile(r":service/(?P<cluster>[^/]+)/[^/]+$")
# A service that goes back, or has fewer tasks to run, stops tasks that nothing is wrong with; so do people.
_NO_FAULT = "Scaling activity initiated by"
_PEOPLE = "UserInitiated"
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


class Watch:
    """Looks at a cluster for stopped tasks of task definitions that are not among the `old` ones.

    Nothing that goes wrong with looking stops what it goes along with.
    """

    def __init__(
        self, aws: Aws, cluster: str | None, old: frozenset[str], clock: Clock, report: Callable[[str], None]
    ) -> None:
        self._aws, self._clock, self._report = aws, clock, report
        self._clusters = {cluster} if cluster else set()
        self._services = Services(aws)
        self._old = old
        self._looked = float("-inf")
        self._seen: set[str] = set()
        self._waiting: dict[str, int] = {}
        self._told: set[str] = set()
        self._found: list[StoppedTask] = []
        self.ran = False
        """Whether any task of the new definitions was ever seen to run, as far as one can know."""

    def look(self, fresh: Sequence[StackEvent]) -> None:
        """Learn from a stack's events where the services are, and look at their stopped tasks now and then."""
        for event in fresh:
            if event.type == "AWS::ECS::Service" and (match := _SERVICE.search(event.physical_id)):
                self._clusters.add(match["cluster"])
        if self._clock.now() - self._looked >= _EVERY:
            self._look_now()

    def first(self) -> StoppedTask | None:
        """Look once more, and return the task that ended first."""
        self._look_now(last=True)
        return min(self._found, key=lambda each: each.at, default=None)

    def _look_now(self, *, last: bool = False) -> None:
        self._looked = self._clock.now()
        try:
            for cluster in sorted(self._clusters):
                for task in self._tasks(cluster, "STOPPED"):
                    self._consider(task, last=last)
                if not self.ran:
                    for task in self._tasks(cluster, "RUNNING"):
                        self._note(task)
        except (BotoCoreError, ClientError) as error:
            self.ran = True
            self._tell(f"stopped tasks cannot be looked at: {explain(error)}")

    def _tasks(self, cluster: str, desired: DesiredStatusType) -> Iterator[TaskTypeDef]:
        pages = self._aws.ecs.get_paginator("list_tasks").paginate(cluster=cluster, desiredStatus=desired)
        arns = [arn for page in pages for arn in page["taskArns"] if arn not in self._seen]
        for start in range(0, len(arns), _AT_ONCE):
            yield from self._aws.ecs.describe_tasks(cluster=cluster, tasks=arns[start : start + _AT_ONCE])["tasks"]

    def _note(self, task: TaskTypeDef) -> None:
        """What has once been started may have done its work, whatever it is doing by now."""
        if task.get("taskDefinitionArn", "") not in self._old and task.get("startedAt"):
            self.ran = True

    def _consider(self, task: TaskTypeDef, *, last: bool) -> None:
        self._note(task)
        if task.get("lastStatus") != "STOPPED":
            return  # it is on its way there
        arn, reason = task.get("taskArn", ""), task.get("stoppedReason", "")
        no_fault = reason.startswith(_NO_FAULT) or task.get("stopCode") == _PEOPLE or is_of_machines(task)
        if no_fault or task.get("taskDefinitionArn", "") in self._old:
            self._seen.add(arn)
            return
        found = stopped_task(self._aws, task, self._services.definition(task["taskDefinitionArn"]))
        self._waiting[arn] = self._waiting.get(arn, 0) + 1
        if found.exit_code is not None and not found.log and self._waiting[arn] < _TRIES and not last:
            return  # its last words may still be on their way
        self._seen.add(arn)
        self._waiting.pop(arn)
        self._found.append(found)
        if str(found) not in self._told and len(self._told) < _TOLD:
            self._tell("\n".join([str(found), *(f"    {line}" for line in found.log)]), str(found))

    def _tell(self, text: str, key: str = "") -> None:
        if (key or text) not in self._told:
            self._told.add(key or text)
            self._report(text)


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
        reason=one_line(task.get("stoppedReason", "")),
        exit_code=fault.get("exitCode"),
        cause=one_line(fault.get("reason", "")),
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
    except (BotoCoreError, ClientError):  # it never logged anything, or one may not read it
        return ()
    lines = [one_line(event.get("message", "")) for event in told["events"]]
    return tuple(line[:_WIDTH] for line in lines if line)[-_LINES:]


def _at_fault(containers: Sequence[ContainerTypeDef]) -> ContainerTypeDef:
    """The container that failed: one with an exit status that is not 0, else one with a reason, else the first."""
    failed = [each for each in containers if each.get("exitCode")]
    reasoned = [each for each in containers if each.get("reason")]
    none: ContainerTypeDef = {}
    return next(iter([*failed, *reasoned, *containers]), none)
