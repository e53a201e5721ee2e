"""The way back: lists what goes and what stays, asks, empties what must be empty, deletes both stacks."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from deployer import emptying, events, inventory, stacks
from deployer.aws import Aws
from deployer.clock import REAL_TIME, Clock
from deployer.emptying import Content
from deployer.errors import Declined, DeployError
from deployer.events import Operation, StackEvent
from deployer.inventory import Resource
from deployer.stack_updates import failure
from deployer.stacks import Stack, StackNames
from deployer.statuses import Category, is_busy
from deployer.template_text import Fate

_ATTEMPTS = 3  # what still runs may fill a bucket again while its stack is being deleted


@dataclass(frozen=True)
class Removal:
    """What destroying an environment means: its stacks in order of removal, their resources, and full buckets."""

    stacks: tuple[Stack, ...]
    resources: tuple[Resource, ...] = ()
    contents: tuple[Content, ...] = ()

    @property
    def goes(self) -> tuple[Resource, ...]:
        """The resources that will be deleted; of some a snapshot is taken first."""
        return tuple(each for each in self.resources if each.fate is not Fate.STAYS)

    @property
    def stays(self) -> tuple[Resource, ...]:
        """The resources that outlive their stack."""
        return tuple(each for each in self.resources if each.fate is Fate.STAYS)


def survey(aws: Aws, names: StackNames) -> Removal:
    """Look at all that a destroy would meet; a removal without stacks when there is nothing."""
    found = tuple(stack for name in (names.root, names.foundation) if (stack := stacks.find(aws, name)))
    held = tuple(each for stack in found for each in inventory.resources(aws, stack))
    going = (each for each in held if each.fate is Fate.GOES)
    return Removal(found, held, tuple(full for each in going if (full := emptying.content(aws, each))))


def destroy(
    aws: Aws, names: StackNames, consent: Callable[[Removal], bool], clock: Clock = REAL_TIME
) -> Generator[StackEvent, None, Removal]:
    """Remove both stacks, yielding events, and return what there was; nothing there is fine, and not asked about.

    With consent, the buckets and repositories named in the removal's `contents` are emptied. Interrupted,
    it can be run again. Raises Declined, or DeployError with the first cause of a failure.
    """
    removal = survey(aws, names)
    for stack in removal.stacks:
        _require_removable(stack)
    _require_unprotected(removal)
    if not removal.stacks:
        return removal
    if not consent(removal):
        raise Declined(f"{names.root} was left as it is: its removal was not approved")
    for stack in removal.stacks:
        yield from _remove(aws, stack, _fillable(removal, stack), clock)
    return removal


def _require_removable(stack: Stack) -> None:
    if stack.protected:
        raise DeployError(f"{stack.name} is protected against removal", "lift its termination protection first")
    if is_busy(stack.status) and stack.status != "DELETE_IN_PROGRESS":
        raise DeployError(
            f"{stack.name} is in {stack.status}: another operation is at work on it",
            "wait until it has ended, then run it again",
        )


def _require_unprotected(removal: Removal) -> None:
    """Refuse before anything goes: stopped midway, a stack can neither be updated nor removed."""
    if protected := [each.path for each in removal.goes if each.protected]:
        raise DeployError(
            f"{', '.join(protected)} is protected against deletion",
            "set its deletionProtection to false in service.yml, deploy, then destroy",
        )


def _fillable(removal: Removal, stack: Stack) -> tuple[Resource, ...]:
    """What of a stack must be empty to go, full now or not: it may fill up meanwhile."""
    return tuple(
        each
        for each in removal.resources
        if each.fate is Fate.GOES and each.type in emptying.TYPES and each.path.startswith(f"{stack.name}/")
    )


def _remove(aws: Aws, stack: Stack, fillable: tuple[Resource, ...], clock: Clock) -> Generator[StackEvent, None, None]:
    operation = Operation(stack.status, ())
    for _ in range(_ATTEMPTS):
        if operation.status == "DELETE_IN_PROGRESS":  # begun by an earlier run
            since = events.last_operation(aws, stack.id)
        else:
            for each in fillable:
                emptying.empty(aws, each)
            since = events.newest(aws, stack.id)
            aws.cloudformation.delete_stack(StackName=stack.id)
        operation = yield from events.follow(aws, stack.name, stack.id, since, clock)
        if operation.succeeded:
            return
        if not _filled_again(operation, fillable):
            break
    raise failure(stack.name, "removed", operation)


def _filled_again(operation: Operation, fillable: tuple[Resource, ...]) -> bool:
    names = {each.physical_id for each in fillable}
    return any(e.category is Category.FAILED and e.physical_id in names for e in operation.events)
