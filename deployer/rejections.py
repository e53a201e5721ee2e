"""Why CloudFormation rejects a change set: in the words of what is at fault, not of what points to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from deployer import stacks
from deployer.aws import Aws
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
        more = [f"and {len(found) - _TOLD} more"] if len(found) > _TOLD else []
        return DeployError(said + "; ".join([*found[:_TOLD], *more]), "nothing was changed; mend that and run it again")
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


def _invalid(aws: Aws, change_set_id: str) -> Iterator[str]:
    """What early validation has found, a resource each; nothing where nobody may ask, or AWS does not know of it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
    """
    try:
        pages = list(
            aws.cloudformation.get_paginator("describe_events").paginate(
                ChangeSetName=change_set_id, Filters={"FailedEvents": True}
            )
        )
    except AWS_ERRORS:
        return
    yield from _lines(event for page in pages for event in page.get("OperationEvents", []))


def _lines(events: Iterable[OperationEventTypeDef]) -> Iterator[str]:
    for event in events:
        why = event.get("ValidationStatusReason") or event.get("HookStatusReason") or event.get("ResourceStatusReason")
        if event.get("LogicalResourceId") and why and event.get("ValidationFailureMode", "FAIL") == "FAIL":
            place = f"{stacks.name_of(event['StackId'])}/{event['LogicalResourceId']}"
            at = f" (at {event['ValidationPath']})" if event.get("ValidationPath") else ""
            yield f"{place} ({event.get('ResourceType', '')}): {one_line(why).rstrip('.')}{at}"
