"""A stack is deleted: what must be empty to go is emptied, and what AWS frees late is waited for."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import suppress

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.cloudformation import events, inventory
from deployer.cloudformation.events import Operation, StackEvent
from deployer.cloudformation.inventory import Resource
from deployer.cloudformation.stack_updates import goes_on, out_of_sight
from deployer.cloudformation.stacks import Stack
from deployer.cloudformation.statuses import Category
from deployer.cloudformation.template_text import Fate
from deployer.deletions import emptying, holding
from deployer.deletions.emptying import Content
from deployer.errors import AWS_ERRORS, Declined, DeployError
from deployer.tools import Tools, nothing

_REFILLS = 2  # what still runs may fill a bucket again while its stack is being deleted
_WAITS = (30, 60, 120, 240, 300)  # seconds between attempts, while AWS frees what it frees late


class Buckets:
    """What of a stack must be empty to go, full now or not: it may fill up meanwhile. The `spared` are not emptied."""

    def __init__(self, fillable: Iterable[Resource], spared: Collection[str] = ()) -> None:
        self._fillable = {each.physical_id: each for each in fillable}
        self._spared = spared

    def empty(self, aws: Aws) -> None:
        """Empty what may be emptied. Raises DeployError."""
        for physical_id, each in self._fillable.items():
            if physical_id not in self._spared:
                emptying.empty(aws, each)

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


def remove(
    tools: Tools,
    stack: Stack,
    buckets: Buckets,
    require_alone: Callable[[], None],
    accepted: Callable[[], None] = nothing,
) -> Generator[StackEvent, None, Operation]:
    """Delete a stack, again when something was filled meanwhile, or is held by what AWS frees late.

    Returns what the last attempt came to. `require_alone` is asked before each; `accepted` is told once AWS has said
    yes, and before anything is emptied. Raises Declined, DeployError.
    """
    refills, waits = _REFILLS, list(_WAITS)
    begun = stack.status == "DELETE_IN_PROGRESS"  # by an earlier run
    while True:
        if not begun:
            require_alone()
        operation = yield from _deletion(tools, stack, buckets, accepted, begun=begun)
        if operation.succeeded:
            return operation
        begun = False
        failed = failures(operation)
        buckets.require_spared_empty(tools.aws, failed)
        late = [each for each in failed if holding.is_freed_late(each)]
        if refills and buckets.among(failed):
            refills -= 1
        elif waits and late:
            seconds = waits.pop(0)
            tools.report(f"{late[0].path} is still in use: AWS frees it soon, and in {seconds} s it is tried again")
            tools.clock.sleep(seconds)
        else:
            return operation


def contents(aws: Aws, stack: Stack) -> list[Content]:
    """What is in the buckets and repositories that go with a stack; nothing where nobody may look."""
    found: list[Content | None] = []
    with suppress(ClientError):
        going = (each for each in inventory.resources(aws, stack) if each.fate is Fate.GOES and not each.gone)
        found.extend(emptying.content(aws, each) for each in going)
    return [each for each in found if each]


def failures(operation: Operation) -> list[StackEvent]:
    """What could not be deleted."""
    return [each for each in operation.events if each.category is Category.FAILED]


def _deletion(
    tools: Tools, stack: Stack, buckets: Buckets, accepted: Callable[[], None], *, begun: bool
) -> Generator[StackEvent, None, Operation]:
    """Delete, and empty what must be empty once AWS has said yes to it: what nobody may delete keeps its data."""
    aws = tools.aws
    if begun:
        since = events.last_operation(aws, stack.id)
    else:
        since = events.newest(aws, stack.id)
        aws.cloudformation.delete_stack(StackName=stack.id, ClientRequestToken=uuid.uuid4().hex)
    try:
        accepted()
        buckets.empty(aws)
        return (yield from events.follow(aws, stack.name, stack.id, since, tools.clock))
    except (KeyboardInterrupt, DeployError):
        tools.report(f"{goes_on(aws, stack.name, 'DELETE_IN_PROGRESS')}; run this again for what is left")
        raise
    except AWS_ERRORS as error:
        raise out_of_sight(stack.name, error) from error
