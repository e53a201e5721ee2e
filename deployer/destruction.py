"""The way back: asks, deletes both stacks, and empties what must be empty to go."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import contextmanager

from deployer import causes, emptying, events, fernet, holding, lock, removals, stacks
from deployer.aws import Aws
from deployer.errors import AWS_ERRORS, Declined, DeployError
from deployer.events import Operation, StackEvent
from deployer.inventory import Resource
from deployer.removals import BROUGHT, Removal
from deployer.stack_updates import goes_on, out_of_sight
from deployer.stacks import Stack, StackNames
from deployer.statuses import Category, is_busy
from deployer.targets import BUCKET
from deployer.template_text import Fate
from deployer.tools import Tools

# A creation that goes on can be stopped by a deletion; an update cannot.
_STOPPABLE = {"CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS"}
_REFILLS = 2  # what still runs may fill a bucket again while its stack is being deleted
_WAITS = (30, 60, 120, 240, 300)  # seconds between attempts, while AWS frees what it frees late


def destroy(
    tools: Tools, names: StackNames, consent: Callable[[Removal], bool], *, spare_data: bool = False
) -> Generator[StackEvent, None, Removal]:
    """Remove both stacks, yielding events, and return what there was; nothing there is fine, and not asked about.

    With consent, the buckets and repositories that go are emptied; `spare_data`: of nothing but what the deployer keeps
    itself, and what has got data by then stops it. Interrupted, it can be run again. Raises Declined, or DeployError
    with the first cause of a failure.
    """
    aws = tools.aws
    with _alone(tools, names) as require_alone:
        removal = removals.survey(aws, names)
        _require_removable(aws, removal)
        if not removal.stacks:
            return removal
        if not consent(removal):
            raise Declined(f"{names.root} was left as it is: its removal was not approved")
        root, last = (removal.stack(name) for name in (names.root, names.foundation))
        if root:
            yield from _remove(tools, root, _Buckets(removal, root, spare_data=spare_data), require_alone)
        require_alone()
        for each in removal.goes:
            if each.logical_id == BROUGHT:
                fernet.remove(aws, each.physical_id)
        if last:
            buckets = _Buckets(removal, last, spare_data=spare_data)
            buckets.empty(aws, spared=lock.KEY)
    if last:  # and with it the lock
        buckets.empty(aws)  # beforehand: nothing else in that stack takes time
        yield from _remove(tools, last, buckets, lambda: None)
    return removal


@contextmanager
def _alone(tools: Tools, names: StackNames) -> Iterator[Callable[[], None]]:
    """Hold the lock where there is one, in the foundation's bucket; give what makes sure that it is held still."""
    foundation = stacks.find(tools.aws, names.foundation)
    bucket = foundation.outputs.get(BUCKET) if foundation else None
    if foundation is None or bucket is None or foundation.status == "DELETE_IN_PROGRESS":
        yield lambda: None
    else:
        with lock.held(tools, bucket, "destroy") as hold:
            yield hold.require


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


class _Buckets:
    """What of a stack must be empty to go, full now or not: it may fill up meanwhile.

    With `spare_data` none is emptied but the one that held nothing but the deployer's own when consent was given.
    """

    def __init__(self, removal: Removal, stack: Stack, *, spare_data: bool) -> None:
        self._fillable = {
            each.physical_id: each
            for each in removal.goes
            if each.fate is Fate.GOES and each.type in emptying.TYPES and each.path.startswith(f"{stack.name}/")
        }
        own = {content.resource.physical_id for content in removal.contents if content.records}
        self._spared = self._fillable.keys() - own if spare_data else set[str]()

    def empty(self, aws: Aws, spared: str = "") -> None:
        """Empty what may be emptied, but for the name that is `spared`. Raises DeployError."""
        for physical_id, each in self._fillable.items():
            if physical_id not in self._spared:
                emptying.empty(aws, each, spared)

    def among(self, failed: Sequence[StackEvent]) -> list[Resource]:
        """Those that could not be deleted."""
        return [self._fillable[each.physical_id] for each in failed if each.physical_id in self._fillable]

    def require_spared_empty(self, aws: Aws, failed: Sequence[StackEvent]) -> None:
        """Raise Declined when something has got data that nobody has agreed to lose."""
        looked_into = [emptying.content(aws, each) for each in self.among(failed) if each.physical_id in self._spared]
        if full := ", ".join(f"{each.resource.path} ({each})" for each in looked_into if each):
            raise Declined(
                f"what was empty has got data meanwhile, and is still there: {full}",
                'approve that beforehand, too, with ARGS="--yes --empty-buckets": it goes on from here',
            )


def _remove(
    tools: Tools, stack: Stack, buckets: _Buckets, require_alone: Callable[[], None]
) -> Generator[StackEvent, None, None]:
    """Remove a stack, again when something was filled meanwhile, or is held by what AWS frees late."""
    refills, waits = _REFILLS, list(_WAITS)
    begun = stack.status == "DELETE_IN_PROGRESS"  # by an earlier run
    while True:
        if not begun:
            require_alone()
        operation = yield from _deletion(tools, stack, buckets, begun=begun)
        if operation.succeeded:
            return
        begun = False
        failed = [each for each in operation.events if each.category is Category.FAILED]
        buckets.require_spared_empty(tools.aws, failed)
        late = [each for each in failed if holding.is_freed_late(each)]
        if refills and buckets.among(failed):
            refills -= 1
        elif waits and late:
            seconds = waits.pop(0)
            tools.report(f"{late[0].path} is still in use: AWS frees it soon, and in {seconds} s it is tried again")
            tools.clock.sleep(seconds)
        else:
            raise _held(tools.aws, stack.name, operation, failed)


def _deletion(tools: Tools, stack: Stack, buckets: _Buckets, *, begun: bool) -> Generator[StackEvent, None, Operation]:
    """Delete, and empty what must be empty once AWS has said yes to it: what nobody may delete keeps its data."""
    aws = tools.aws
    if begun:
        since = events.last_operation(aws, stack.id)
    else:
        since = events.newest(aws, stack.id)
        aws.cloudformation.delete_stack(StackName=stack.id, ClientRequestToken=uuid.uuid4().hex)
    try:
        buckets.empty(aws)
        return (yield from events.follow(aws, stack.name, stack.id, since, tools.clock))
    except (KeyboardInterrupt, DeployError):
        tools.report(f"{goes_on(aws, stack.name, 'DELETE_IN_PROGRESS')}; run this again for what is left")
        raise
    except AWS_ERRORS as error:
        raise out_of_sight(stack.name, error) from error


def _held(aws: Aws, name: str, operation: Operation, failed: Collection[StackEvent]) -> DeployError:
    """Say why a stack is still there, and what to do about it."""
    error = causes.failure(aws, name, "removed", operation)
    return DeployError(error.line, holding.way_on(aws, failed) or error.hint or f"mend that, then {holding.AGAIN}")
