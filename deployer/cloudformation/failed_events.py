"""The failures of an operation as CloudFormation itself picks them out, hooks and validations among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from deployer.aws import Aws
from deployer.cloudformation.events import Operation, StackEvent
from deployer.cloudformation.statuses import Category
from deployer.errors import AWS_ERRORS, one_line

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import OperationEventTypeDef

_OPERATIONS = 6  # that are asked for at most: the first that failed say why
_EVENTS = 200  # of one of them, at most
_WARNS = "WARN"  # a hook or a validation that only warns stops nothing


def read(aws: Aws, operation: Operation) -> list[StackEvent]:
    """Ask for the failures of an operation that was followed, in all stacks of it that have failed.

    CloudFormation has each stack's part of it, and each rollback, as an operation of its own: by the name of a stack it
    tells of the last one alone, and that is the rollback, in which nothing has failed.

    Empty where they cannot be had: DescribeEvents is younger than some partitions and emulators are, and not everybody
    may call it. What was followed has to do then.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html
    https://github.com/awslabs/mcp/issues/4275
    """
    paths = {event.stack_id: event.stack for event in operation.events}
    first: dict[str, StackEvent] = {}
    for event in operation.events:
        if event.operation and event.category in {Category.FAILED, Category.CANCELLED}:
            first.setdefault(event.operation, event)
    try:
        return [each for event in list(first.values())[:_OPERATIONS] for each in _beside(aws, event, paths)]
    except AWS_ERRORS:
        return []


def _beside(aws: Aws, first: StackEvent, paths: Mapping[str, str]) -> Iterator[StackEvent]:
    """The failures of the operation in which this is the first one that was heard of."""
    pages = aws.cloudformation.get_paginator("describe_events").paginate(
        OperationId=first.operation, Filters={"FailedEvents": True}, PaginationConfig={"MaxItems": _EVENTS}
    )
    for event in (event for page in pages for event in page.get("OperationEvents", [])):
        if _WARNS not in {event.get("HookFailureMode"), event.get("ValidationFailureMode")}:
            yield _event(event, first, paths)


def _event(told: OperationEventTypeDef, first: StackEvent, paths: Mapping[str, str]) -> StackEvent:
    stack_id = told.get("StackId", first.stack_id)
    status = str(told.get("ResourceStatus", ""))
    return StackEvent(
        time=told.get("Timestamp") or told.get("EndTime") or first.time,
        stack=paths.get(stack_id, first.stack),
        stack_id=stack_id,
        logical_id=told.get("LogicalResourceId", ""),
        physical_id=told.get("PhysicalResourceId", ""),
        type=told.get("ResourceType", ""),
        status=status
        if status.endswith("_FAILED")
        else str(told.get("EventType", "FAILED")).replace("ERROR", "FAILED"),
        reason=one_line(reason(told)),
        operation=first.operation,
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
