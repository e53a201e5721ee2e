"""What was done to an environment last, or is being done: to which of its stacks, and what has happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from deployer.aws import Aws
from deployer.cloudformation import causes, departed, events, stacks
from deployer.cloudformation.events import Operation, Since
from deployer.cloudformation.stacks import Stack, StackNames
from deployer.cloudformation.statuses import is_busy
from deployer.errors import DeployError
from deployer.hints import hint
from deployer.operations import evidence
from deployer.operations.evidence import Evidence
from deployer.operations.witness import testify
from deployer.outputs import BUCKET


@dataclass(frozen=True)
class Latest:
    """The stack of the last operation, and where its events begin. `bucket` is the foundation's, empty without one."""

    stack: Stack
    since: Since
    bucket: str

    @property
    def goes_on(self) -> bool:
        """Whether it has yet to come to rest."""
        return is_busy(self.stack.status)


def find(aws: Aws, names: StackNames) -> Latest | None:
    """Find what is going on, else what was done last; of a stack that is not there any more, what has removed it.

    None when nothing was ever done, or AWS does not know of it any more, or may not tell.
    """
    both = (names.root, names.foundation)
    found = [stack for name in both if (stack := stacks.find(aws, name))]
    if missing := set(both) - {stack.name for stack in found}:
        found += departed.find(aws, missing).values()
    bucket = next((stack.outputs.get(BUCKET, "") for stack in found if stack.name == names.foundation), "")
    each = [Latest(stack, events.last_operation(aws, stack.id), bucket) for stack in found]
    begun = [one for one in each if one.since != Since()]
    return max(begun, key=lambda one: (one.goes_on, one.since.time), default=None)


def read(aws: Aws, latest: Latest) -> Operation:
    """Read what has happened in it so far."""
    told = events.so_far(aws, latest.stack.name, latest.stack.id, latest.since)
    return Operation(latest.stack.status, tuple(told))


def why(aws: Aws, latest: Latest, operation: Operation) -> Evidence | None:
    """Say why it failed, or does not run though it did not, and what it could not delete; None when nothing is wrong.

    What was kept of it comes first: its tasks may be gone by now. Where nobody saw its end, CloudFormation tells it.
    """
    if is_busy(operation.status):
        return None
    wrong, left = _wrong(aws, latest, operation), evidence.of_undeleted(latest.stack.name, operation)
    if left is None or wrong is None or wrong.cause == left.cause:
        return wrong or left
    return replace(wrong, words=(*wrong.words, f"{left.cause}: {left.hint}", *left.words))


def _wrong(aws: Aws, latest: Latest, operation: Operation) -> Evidence | None:
    found = evidence.last(aws, latest.bucket, latest.stack.name) if latest.bucket else None
    if found and datetime.fromisoformat(found.ended) < latest.since.time:
        found = None
    if found and found.status:
        return found
    cause = None if operation.succeeded else causes.first(aws, operation)
    if cause is None:
        return None
    tasks, words = (found.tasks, found.words) if found else ((), ())
    said = testify(DeployError(causes.told(cause), hint(cause.reason)), operation, tasks, words)
    ended = operation.events[-1].time.isoformat()
    return Evidence(latest.stack.name, ended, operation.status, said.line, said.hint, tasks, words)
