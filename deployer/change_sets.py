"""Change sets: CloudFormation's own plan of what a deploy would change, made, described, executed, removed."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployer import stacks
from deployer.aws import Aws
from deployer.clock import REAL_TIME, Clock
from deployer.errors import DeployError, error_code, one_line
from deployer.stacks import Stack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.literals import CapabilityType
    from mypy_boto3_cloudformation.type_defs import (
        CreateChangeSetInputTypeDef,
        DescribeChangeSetOutputTypeDef,
        ParameterTypeDef,
    )

_LIMIT = 30 * 60  # seconds until a change set that is still being made is given up
_LARGEST_BODY = 51_200  # bytes of a template that is handed over directly, by CloudFormation's quotas
# Nested change sets stumble on values that a sibling has yet to give:
# https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/759
_WITHOUT_NESTED = 'if it stumbles on a value of a nested stack, try ARGS="--no-nested", which plans the root alone'
_CHANGE_SET_ARN = re.compile(r"arn:[\w-]+:cloudformation:\S+?:changeSet/[\w-]+/[\w-]+")


@dataclass(frozen=True)
class Template:
    """A template as its text (at most 51,200 bytes), as its URL in S3, or the one that the stack has already."""

    body: str = ""
    url: str = ""
    previous: bool = False


@dataclass(frozen=True)
class StackRequest:
    """What a stack shall be. `nested`: look into nested stacks when planning.

    With the previous template its tags stay as they are, too.
    """

    name: str
    template: Template
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    nested: bool = True
    capabilities: tuple[CapabilityType, ...] = ("CAPABILITY_NAMED_IAM",)


class Replacement(StrEnum):
    """Whether a modified resource is replaced by a new one; the values are CloudFormation's."""

    NO = "False"
    MAYBE = "Conditional"
    YES = "True"


@dataclass(frozen=True)
class Change:
    """One resource that will change. `stack` is a path such as `airflow-dev/Network`.

    `action` is CloudFormation's: Add, Modify, Remove, Import, Dynamic. `certain`: some property of it does change,
    where otherwise it may only come to depend on a value that is not known before.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChangeDetail.html (Evaluation)
    """

    stack: str
    logical_id: str
    physical_id: str
    type: str
    action: str
    replacement: Replacement = Replacement.NO
    certain: bool = False

    @property
    def path(self) -> str:
        """The resource with its stack, for example `airflow-dev/Network/Vpc`."""
        return f"{self.stack}/{self.logical_id}"


@dataclass(frozen=True)
class ChangeSet:
    """A change set that can be executed. `creates`: the stack does not exist yet."""

    id: str
    stack: str
    stack_id: str
    creates: bool
    changes: tuple[Change, ...]


def propose(aws: Aws, request: StackRequest, current: Stack | None, clock: Clock = REAL_TIME) -> ChangeSet | None:
    """Make a change set and wait for it; None when nothing would change, and then nothing is left behind.

    `current` is the stack as it stands. Raises DeployError when CloudFormation rejects the change set.
    """
    creates = current is None or current.status == "REVIEW_IN_PROGRESS"
    made = aws.cloudformation.create_change_set(**_input(aws, request, None if creates else current))
    pending = ChangeSet(made["Id"], request.name, made["StackId"], creates, changes=())
    try:
        answer = _wait(aws, pending, clock)
        if answer["Status"] == "CREATE_COMPLETE":
            changes = tuple(_changes(aws, pending.id, request.name))
            return ChangeSet(pending.id, pending.stack, pending.stack_id, creates, changes)
    except BaseException:
        discard(aws, pending)
        raise
    reason = answer.get("StatusReason", "")
    cause = "" if is_empty(reason) else _deepest_reason(aws, reason)
    discard(aws, pending)
    if cause:
        line = f"{request.name}: CloudFormation rejects the change set: {one_line(cause)}"
        raise DeployError(line, _WITHOUT_NESTED if request.nested else "")
    return None


def is_empty(reason: str) -> bool:
    """Whether a change set failed because nothing changes: CloudFormation says so only in these words."""
    return "didn't contain changes" in reason or "No updates are to be performed" in reason


def execute(aws: Aws, change_set: ChangeSet) -> None:
    """Start the change. A repeated request, after an answer was lost, does not start it twice."""
    token = change_set.id.rpartition("/")[2]
    aws.cloudformation.execute_change_set(
        ChangeSetName=change_set.id,
        ClientRequestToken=token,
        # What a failed first creation leaves holds no data yet, and would only be in the way.
        RetainExceptOnCreate=change_set.creates,
    )


