"""The way back: asks, deletes both stacks, and empties what must be empty to go."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from deployer.aws import Aws
from deployer.cloudformation import causes, stacks
from deployer.cloudformation.events import Operation, StackEvent
from deployer.cloudformation.stacks import Stack, StackNames
from deployer.cloudformation.statuses import is_busy
from deployer.cloudformation.template_text import Fate
from deployer.deletions import deletion, emptying, holding
from deployer.deletions.deletion import Buckets
from deployer.deploying import fernet
from deployer.destroying import removals
from deployer.destroying.removals import BROUGHT, Removal
from deployer.errors import Declined, DeployError
from deployer.locking import lock
from deployer.outputs import BUCKET
from deployer.tools import Tools, nothing

# A creation that goes on can be stopped by a deletion; an update cannot.
_STOPPABLE = {"CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS"}


def destroy(
    tools: Tools, names: StackNames, consent: Callable[[Removal], bool], *, spare_data: bool = False
) -> Generator[StackEvent, None, Removal]:
    """Remove both stacks, yielding events, and return what there was; nothing there is fine, and not asked about.

    With consent, the buckets and repositories that go are emptied; `spare_data`: of nothing but what the deployer keeps
    itself, and what has got data by then stops it. Interrupted, it can be run again. Raises Declined, or DeployError
    with the first cause of a failure.
    """
    aws = tools.aws
    with _alone(tools, names) as (require_alone, let_go):
        removal = removals.survey(aws, names)
        _require_removable(aws, removal)
        if not removal.stacks:
            return removal
        if not consent(removal):
            raise Declined(f"{names.root} was left as it is: its removal was not approved")
        root, last = (removal.stack(name) for name in (names.root, names.foundation))
        if root:
            buckets = _buckets(removal, root, spare_data=spare_data)
            _require_gone(aws, root, (yield from deletion.remove(tools, root, buckets, require_alone)))
        require_alone()
        for each in removal.goes:
            if each.logical_id == BROUGHT:
                fernet.remove(aws, each.physical_id)
        if last:  # and with it the lock
            buckets = _buckets(removal, last, spare_data=spare_data)
            _require_gone(aws, last, (yield from deletion.remove(tools, last, buckets, require_alone, let_go)))
    return removal


@contextmanager
def _alone(tools: Tools, names: StackNames) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """Hold the lock where there is one, in the foundation's bucket.

    Gives what makes sure that it is held still, and what lets go of it.
    """
    foundation = stacks.find(tools.aws, names.foundation)
    bucket = foundation.outputs.get(BUCKET) if foundation else None
    if foundation is None or bucket is None or foundation.status == "DELETE_IN_PROGRESS":
        yield nothing, nothing
    else:
        with lock.held(tools, bucket, "destroy") as hold:
            yield hold.require, hold.release


def _require_removable(aws: Aws, removal: Removal) -> None:
    """Refuse before anything goes: stopped midway, a stack can neither be updated nor removed."""
    for stack in removal.stacks:
        if stack.protected:
            raise DeployError(
                f"{stack.name} is protected against removal",
                "lift its termination protection first (`aws cloudformation update-termination-protection"
                f" --no-enable-termination-protection --region {aws.region} --stack-name {stack.name}`)",
            )
        if is_busy(stack.status) and stack.status not in _STOPPABLE:
            raise DeployError(
                f"{stack.name} is in {stack.status}: another operation is at work on it",
                "watch it with `make airflow-events ARGS=--follow`; when it has ended, run this again",
            )
    if protected := [each.path for each in removal.goes if each.protected]:
        raise DeployError(
            f"{', '.join(protected)} is protected against deletion",
            "set its deletionProtection to false in service.yml, deploy, then destroy",
        )


def _buckets(removal: Removal, stack: Stack, *, spare_data: bool) -> Buckets:
    """What of a stack must be empty to go.

    With `spare_data` none is emptied but the one that held nothing but the deployer's own when consent was given.
    """
    fillable = [
        each
        for each in removal.goes
        if each.fate is Fate.GOES and each.type in emptying.TYPES and each.path.startswith(f"{stack.name}/")
    ]
    own = {content.resource.physical_id for content in removal.contents if content.records}
    return Buckets(fillable, {each.physical_id for each in fillable} - own if spare_data else ())


def _require_gone(aws: Aws, stack: Stack, operation: Operation) -> None:
    """Say why a stack is still there, and what to do about it. Raises DeployError."""
    if not operation.succeeded:
        error = causes.failure(aws, stack.name, "removed", operation)
        way_on = holding.way_on(aws, deletion.failures(operation))
        raise DeployError(error.line, way_on or error.hint or f"mend that, then {holding.AGAIN}")
