"""The way out of every state that a stack was left in, until a deploy can begin."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Sequence

from deployer.cloudformation import causes, events, stacks, stuck, undeleted
from deployer.cloudformation.events import Look, Operation, Since, StackEvent
from deployer.cloudformation.stack_updates import goes_on, out_of_sight, require_ready
from deployer.cloudformation.stacks import Stack
from deployer.cloudformation.statuses import is_busy, is_ready, is_unmade
from deployer.consent import Ask, Question
from deployer.deletions import deletion
from deployer.errors import AWS_ERRORS, Declined, DeployError
from deployer.operations.witness import Witness
from deployer.outputs import CLUSTER
from deployer.tools import Tools

_MOST = 10  # operations that are waited for, one after the other
_DESTROY = "`make airflow-destroy` retries what AWS lets go of late, and says what holds the rest"
_UNPROTECT = "aws cloudformation update-termination-protection --no-enable-termination-protection"

Following = Generator[StackEvent, None, Operation]


def settle(tools: Tools, name: str, ask: Ask, bucket: str = "") -> Generator[StackEvent, None, Stack | None]:
    """Bring a stack to where a change set can be made, and return it; None when it is yet to be created.

    What somebody else does to it is watched, with its events, until it rests. A stack that never was is removed, an
    update that failed and stopped there is undone, and a rollback that is stuck goes on without what it is stuck on,
    once `ask` agrees. Why what was watched has failed is kept in `bucket`. Raises Declined, or DeployError.
    """
    for _ in range(_MOST):
        stack = found(tools, name)
        if stack is None or is_ready(stack.status):
            return stack
        if is_busy(stack.status):
            yield from _watched(tools, stack, bucket)
        elif is_unmade(stack.status):
            yield from _removed(tools, stack, ask)
        elif stack.status == "UPDATE_FAILED":
            yield from _undone(tools, stack, ask)
        elif stack.status == "UPDATE_ROLLBACK_FAILED":
            yield from _rolled_back(tools, stack, ask)
        else:
            require_ready(stack)
    raise DeployError(f"{name} does not come to rest: others begin something all the time", "run it again later")


def found(tools: Tools, name: str) -> Stack | None:
    """Look at a stack, before anything is changed. Raises DeployError for one that a deploy does not get out of."""
    stack = stacks.find(tools.aws, name)
    if stack is not None and stack.status == "DELETE_FAILED":
        raise _half_removed(tools, stack, _over(tools, stack))
    return stack


def _watched(tools: Tools, stack: Stack, bucket: str) -> Generator[StackEvent, None, None]:
    """Follow what goes on already: somebody's work, or what a run that was killed has begun."""
    tools.report(f"{stack.name} is in {stack.status}: an operation is at work on it, and is watched until it has ended")
    witness = Witness(tools, bucket, stack.name, stack.outputs.get(CLUSTER))
    operation = yield from _follow(tools, stack, _last(tools, stack), witness.look)
    told = "it was well done"
    if not operation.succeeded:
        told = witness.failed(operation, causes.failure(tools.aws, stack.name, "changed by it", operation)).line
    tools.report(f"the operation on {stack.name} has ended in {operation.status}: {told}")


def _removed(tools: Tools, stack: Stack, ask: Ask) -> Generator[StackEvent, None, None]:
    """Remove a stack whose first creation has failed: there is nothing else that CloudFormation lets one do with it."""
    shown = (
        f"{stack.name} is in {stack.status}: its first creation has failed. It has to be removed before it can be"
        " created again; nothing else is touched, and what was retained of it stays."
    )
    full = deletion.contents(tools.aws, stack)
    if full:
        shown += f" What is in these goes with it: {', '.join(f'{each.resource.path} ({each})' for each in full)}."
    if stack.protected:
        raise DeployError(
            f"{stack.name} is in {stack.status}, and cannot be removed: its termination protection is on",
            f"lift it with `{_UNPROTECT} --region {tools.aws.region} --stack-name {stack.name}`, then run it again",
        )
    if not ask(Question(f"Remove {stack.name} and create it again?", shown, option="--recreate")):
        raise Declined(f"{stack.name} was left as it is, in {stack.status}")
    buckets = deletion.Buckets(each.resource for each in full)
    operation = yield from deletion.remove(tools, stack, buckets, tools.require)
    if not operation.succeeded:
        raise _half_removed(tools, stack, operation)


