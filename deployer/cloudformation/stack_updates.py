"""One stack from where it is to where it shall be: plan, ask, execute, watch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.clock import REAL_TIME, Clock
from deployer.cloudformation import causes, change_sets, events, stacks, undeleted
from deployer.cloudformation.change_sets import ChangeSet, StackRequest
from deployer.cloudformation.events import Operation, Since, StackEvent
from deployer.cloudformation.stacks import Stack
from deployer.cloudformation.statuses import is_busy, is_ready
from deployer.errors import AWS_ERRORS, AwsError, Declined, DeployError, explain
from deployer.tools import silent

Consent = Callable[[ChangeSet], bool]

_GONE = "DELETE_COMPLETE"
_SERVERS_FAULT = 500  # from this HTTP status on nobody knows what was done
_AGAIN = "`make airflow-deploy` removes it, after asking, and creates it again"
_BY_HAND = "see with `make airflow-events` what has failed, and finish it in the AWS console; then run it again"
_WATCH = "`make airflow-events ARGS=--follow` watches it"
_FINISH = "; `make airflow-deploy`, run again, finishes the deploy (numbers of tasks, proof of the release)"
_WAYS_OUT = {
    "CREATE_FAILED": ("its creation failed", _AGAIN),
    "DELETE_FAILED": ("its removal stopped midway", "finish that with `make airflow-destroy`, then deploy again"),
    "UPDATE_FAILED": ("an update failed, and was not undone", "`make airflow-deploy` undoes it, after asking"),
    "ROLLBACK_COMPLETE": ("its first creation failed and was undone", _AGAIN),
    "ROLLBACK_FAILED": ("its first creation failed and could not be undone", _AGAIN),
    "UPDATE_ROLLBACK_FAILED": (
        "a failed update could not be undone",
        "`make airflow-deploy` shows what is stuck, and offers to go on without it",
    ),
}


class Outcome(StrEnum):
    """What a deploy came to."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Result:
    """A stack after its deploy. `left` says, line by line, what could not be deleted and is in no stack any more."""

    stack: str
    outcome: Outcome
    outputs: dict[str, str]
    left: tuple[str, ...] = ()


class Companion(Protocol):
    """Who goes along with a change of a stack, and knows what the stack itself does not tell.

    `tells`: when AWS cannot be asked any more, it says itself what goes on.
    """

    tells: bool

    def begin(self, change_set: ChangeSet) -> None:
        """Get ready: the change has been approved, and begins next. Raising stops it."""

    def abandoned(self) -> None:
        """Put away what was got ready: AWS has not begun, and will not."""

    def look(self, fresh: Sequence[StackEvent]) -> None:
        """Look at what else there is, at every look at the stack; `fresh` is what has happened since the last one."""

    def succeeded(self, operation: Operation) -> None:
        """Take note of a change that has come through."""

    def failed(self, operation: Operation, error: DeployError) -> DeployError:
        """Say more of a change that has failed than its stack does."""


def deploy_stack(
    aws: Aws,
    request: StackRequest,
    consent: Consent,
    clock: Clock = REAL_TIME,
    companion: Companion | None = None,
    report: Callable[[str], None] = silent,
) -> Generator[StackEvent, None, Result]:
    """Create or update one stack, yielding the events of it and of what is nested in it.

    Declined, interrupted while asking, or refused by AWS, it leaves no change set and no empty stack behind.
    Interrupted later it reports what goes on. Raises Declined, or DeployError with the first cause of a failure.
    """
    current = stacks.find(aws, request.name)
    require_ready(current)
    return (yield from change_stack(aws, request, current, consent, clock, companion, report))


def change_stack(
    aws: Aws,
    request: StackRequest,
    current: Stack | None,
    consent: Consent,
    clock: Clock = REAL_TIME,
    companion: Companion | None = None,
    report: Callable[[str], None] = silent,
) -> Generator[StackEvent, None, Result]:
    """As `deploy_stack`, of a stack that was just looked at and is ready."""
    unchanged = Result(request.name, Outcome.UNCHANGED, current.outputs if current else {})
    if change_sets.stands(aws, request, current):
        return unchanged
    change_set = change_sets.propose(aws, request, current, clock)
    if change_set is None:
        return unchanged
    _ask(aws, change_set, consent, clock, companion)
    since = _execute(aws, change_set, clock, companion)
    try:
        look = companion.look if companion else lambda _: None
        operation = yield from events.follow(aws, request.name, change_set.stack_id, since, clock, look)
    except KeyboardInterrupt:
        status = "CREATE_IN_PROGRESS" if change_set.creates else "UPDATE_IN_PROGRESS"
        report(goes_on(aws, request.name, status, deploys=not request.template.previous))
        raise
    except AWS_ERRORS as error:
        if companion and companion.tells:
            raise
        raise out_of_sight(request.name, error) from error
    left = undeleted.lines(request.name, operation)
    for line in left:
        report(line)
    if not operation.succeeded or operation.status == _GONE:
        failed = _failure(aws, change_set, operation)
        if companion:
            failed = companion.failed(operation, failed)
        raise _with_way_on(request.name, failed) if change_set.creates and operation.status != _GONE else failed
    if companion:
        companion.succeeded(operation)
    outcome = Outcome.CREATED if change_set.creates else Outcome.UPDATED
    return Result(request.name, outcome, stacks.outputs(aws, change_set.stack_id), left)


