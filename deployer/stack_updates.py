"""One stack from where it is to where it shall be: plan, ask, execute, watch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from deployer import change_sets, events, stacks
from deployer.aws import Aws
from deployer.change_sets import ChangeSet, StackRequest
from deployer.clock import REAL_TIME, Clock
from deployer.errors import Declined, DeployError
from deployer.events import Operation, Since, StackEvent
from deployer.stacks import Stack
from deployer.statuses import is_busy

Consent = Callable[[ChangeSet], bool]

# From these an update can start; in any other state CloudFormation refuses one.
_UPDATABLE = {
    "CREATE_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE",
}
_SERVERS_FAULT = 500  # from this HTTP status on nobody knows what was done
_REMOVE = "remove it with `make airflow-destroy`, then deploy again"
_WAYS_OUT = {
    "CREATE_FAILED": ("its creation failed", _REMOVE),
    "DELETE_FAILED": ("its removal stopped midway", "finish that with `make airflow-destroy`, then deploy again"),
    "ROLLBACK_COMPLETE": ("its first creation failed and was undone", _REMOVE),
    "ROLLBACK_FAILED": ("its first creation failed and could not be undone", _REMOVE),
    "UPDATE_ROLLBACK_FAILED": (
        "a failed update could not be undone",
        "mend what its last events name, then continue the rollback in the CloudFormation console",
    ),
}


class Outcome(StrEnum):
    """What a deploy came to."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Result:
    """A stack after its deploy."""

    stack: str
    outcome: Outcome
    outputs: dict[str, str]


class Companion(Protocol):
    """Who goes along with a change of a stack, and knows what the stack itself does not tell."""

    def begin(self, change_set: ChangeSet) -> None:
        """Get ready: the change has been approved, and begins next. Raising stops it."""

    def abandoned(self) -> None:
        """Put away what was got ready: AWS has not begun, and will not."""

    def look(self, fresh: Sequence[StackEvent]) -> None:
        """Look at what else there is, at every look at the stack; `fresh` is what has happened since the last one."""

    def failed(self, operation: Operation, error: DeployError) -> DeployError:
        """Say more of a change that has failed than its stack does."""


def deploy_stack(
    aws: Aws, request: StackRequest, consent: Consent, clock: Clock = REAL_TIME, companion: Companion | None = None
) -> Generator[StackEvent, None, Result]:
    """Create or update one stack, yielding the events of it and of what is nested in it.

    Declined, interrupted while asking, or refused by AWS, it leaves no change set and no empty stack behind.
    Raises Declined, or DeployError with the first cause of a failure.
    """
    current = stacks.find(aws, request.name)
    require_ready(current)
    change_set = change_sets.propose(aws, request, current, clock)
    if change_set is None:
        return Result(request.name, Outcome.UNCHANGED, current.outputs if current else {})
    _ask(aws, change_set, consent, companion)
    since = _execute(aws, change_set, companion)
    look = companion.look if companion else lambda _: None
    operation = yield from events.follow(aws, request.name, change_set.stack_id, since, clock, look)
    if not operation.succeeded:
        error = failure(request.name, "created" if change_set.creates else "updated", operation)
        raise companion.failed(operation, error) if companion else error
    outcome = Outcome.CREATED if change_set.creates else Outcome.UPDATED
    return Result(request.name, outcome, stacks.outputs(aws, change_set.stack_id))


def require_ready(stack: Stack | None) -> None:
    """Raise DeployError, saying what to do, when a stack is in a state that no deploy can start from."""
    if stack is None or stack.status in _UPDATABLE or stack.status == "REVIEW_IN_PROGRESS":
        return
    if is_busy(stack.status):
        raise DeployError(
            f"{stack.name} is in {stack.status}: another operation is at work on it",
            "wait until it has ended, then run it again",
        )
    why, way_out = _WAYS_OUT.get(stack.status, (stack.reason or "no deploy can start from there", _REMOVE))
    raise DeployError(f"{stack.name} is in {stack.status}: {why}", way_out)


def failure(name: str, done: str, operation: Operation) -> DeployError:
    """Put an operation that failed into one line: its first cause, and the state it has left."""
    cause = events.first_cause(operation.events)
    line = f"{name} was not {done}, it is in {operation.status}"
    if cause is None:
        return DeployError(line)
    return DeployError(f"{line}: {cause.path} ({cause.type}): {cause.status}: {cause.reason or 'no reason given'}")


def _execute(aws: Aws, change_set: ChangeSet, companion: Companion | None) -> Since:
    """Start the change, and return from where on its events count.

    Where AWS says no, or was not asked yet, nothing has begun; without an answer nobody knows.
    """
    try:
        since = events.newest(aws, change_set.stack_id)
    except BaseException:
        _abandon(aws, change_set, companion)
        raise
    try:
        change_sets.execute(aws, change_set)
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < _SERVERS_FAULT:
            _abandon(aws, change_set, companion)
        raise
    return since


def _abandon(aws: Aws, change_set: ChangeSet, companion: Companion | None) -> None:
    if companion:
        companion.abandoned()
    with suppress(BotoCoreError, ClientError):  # what was refused says more
        change_sets.discard(aws, change_set)


def _ask(aws: Aws, change_set: ChangeSet, consent: Consent, companion: Companion | None) -> None:
    """Ask, and let the companion get ready; an interrupt or an error meanwhile is a no."""
    try:
        agreed = consent(change_set)
        if agreed and companion:
            companion.begin(change_set)
    except BaseException:
        change_sets.discard(aws, change_set)
        raise
    if not agreed:
        change_sets.discard(aws, change_set)
        raise Declined(f"{change_set.stack} was left as it is: the changes were not approved")
