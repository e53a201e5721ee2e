"""Why CloudFormation rejects a change set, or warns of it: in words of what is at fault, not of what points to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deployer.aws import Aws
from deployer.cloudformation import stacks
from deployer.errors import AWS_ERRORS, DeployError, one_line

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import OperationEventTypeDef

_DEEPEST = 5  # levels of nested stacks
_TOLD = 5  # resources that are named; more would hide the first
_ARN = r"arn:[\w-]+:cloudformation:\S+?"
_CHANGE_SET = re.compile(rf"{_ARN}:changeSet/[\w-]+/[\w-]+")
_GONE = re.compile(
    rf"\bstack(?: with id)?[\s:'\[]+(?:{_ARN}:stack/)?(?P<name>[a-z][a-z0-9-]*)[^\s]*\s+does not exist", re.IGNORECASE
)
# Nested change sets stumble on values that a sibling has yet to give:
# https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/759
_WITHOUT_NESTED = 'if it stumbles on a value of a nested stack, try ARGS="--no-nested", which plans the root alone'
_ANEW = (
    "CloudFormation cannot make it again in the stack that it belongs to: `make airflow-destroy`, which lists what"
    " stays, and then `make airflow-deploy` make all anew"
)


def rejection(aws: Aws, stack: str, change_set_id: str, reason: str, *, nested: bool) -> DeployError:
    """Put into a line why a change set of `stack` failed: call it while the change set is still there.

    `reason` is what it says itself, `nested` whether it looks into nested stacks. How AWS words that a nested stack is
    gone was not seen: whatever says of a stack, by its name or id, that it does not exist is taken for it.
    """
    at_fault, reason = _deepest(aws, change_set_id, reason)
    said = f"{stack}: CloudFormation rejects the change set: "
    gone = _GONE.search(reason)
    if gone and gone["name"] != stack:
        return DeployError(f"{said}the nested stack {gone['name']} has been removed by somebody", _ANEW)
    if found := list(_invalid(aws, at_fault)):
        return DeployError(said + "; ".join(_first(found)), "nothing was changed; mend that and run it again")
    return DeployError(said + one_line(reason), _WITHOUT_NESTED if nested else "")


def _deepest(aws: Aws, change_set_id: str, reason: str) -> tuple[str, str]:
    """The nested change set at fault, and its reason: those above only point to it."""
    for _ in range(_DEEPEST):
        found = _CHANGE_SET.search(reason)
        if found is None:
            break
        deeper = aws.cloudformation.describe_change_set(ChangeSetName=found[0]).get("StatusReason", "")
        if not deeper:
            break
        change_set_id, reason = found[0], deeper
    return change_set_id, reason


def warnings(aws: Aws, stacks_of: Mapping[str, str]) -> list[str]:
    """What validation warns of in change sets that can be executed, such as a bucket that goes and is not empty.

    `stacks_of` are the paths of their stacks, by the change sets' ids. Empty where nobody may ask, or AWS does not know
    of it. Whether the filter for failures lets warnings through is not documented, and so all is read.
    """
    found: list[str] = []
    for change_set_id, path in stacks_of.items():
        try:
            events = _events(aws, change_set_id)
        except AWS_ERRORS:
            break
        warned = (each for each in events if each.get("ValidationFailureMode") == "WARN")
        found += [_line(each, path) for each in warned if each.get("ValidationStatus", "FAILED") == "FAILED"]
    return _first(found)


def _invalid(aws: Aws, change_set_id: str) -> Iterator[str]:
    """What early validation has found, a resource each; nothing where nobody may ask, or AWS does not know of it."""
    try:
        events = _events(aws, change_set_id, Filters={"FailedEvents": True})
    except AWS_ERRORS:
        return
    for event in events:
        if event.get("LogicalResourceId") and _why(event) and event.get("ValidationFailureMode", "FAIL") == "FAIL":
            yield _line(event, stacks.name_of(event["StackId"]))


def _events(aws: Aws, change_set_id: str, **narrowed: Any) -> list[OperationEventTypeDef]:  # noqa: ANN401
    """What validation says of a change set.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
    """
    asked = aws.cloudformation.get_paginator("describe_events")
    pages = asked.paginate(ChangeSetName=change_set_id, **narrowed)
    return [event for page in pages for event in page.get("OperationEvents", [])]


def _line(event: OperationEventTypeDef, stack: str) -> str:
    place = "/".join(each for each in (stack, event.get("LogicalResourceId", "")) if each)
    kind = f" ({event['ResourceType']})" if event.get("ResourceType") else ""
    at = f" (at {event['ValidationPath']})" if event.get("ValidationPath") else ""
    return f"{place}{kind}: {one_line(_why(event)).rstrip('.')}{at}"


def _why(event: OperationEventTypeDef) -> str:
    said = (event.get(name) for name in ("ValidationStatusReason", "HookStatusReason", "ResourceStatusReason"))
    return str(next(filter(None, said), ""))


def _first(found: Sequence[str]) -> list[str]:
    more = [f"and {len(found) - _TOLD} more"] if len(found) > _TOLD else []
    return [*found[:_TOLD], *more]
