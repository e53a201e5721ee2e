"""What keeps a rollback from its end. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deployer.cloudformation import stacks
from deployer.cloudformation.events import Operation, StackEvent
from deployer.cloudformation.stacks import STACK_TYPE
from deployer.cloudformation.statuses import Category


@dataclass(frozen=True)
class Stuck:
    """A resource that could not be rolled back. `to_skip` is what ContinueUpdateRollback calls it."""

    path: str
    type: str
    reason: str
    to_skip: str

    def __str__(self) -> str:
        return f"{self.path} ({self.type}): {self.reason or 'no reason given'}"


def find(operation: Operation, root: str) -> Iterator[Stuck]:
    """Look through what has happened to the stack `root` (its id) and to what is nested in it.

    Only what has failed since the stack that it is in began to roll back may be left out, and of nested stacks only
    one that was removed: of others it is what is in them. A resource in a nested stack is named by that stack's own
    name, and not by its logical id.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html
    """
    own = {event.stack_id: event for event in operation.events if event.own}
    began = {e.stack_id: e.time for e in operation.events if e.own and e.status == "UPDATE_ROLLBACK_IN_PROGRESS"}
    last = {(event.stack_id, event.logical_id): event for event in operation.events if not event.own}
    for event in last.values():
        rolling_back = event.stack_id in began and event.time >= began[event.stack_id]
        tells_itself = event.type == STACK_TYPE and _is_stuck(own.get(event.physical_id))
        if rolling_back and event.status == "UPDATE_FAILED" and event.category is Category.FAILED and not tells_itself:
            prefix = "" if event.stack_id == root else f"{stacks.name_of(event.stack_id)}."
            yield Stuck(event.path, event.type, event.reason, f"{prefix}{event.logical_id}")


def _is_stuck(nested: StackEvent | None) -> bool:
    return nested is not None and nested.status == "UPDATE_ROLLBACK_FAILED"