def discard(aws: Aws, change_set: ChangeSet) -> None:
    """Remove a change set, and the stack too when it was only made to hold this change set."""
    try:
        aws.cloudformation.delete_change_set(ChangeSetName=change_set.id)
    except ClientError as error:
        if error_code(error) != "InvalidChangeSetStatus":  # still being made: it stays behind, and does no harm
            raise
        return
    stack = stacks.find(aws, change_set.stack_id) if change_set.creates else None
    if stack and stack.status == "REVIEW_IN_PROGRESS" and not _others(aws, change_set):
        aws.cloudformation.delete_stack(StackName=stack.id)


def _others(aws: Aws, change_set: ChangeSet) -> list[str]:
    listed = aws.cloudformation.list_change_sets(StackName=change_set.stack_id)["Summaries"]
    return [each["ChangeSetId"] for each in listed if each.get("ChangeSetId", "") != change_set.id]


def _input(aws: Aws, request: StackRequest, current: Stack | None) -> CreateChangeSetInputTypeDef:
    name = f"deploy-{uuid.uuid4().hex}"
    made: CreateChangeSetInputTypeDef = {
        "StackName": request.name,
        "ChangeSetName": name,
        "ClientToken": name,
        "ChangeSetType": "UPDATE" if current else "CREATE",
        "IncludeNestedStacks": request.nested,
        "Capabilities": list(request.capabilities),
        "Parameters": _parameters(aws, request, current),
    }
    if request.template.previous:  # and no Tags: an empty list would take them away
        made["UsePreviousTemplate"] = True
        return made
    made["Tags"] = [{"Key": key, "Value": value} for key, value in request.tags.items()]
    if request.template.url:
        made["TemplateURL"] = request.template.url
    else:
        made["TemplateBody"] = _checked_body(request)
    return made


def _checked_body(request: StackRequest) -> str:
    size = len(request.template.body.encode())
    if size > _LARGEST_BODY:
        raise DeployError(f"{request.name}: the template has {size} bytes; CloudFormation takes {_LARGEST_BODY}")
    return request.template.body


def _parameters(aws: Aws, request: StackRequest, current: Stack | None) -> list[ParameterTypeDef]:
    """Values given, then what the stack has already; what is left takes its default.

    Only parameters that the new template still has may be named at all.
    """
    if request.template.previous:
        summary = aws.cloudformation.get_template_summary(StackName=request.name)
    elif request.template.url:
        summary = aws.cloudformation.get_template_summary(TemplateURL=request.template.url)
    else:
        summary = aws.cloudformation.get_template_summary(TemplateBody=_checked_body(request))
    declared = {p["ParameterKey"]: "DefaultValue" in p for p in summary.get("Parameters", []) if "ParameterKey" in p}
    known = current.parameters if current else {}
    if unknown := sorted(set(request.parameters) - set(declared)):
        raise DeployError(f"{request.name}: the template has no parameter {', '.join(unknown)}")
    kept = [key for key in declared if key not in request.parameters and key in known]
    if lacking := [
        key for key, has_default in declared.items() if not has_default and key not in {*request.parameters, *kept}
    ]:
        raise DeployError(f"{request.name}: the template needs a value for {', '.join(lacking)}")
    given: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in request.parameters.items()
    ]
    return given + [{"ParameterKey": key, "UsePreviousValue": True} for key in kept]


def _wait(aws: Aws, change_set: ChangeSet, clock: Clock) -> DescribeChangeSetOutputTypeDef:
    for _ in clock.ticks(_LIMIT):
        answer = aws.cloudformation.describe_change_set(ChangeSetName=change_set.id)
        if answer["Status"] in {"CREATE_COMPLETE", "FAILED"}:
            return answer
    raise DeployError(
        f"{change_set.stack}: CloudFormation made no change set in {_LIMIT // 60} minutes", "run it again"
    )


def _deepest_reason(aws: Aws, reason: str, depth: int = 5) -> str:
    """The reason of the nested change set at fault: its parents only point to it."""
    found = _CHANGE_SET_ARN.search(reason)
    if found is None or depth == 0:
        return reason
    nested = aws.cloudformation.describe_change_set(ChangeSetName=found[0])
    deeper = nested.get("StatusReason", "")
    return _deepest_reason(aws, deeper, depth - 1) if deeper else reason


def _changes(aws: Aws, change_set_id: str, path: str) -> Iterator[Change]:
    pages = aws.cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set_id)
    for each in (change.get("ResourceChange", {}) for page in pages for change in page.get("Changes", [])):
        change = Change(
            stack=path,
            logical_id=each.get("LogicalResourceId", ""),
            physical_id=each.get("PhysicalResourceId", ""),
            type=each.get("ResourceType", ""),
            action=each.get("Action", ""),
            replacement=Replacement(each.get("Replacement", Replacement.NO)),
            certain=any(detail.get("Evaluation") == "Static" for detail in each.get("Details", [])),
        )
        yield change
        if nested := each.get("ChangeSetId"):
            yield from _changes(aws, nested, change.path)