def _undone(tools: Tools, stack: Stack, ask: Ask) -> Generator[StackEvent, None, None]:
    """Undo an update that was made to stop where it failed; where that gets stuck, there is a way out of it, too.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackStack.html
    """
    cause = causes.first(tools.aws, _over(tools, stack))
    shown = [f"{stack.name} is in {stack.status}: an update failed, and was made to stop there. It has to be undone"]
    shown += ["before another one can begin; what it has changed goes back to what was before.", *_why(cause)]
    if not ask(Question("Undo the update that failed?", "\n".join(shown), option="--continue-rollback")):
        raise Declined(f"{stack.name} was left as it is, in {stack.status}")
    tools.require()
    since = events.newest(tools.aws, stack.id)
    tools.aws.cloudformation.rollback_stack(StackName=stack.id, ClientRequestToken=_token())
    operation = yield from _follow(tools, stack, since)
    if operation.status not in {"UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"}:
        raise causes.failure(tools.aws, stack.name, "rolled back", operation)


def _why(cause: StackEvent | None) -> list[str]:
    return [f"  {causes.told(cause)}"] if cause else []


def _rolled_back(tools: Tools, stack: Stack, ask: Ask) -> Generator[StackEvent, None, None]:
    """Finish a rollback: as it is, for what was in its way may be gone by now, else without what it is stuck on."""
    shown = tuple(stuck.find(_over(tools, stack), stack.id))
    _agree(stack, shown, ask)
    operation = yield from _continued(tools, stack, ())
    if operation.status == stack.status and (held := tuple(stuck.find(operation, stack.id))):
        if not {each.to_skip for each in held} <= {each.to_skip for each in shown}:
            _agree(stack, held, ask)
        tools.report("\n".join(["Still stuck, and left as they are, whatever their template says:", *_list(held)]))
        operation = yield from _continued(tools, stack, held)
    if operation.status != "UPDATE_ROLLBACK_COMPLETE":
        raise causes.failure(tools.aws, stack.name, "rolled back", operation)


def _agree(stack: Stack, held: Sequence[stuck.Stuck], ask: Ask) -> None:
    """Have somebody agree to leave out what a rollback is stuck on. Raises Declined."""
    shown = [f"{stack.name} is in {stack.status}: a failed update could not be undone. It is stuck on", *_list(held)]
    question = "Go on with the rollback, without these if need be?"
    if not ask(Question(question, "\n".join(shown), option="--continue-rollback")):
        raise Declined(f"{stack.name} was left as it is, in {stack.status}")


def _list(held: Sequence[stuck.Stuck]) -> list[str]:
    return [f"  {each}" for each in held] or ["  nothing that it names"]


def _continued(tools: Tools, stack: Stack, skipped: Sequence[stuck.Stuck]) -> Following:
    tools.require()
    since = events.newest(tools.aws, stack.id)
    if names := [each.to_skip for each in skipped]:
        tools.aws.cloudformation.continue_update_rollback(
            StackName=stack.id, ResourcesToSkip=names, ClientRequestToken=_token()
        )
    else:
        tools.aws.cloudformation.continue_update_rollback(StackName=stack.id, ClientRequestToken=_token())
    return (yield from _follow(tools, stack, since))


def _half_removed(tools: Tools, stack: Stack, operation: Operation) -> DeployError:
    return DeployError(causes.failure(tools.aws, stack.name, "removed", operation).line, _DESTROY)


def _over(tools: Tools, stack: Stack) -> Operation:
    """The last operation of a stack that rests: what happened, without telling it again."""
    told = events.so_far(tools.aws, stack.name, stack.id, _last(tools, stack))
    return Operation(stack.status, tuple(told))


def _last(tools: Tools, stack: Stack) -> Since:
    return events.last_operation(tools.aws, stack.id)


def _follow(tools: Tools, stack: Stack, since: Since, look: Look = lambda _: None) -> Following:
    try:
        operation = yield from events.follow(tools.aws, stack.name, stack.id, since, tools.clock, look)
    except KeyboardInterrupt:
        tools.report(goes_on(tools.aws, stack.name, stack.status))
        raise
    except AWS_ERRORS as error:
        raise out_of_sight(stack.name, error) from error
    for line in undeleted.lines(stack.name, operation):
        tools.report(line)
    return operation


def _token() -> str:
    """What lets AWS know a request that is sent again from a second one."""
    return f"deploy-{uuid.uuid4().hex}"
