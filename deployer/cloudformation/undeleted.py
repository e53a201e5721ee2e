"""What an update has taken out of its stack and could not delete: it is there still, and in no stack any more. Pure.

CloudFormation tries three times, and then has the update, or its rollback, come through all the same.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html (resource removed, but not deleted)
https://repost.aws/knowledge-center/cloudformation-stack-cleanup-stuck
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deployer.cloudformation.events import Operation, StackEvent, first_cause
from deployer.cloudformation.stacks import STACK_TYPE

_CLEARED_UP = {"UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
_BY_YOURSELF = "delete it yourself: it goes on and costs, and neither a deploy nor `make airflow-destroy` knows of it"


@dataclass(frozen=True)
class Undeleted:
    """What an operation has left so: in one line, what to do about it, and each with its path, type, id and reason."""

    line: str
    hint: str
    each: tuple[str, ...]


def found(stack: str, operation: Operation) -> Undeleted | None:
    """Return what an operation on a root stack has left so; None where it has left nothing."""
    each = _found(operation)
    return Undeleted(_said(stack, each), _BY_YOURSELF, each) if each else None


def lines(stack: str, operation: Operation) -> tuple[str, ...]:
    """Say it."""
    left = found(stack, operation)
    return (f"{left.line}: {left.hint}", *(f"  {each}" for each in left.each)) if left else ()


def _said(stack: str, found: Sequence[str]) -> str:
    what = "a resource" if len(found) == 1 else f"each of {len(found)} resources"
    return f"{stack}: {what} could not be deleted, and is in no stack any more"


def _found(operation: Operation) -> tuple[str, ...]:
    """Each with its path, its type, its physical id, and the reason."""
    if operation.status not in _CLEARED_UP:
        return ()
    last = {(e.stack_id, e.logical_id): e for e in operation.events if not e.own}
    failed = [event for event in last.values() if event.status == "DELETE_FAILED"]
    nested = {event.physical_id for event in failed if event.type == STACK_TYPE}
    # What is in a nested stack that could not be deleted is why that one is still there.
    return tuple(_told(event, operation.events) for event in failed if event.stack_id not in nested)


def _told(event: StackEvent, events: Iterable[StackEvent]) -> str:
    inside = [e for e in events if f"{e.stack}/".startswith(f"{event.path}/") and e.status == "DELETE_FAILED"]
    cause = first_cause(inside) if event.type == STACK_TYPE else None
    reason = f"{cause.path}: {cause.reason}" if cause else event.reason
    return f"{event.path} ({event.type}, {event.physical_id}): {reason or 'no reason given'}"
