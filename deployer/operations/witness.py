"""Who looks on while a stack is changed, says why it failed, and keeps that: going back takes the evidence away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from deployer.cloudformation.change_sets import ChangeSet
from deployer.cloudformation.events import Operation, StackEvent, first_cause
from deployer.ecs.services import Services
from deployer.ecs.stopped_tasks import Watch
from deployer.ecs.task_ends import StoppedTask
from deployer.errors import DeployError
from deployer.hints import hint
from deployer.operations import evidence
from deployer.operations.evidence import Evidence
from deployer.tools import Tools

_SERVICE = "AWS::ECS::Service"
_LOG = "the last lines of its log tell more, and are kept (`make airflow-events`)"


class Witness:
    """Goes along with a change of a stack (`stack_updates.Companion`).

    `bucket` is the foundation's (empty: nothing can be kept), `cluster` the one that the services are in (None: it is
    yet to be made), `old` their task definitions of before. What is found is kept at once: whoever looks on may be
    killed, or have no credentials any more, before the change has failed.
    """

    tells = False

    def __init__(
        self, tools: Tools, bucket: str, stack: str, cluster: str | None, old: frozenset[str] = frozenset()
    ) -> None:
        self._tools, self._bucket, self._stack, self._cluster = tools, bucket, stack, cluster
        self._watch = Watch(tools.aws, cluster, old, tools.clock, tools.report)
        self._kept = 0

    @property
    def ran(self) -> bool:
        """Whether any task of new definitions was ever seen to run, as far as one can know."""
        return self._watch.ran

    def begin(self, change_set: ChangeSet) -> None:  # noqa: ARG002 - what changes does not matter here
        """Learn which task definitions are old."""
        services = Services(self._tools.aws).read(self._cluster)
        old = frozenset(each.definition.arn for each in services)
        self._watch = Watch(self._tools.aws, self._cluster, old, self._tools.clock, self._tools.report)

    def abandoned(self) -> None:
        """Nothing is to be put away."""

    def look(self, fresh: Sequence[StackEvent]) -> None:
        """Look for tasks that have ended, and keep what is new."""
        self._watch.look(fresh)
        tasks, words = self._watch.tasks, self._watch.words
        if self._kept < len(tasks) + len(words):
            self._kept = len(tasks) + len(words)
            self._keep("", DeployError(_said(tasks, words)))

    def succeeded(self, operation: Operation) -> None:
        """Keep what could not be deleted."""
        if left := evidence.of_undeleted(self._stack, operation):
            evidence.keep(self._tools.aws, self._bucket, left, _iso(operation.events[0].time))

    def failed(self, operation: Operation, error: DeployError) -> DeployError:
        """Say why in the words of the tasks that have ended, too, and keep it."""
        self._watch.first()
        said = testify(error, operation, self._watch.tasks, self._watch.words)
        self._keep(operation.status, said, operation.events[-1].time if operation.events else None)
        return said

    def disproved(self, error: DeployError, log: Sequence[str]) -> None:
        """Keep why what the stack has come to does not run; `log` are the last lines of it."""
        ended = _iso(self._tools.today())
        told = Evidence(self._stack, ended, "UPDATE_COMPLETE", error.line, error.hint, words=tuple(log))
        evidence.keep(self._tools.aws, self._bucket, told)

    def _keep(self, status: str, said: DeployError, ended: datetime | None = None) -> None:
        """By AWS's own clock, which `last_operations` compares it with."""
        began = self._watch.began or self._tools.today()
        about = (self._stack, _iso(ended or began), status, said.line, said.hint)
        evidence.keep(
            self._tools.aws, self._bucket, Evidence(*about, self._watch.tasks, self._watch.words), _iso(began)
        )


def testify(
    error: DeployError, operation: Operation, tasks: Sequence[StoppedTask], words: Sequence[str]
) -> DeployError:
    """Put what tasks, or else services, have said before what the stack says, with the hint that says most.

    Where the first cause is no service, it comes first: a task may have had one bad start for any reason.
    """
    said = _said(tasks, words)
    if not said:
        return error
    cause = first_cause(operation.events)
    if cause is None or cause.type != _SERVICE:
        return DeployError(f"{error.line}; besides, {said}", error.hint)
    if not tasks:
        return DeployError(f"{said}; {error.line}", hint(said) or error.hint)
    return DeployError(f"{said}; {error.line}", hint(_of_aws(tasks[0])) or (_LOG if tasks[0].log else error.hint))


def _iso(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _said(tasks: Sequence[StoppedTask], words: Sequence[str]) -> str:
    return str(tasks[0]) if tasks else "; ".join(words)


def _of_aws(cause: StoppedTask) -> str:
    """What AWS says of a task, and its machine when it cannot start the program: hints know no other words."""
    return "\n".join([cause.reason, cause.cause, *(line for line in cause.log if "exec format error" in line)])