def require_ready(stack: Stack | None) -> None:
    """Raise DeployError, saying what to do, when a stack is in a state that no change can start from."""
    if stack is None or is_ready(stack.status):
        return
    if is_busy(stack.status):
        raise DeployError(
            f"{stack.name} is in {stack.status}: another operation is at work on it",
            f"wait until it has ended ({_WATCH}), then run it again",
        )
    why, way_out = _WAYS_OUT.get(stack.status, (stack.reason or "no deploy can start from there", _BY_HAND))
    raise DeployError(f"{stack.name} is in {stack.status}: {why}", way_out)


def goes_on(aws: Aws, name: str, status: str, *, deploys: bool = True) -> str:
    """Say what goes on without whoever has stopped watching it, how to watch it again, and how to stop it, too.

    `deploys`: it is part of a deploy, which has more to do after it.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-update-cancel.html
    """
    cancel = f"aws cloudformation cancel-update-stack --region {aws.region} --stack-name {name}"
    ways = {
        "CREATE_IN_PROGRESS": "; `make airflow-destroy` stops it and removes what is there",
        "UPDATE_IN_PROGRESS": f"; `{cancel}` stops it and undoes it",
    }
    finish = _FINISH if deploys and status in ways else ""
    return f"CloudFormation goes on with {name} by itself; {_WATCH}{finish}{ways.get(status, '')}"


def out_of_sight(name: str, error: AwsError) -> DeployError:
    """What is said when AWS cannot be asked any more, as with credentials that have expired, while it is at work."""
    told = explain(error)
    line = f"{told.line}; CloudFormation goes on with {name} by itself"
    return DeployError(line, f"{told.hint or 'run it again'}: that takes up what is there by then")


def _failure(aws: Aws, change_set: ChangeSet, operation: Operation) -> DeployError:
    done = "created" if change_set.creates else "updated"
    if operation.status == _GONE:
        line = f"{change_set.stack} was removed by somebody while it was being {done}"
        return DeployError(line, "run it again, and it is created anew")
    return causes.failure(aws, change_set.stack, done, operation)


def _with_way_on(name: str, error: DeployError) -> DeployError:
    """The same of a creation, of which nothing is left that could be updated."""
    way_on = f"with that mended, `make airflow-deploy` removes {name}, after asking, and creates it again"
    return DeployError(error.line, f"{error.hint}; {way_on}" if error.hint else way_on)


def _execute(aws: Aws, change_set: ChangeSet, clock: Clock, companion: Companion | None) -> Since:
    """Start the change, and return from where on its events count.

    Where AWS says no, or was not asked yet, nothing has begun; without an answer nobody knows.
    """
    try:
        since = events.newest(aws, change_set.stack_id)
    except BaseException:
        _abandon(aws, change_set, clock, companion)
        raise
    try:
        change_sets.execute(aws, change_set)
    except DeployError:
        _abandon(aws, change_set, clock, companion)
        raise
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < _SERVERS_FAULT:
            _abandon(aws, change_set, clock, companion)
        raise
    return since


def _abandon(aws: Aws, change_set: ChangeSet, clock: Clock, companion: Companion | None) -> None:
    if companion:
        companion.abandoned()
    with suppress(*AWS_ERRORS):  # what was refused says more
        change_sets.discard(aws, change_set, clock)


def _ask(aws: Aws, change_set: ChangeSet, consent: Consent, clock: Clock, companion: Companion | None) -> None:
    """Ask, and let the companion get ready; an interrupt or an error meanwhile is a no."""
    try:
        agreed = consent(change_set)
        if agreed and companion:
            companion.begin(change_set)
    except BaseException:
        change_sets.discard(aws, change_set, clock)
        raise
    if not agreed:
        change_sets.discard(aws, change_set, clock)
        raise Declined(f"{change_set.stack} was left as it is: the changes were not approved")
