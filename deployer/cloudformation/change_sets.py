"""Change sets: CloudFormation's own plan of what a deploy would change, made, described, executed, removed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.clock import REAL_TIME, Clock
from deployer.cloudformation import changes, protection, rejections, stacks
from deployer.cloudformation.changes import Change
from deployer.cloudformation.stacks import Stack
from deployer.errors import DeployError, error_code

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.literals import CapabilityType
    from mypy_boto3_cloudformation.type_defs import (
        CreateChangeSetInputTypeDef,
        DescribeChangeSetOutputTypeDef,
        ParameterTypeDef,
    )

_LIMIT = 30 * 60  # seconds until a change set that is still being made is given up
_FOUND_LATE = 60  # seconds in which a new change set may not be found yet
_MADE_IN_VAIN = 60  # seconds that are waited for a change set to be made, so that it can be removed
_LARGEST_BODY = 51_200  # bytes of a template that is handed over directly, by CloudFormation's quotas
_NAMED = "deploy-"  # what the names of the deployer's change sets begin with
_BY_WHOM = "somebody has removed it, or the stack"
_MEANWHILE = "run it again: it begins with what is there by then"


@dataclass(frozen=True)
class Template:
    """A template as its text (at most 51,200 bytes), as its URL in S3, or the one that the stack has already."""

    body: str = ""
    url: str = ""
    previous: bool = False


@dataclass(frozen=True)
class StackRequest:
    """What a stack shall be. `nested`: look into nested stacks when planning.

    With the previous template its tags stay as they are, too. `restores`: what was changed or removed by hand is
    brought back, too: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
    `alone`: the environment's lock is held, so that change sets of other runs of the deployer were left behind.
    """

    name: str
    template: Template
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    nested: bool = True
    capabilities: tuple[CapabilityType, ...] = ("CAPABILITY_NAMED_IAM",)
    restores: bool = False
    alone: bool = False


@dataclass(frozen=True)
class ChangeSet:
    """A change set that can be executed. `creates`: the stack does not exist yet; `alone` as in `StackRequest`.

    `by_hand` tells, line by line, what was changed by hand in the resources that it modifies, and `warnings` what
    CloudFormation itself warns of, where somebody has looked.
    """

    id: str
    stack: str
    stack_id: str
    creates: bool
    changes: tuple[Change, ...]
    by_hand: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    alone: bool = False


def stands(aws: Aws, request: StackRequest, current: Stack | None) -> bool:
    """Whether a stack is what is asked for, to the letter, which needs no change set; False may just be unknown.

    It is told of templates handed over as text and without parameters: the text of others tells nothing of what is
    nested in them.
    """
    if current is None or current.status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        return False
    if not request.template.body or request.parameters or request.restores or request.tags != current.tags:
        return False
    deployed: object = aws.cloudformation.get_template(StackName=current.id)["TemplateBody"]  # or parsed, from JSON
    return deployed == request.template.body


def propose(aws: Aws, request: StackRequest, current: Stack | None, clock: Clock = REAL_TIME) -> ChangeSet | None:
    """Make a change set and wait for it; None when nothing would change, and then nothing is left behind.

    `current` is the stack as it stands. Raises DeployError when CloudFormation rejects the change set.
    """
    creates = current is None or current.status == "REVIEW_IN_PROGRESS"
    pending = _begun(aws, request, None if creates else current)
    try:
        answer = _wait(aws, pending, clock)
        if answer["Status"] == "CREATE_COMPLETE":
            told = tuple(protection.marked(aws, pending.stack_id, changes.read(aws, pending.id, request.name)))
            found = changes.touched(told)
            if found or not told or not _repeats(aws, pending, request, current):
                return replace(pending, changes=found)
        reason = answer.get("StatusReason", "")
        error = None
        if answer["Status"] == "FAILED" and not is_empty(reason):
            error = rejections.rejection(aws, request.name, pending.id, reason, nested=request.nested)
    except BaseException:
        discard(aws, pending, clock)
        raise
    discard(aws, pending, clock)
    if error:
        raise error
    return None


def _repeats(aws: Aws, change_set: ChangeSet, request: StackRequest, current: Stack | None) -> bool:
    """Whether a stack has the values, tags and template that a change set would give it.

    Its changes alone do not say so: of outputs, which come and go with the template, they tell nothing.
    """
    if current is None or any(current.parameters.get(key) != value for key, value in request.parameters.items()):
        return False
    if request.template.previous:
        return True
    deployed = aws.cloudformation.get_template(StackName=current.id)["TemplateBody"]
    planned = aws.cloudformation.get_template(ChangeSetName=change_set.id)["TemplateBody"]
    return request.tags == current.tags and deployed == planned


def is_empty(reason: str) -> bool:
    """Whether a change set failed because nothing changes: CloudFormation says so only in these words."""
    return "didn't contain changes" in reason or "No updates are to be performed" in reason


def execute(aws: Aws, change_set: ChangeSet) -> None:
    """Start the change. A repeated request, after an answer was lost, does not start it twice.

    Raises DeployError when it cannot be started any more, since somebody was quicker.
    """
    token = change_set.id.rpartition("/")[2]
    try:
        aws.cloudformation.execute_change_set(
            ChangeSetName=change_set.id,
            ClientRequestToken=token,
            # What has only just been made holds no data yet: kept by its policy, it would be in no stack any more.
            RetainExceptOnCreate=True,
        )
    except ClientError as error:
        if error_code(error) == "ChangeSetNotFound":
            raise DeployError(f"the change set of {change_set.stack} is gone: {_BY_WHOM}", _MEANWHILE) from error
        if error_code(error) == "InvalidChangeSetStatus":
            raise DeployError(f"{change_set.stack} was changed by somebody just now", _MEANWHILE) from error
        raise


def discard(aws: Aws, change_set: ChangeSet, clock: Clock = REAL_TIME) -> None:
    """Remove a change set, and the stack too when it was only made to hold this change set.

    One that is still being made is waited for, for a minute; then it stays behind, and does no harm.
    """
    for _ in clock.ticks(_MADE_IN_VAIN):
        try:
            aws.cloudformation.delete_change_set(ChangeSetName=change_set.id)
        except ClientError as error:
            if error_code(error) != "InvalidChangeSetStatus":
                raise
            continue
        break
    else:
        return
    stack = stacks.find(aws, change_set.stack_id) if change_set.creates else None
    if stack and stack.status == "REVIEW_IN_PROGRESS" and not _others(aws, change_set):
        aws.cloudformation.delete_stack(StackName=stack.id, ClientRequestToken=uuid.uuid4().hex)


def _others(aws: Aws, change_set: ChangeSet) -> list[str]:
    """What else is planned for the stack, and not by a run of the deployer that was killed."""
    listed = aws.cloudformation.list_change_sets(StackName=change_set.stack_id)["Summaries"]
    others = [each.get("ChangeSetId", "") for each in listed if each.get("ChangeSetId", "") != change_set.id]
    return [each for each in others if not (change_set.alone and f"changeSet/{_NAMED}" in each)]


def _begun(aws: Aws, request: StackRequest, current: Stack | None) -> ChangeSet:
    """Have CloudFormation begin to make a change set."""
    try:
        made = aws.cloudformation.create_change_set(**_input(aws, request, current))
    except ClientError as error:
        if current and stacks.is_missing(error) and stacks.find(aws, current.id) is None:
            raise DeployError(f"{request.name} was removed by somebody just now", _MEANWHILE) from error
        raise
    return ChangeSet(made["Id"], request.name, made["StackId"], current is None, changes=(), alone=request.alone)


def _input(aws: Aws, request: StackRequest, current: Stack | None) -> CreateChangeSetInputTypeDef:
    name = f"{_NAMED}{uuid.uuid4().hex}"
    made: CreateChangeSetInputTypeDef = {
        "StackName": request.name,
        "ChangeSetName": name,
        "ClientToken": name,
        "ChangeSetType": "UPDATE" if current else "CREATE",
        "IncludeNestedStacks": request.nested,
        "Capabilities": list(request.capabilities),
        "Parameters": _parameters(aws, request, current),
    }
    if request.restores and current:
        made["DeploymentMode"] = "REVERT_DRIFT"
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
    for passed in clock.ticks(_LIMIT):
        try:
            answer = aws.cloudformation.describe_change_set(ChangeSetName=change_set.id)
        except ClientError as error:
            if error_code(error) != "ChangeSetNotFound":
                raise
            if passed > _FOUND_LATE:
                raise DeployError(f"the change set of {change_set.stack} is gone: {_BY_WHOM}", _MEANWHILE) from error
            continue
        if answer["Status"] in {"CREATE_COMPLETE", "FAILED"}:
            return answer
    raise DeployError(
        f"{change_set.stack}: CloudFormation made no change set in {_LIMIT // 60} minutes", "run it again"
    )
