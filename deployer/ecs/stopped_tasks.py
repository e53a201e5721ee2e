"""Why tasks do not stay: those that have stopped while services are being changed, gathered while it goes on.

ECS forgets a stopped task after an hour, and a change that fails is undone: so this looks while it happens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from deployer.aws import Aws
from deployer.clock import Clock
from deployer.cloudformation.events import StackEvent
from deployer.cloudformation.statuses import Category
from deployer.ecs import clusters, service_words
from deployer.ecs.services import Services
from deployer.ecs.task_ends import StoppedTask, is_of_machines, stopped_task
from deployer.errors import AWS_ERRORS, explain

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TaskTypeDef

_EVERY = 10.0  # seconds between two looks
_TRIES = 3  # looks for a log that is still on its way
_TOLD = 5  # stopped tasks that are told of while it goes on
_KEPT = 10  # stopped tasks that are kept, the first
_SERVICE = re.compile(r":service/(?P<cluster>[^/]+)/(?P<name>[^/]+)$")
# A service that goes back, or has fewer tasks to run, stops tasks that nothing is wrong with; so do people.
_NO_FAULT = "Scaling activity initiated by"
_PEOPLE = "UserInitiated"


@dataclass(frozen=True)
class _Waiting:
    """A task whose log has been looked for; `old`: its definition is not new."""

    task: StoppedTask
    old: bool
    looks: int


class Watch:
    """Looks at a cluster for tasks that services have started for a change of theirs, and that have stopped.

    Those of task definitions that are not among the `old` ones say most. Nothing that goes wrong with looking stops
    what it goes along with.
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
        self._waiting: dict[str, _Waiting] = {}
        self._told: set[str] = set()
        self._found: list[StoppedTask] = []
        self._again: list[StoppedTask] = []  # of definitions that are not new
        self.began: datetime | None = None
        """When the first event of the change happened."""
        self._undone: datetime | None = None  # since when the change is being taken back
        self._changing: set[str] = set()  # services by name
        self._words: dict[str, tuple[str, ...]] = {}
        self.ran = False
        """Whether any task of the new definitions was ever seen to run, as far as one can know."""

    @property
    def tasks(self) -> tuple[StoppedTask, ...]:
        """The tasks that have ended, the first ones, in their order."""
        return tuple(sorted(self._found or self._again, key=lambda each: each.at)[:_KEPT])

    @property
    def words(self) -> tuple[str, ...]:
        """What ECS says of services whose change has failed."""
        return tuple(f"{name}: {line}" for name, lines in self._words.items() for line in lines)

    def look(self, fresh: Sequence[StackEvent]) -> None:
        """Learn from a stack's events where the services are, and look at their stopped tasks now and then.

        When a service has failed it is looked at once, for it may be gone in a moment.
        """
        failed = [each for each in fresh if self._learn(each)]
        if failed or (self.began and self._clock.now() - self._looked >= _EVERY):
            self._look_now()
        for event in failed:
            self._listen(event)

    def first(self) -> StoppedTask | None:
        """Look once more, wait for no log any longer, and return the task that ended first."""
        self._look_now()
        for arn in list(self._waiting):
            self._take(arn)
        return next(iter(self.tasks), None)

    def _learn(self, event: StackEvent) -> bool:
        """Take in what an event says; and whether it is a service that has failed by itself."""
        self.began = self.began or event.time
        if event.own and event.category is Category.ROLLED_BACK:
            self._undone = self._undone or event.time
        match = _SERVICE.search(event.physical_id) if event.type == "AWS::ECS::Service" else None
        if match is None:
            return False
        self._clusters.add(match["cluster"])
        if self._undone is None:
            self._changing.add(match["name"])
        return event.category is Category.FAILED and event.logical_id not in self._words

    def _listen(self, event: StackEvent) -> None:
        match = _SERVICE.search(event.physical_id)
        if match is None:
            return
        try:
            self._words[event.logical_id] = service_words.read(
                self._aws, match["cluster"], event.physical_id, self.began
            )
        except AWS_ERRORS:
            return  # what the stack says of it has been heard
        for line in self._words[event.logical_id]:
            self._tell(f"{event.logical_id}: {line}")

    def _look_now(self) -> None:
        self._looked = self._clock.now()
        try:
            for cluster in sorted(self._clusters):
                for task in clusters.tasks(self._aws, cluster, self._seen, desiredStatus="STOPPED"):
                    self._consider(task)
                if not self.ran:
                    for task in clusters.tasks(self._aws, cluster):
                        self._note(task)
        except AWS_ERRORS as error:
            self.ran = True
            self._tell(f"stopped tasks cannot be looked at: {explain(error)}")

    def _note(self, task: TaskTypeDef) -> None:
        """What has once been started may have done its work, whatever it is doing by now."""
        new = task.get("taskDefinitionArn", "") not in self._old
        if new and task.get("startedAt") and not self._is_of_before(task):
            self.ran = True

    def _consider(self, task: TaskTypeDef) -> None:
        self._note(task)
        if task.get("lastStatus") != "STOPPED" or not self._is_of_this_change(task):
            return  # or not yet
        arn, reason = task.get("taskArn", ""), task.get("stoppedReason", "")
        if reason.startswith(_NO_FAULT) or task.get("stopCode") == _PEOPLE or is_of_machines(task):
            self._seen.add(arn)
            return
        definition = task.get("taskDefinitionArn", "")
        found = stopped_task(self._aws, task, self._services.definition(definition))
        looks = self._waiting[arn].looks + 1 if arn in self._waiting else 1
        self._waiting[arn] = _Waiting(found, definition in self._old, looks)
        if found.exit_code is None or found.log or looks >= _TRIES:
            self._take(arn)  # else its last words may still be on their way

    def _take(self, arn: str) -> None:
        waiting = self._waiting.pop(arn)
        self._seen.add(arn)
        found = waiting.task
        (self._again if waiting.old else self._found).append(found)
        if str(found) not in self._told and len(self._told) < _TOLD:
            self._tell("\n".join([str(found), *(f"    {line}" for line in found.log)]), str(found))

    def _is_of_before(self, task: TaskTypeDef) -> bool:
        """Whether it is of an earlier change: ECS tells of stopped tasks for an hour."""
        created = task.get("createdAt")
        return bool(created and self.began and created < self.began)

    def _is_of_this_change(self, task: TaskTypeDef) -> bool:
        """Whether a service that is being changed has started a task for it, and not for going back."""
        created, service = task.get("createdAt"), task.get("group", "").removeprefix("service:")
        if created is None or self.began is None or created < self.began or service not in self._changing:
            return False
        new = task.get("taskDefinitionArn", "") not in self._old
        return new or self._undone is None or created < self._undone

    def _tell(self, text: str, key: str = "") -> None:
        if (key or text) not in self._told:
            self._told.add(key or text)
            self._report(text)
