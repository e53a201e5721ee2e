"""The failures of an operation as CloudFormation itself picks them out, hooks and validations among them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from deployer.aws import Aws
from deployer.errors import AWS_ERRORS, one_line
from deployer.events import Operation, StackEvent
from deployer.statuses import Category

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import OperationEventTypeDef

_STACKS = 6  # of a family, that are asked at most: the first that failed say why
_EVENTS = 200  # of one stack, at most
_WARNS = "WARN"  # a hook or a validation that only warns stops nothing


def read(aws: Aws, operation: Operation) -> list[StackEvent]:
    """Ask for the failures of an operation that was followed, in all stacks of it that have failed.

    Empty where they cannot be had: DescribeEvents is younger than some partitions and emulators are, and not everybody
    may call it. What was followed has to do then.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html
    """
    if not operation.events:
        return []
    began = operation.events[0].time
    failed = [e for e in operation.events if e.category in {Category.FAILED, Category.CANCELLED, Category.ROLLED_BACK}]
    paths = {event.stack_id: event.stack for event in failed}
    try:
        return [each for stack_id in list(paths)[:_STACKS] for each in _of_stack(aws, stack_id, paths, began)]
    except AWS_ERRORS:
        return []


def _of_stack(aws: Aws, stack_id: str, paths: dict[str, str], began: datetime) -> Iterator[StackEvent]:
    pages = aws.cloudformation.get_paginator("describe_events").paginate(
        StackName=stack_id, Filters={"FailedEvents": True}, PaginationConfig={"MaxItems": _EVENTS}
    )
    for event in (event for page in pages for event in page.get("OperationEvents", [])):
        time = event.get("Timestamp") or event.get("EndTime") or began
        if time >= began and _WARNS not in {event.get("HookFailureMode"), event.get("ValidationFailureMode")}:
            yield _event(event, time, stack_id, paths)


def _event(told: OperationEventTypeDef, time: datetime, asked: str, paths: dict[str, str]) -> StackEvent:
    stack_id = told.get("StackId", asked)
    status = str(told.get("ResourceStatus", ""))
    return StackEvent(
        time=time,
        stack=paths.get(stack_id, paths[asked]),
        stack_id=stack_id,
        logical_id=told.get("LogicalResourceId", ""),
        physical_id=told.get("PhysicalResourceId", ""),
        type=told.get("ResourceType", ""),
        status=status
        if status.endswith("_FAILED")
        else str(told.get("EventType", "FAILED")).replace("ERROR", "FAILED"),
        reason=one_line(reason(told)),
    )


def reason(told: OperationEventTypeDef) -> str:
    """Put what an event says of a failure together: of a resource, of a hook, or of a validation and its place."""
    if told.get("EventType") == "HOOK_INVOCATION_ERROR":
        return (
            f"{told.get('HookType', 'a hook')}: {told.get('HookStatusReason') or told.get('ResourceStatusReason', '')}"
        )
    if told.get("EventType") == "VALIDATION_ERROR":
        said = told.get("ValidationStatusReason") or told.get("ResourceStatusReason", "")
        where = [told.get("ValidationName", ""), told.get("ValidationPath", "")]
        return ": ".join([*(each for each in where if each), said])
    return told.get("ResourceStatusReason", "")
