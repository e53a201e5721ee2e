"""What somebody has changed by hand in the resources that a deploy is about to change, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployer import secrecy
from deployer.aws import Aws
from deployer.cloudformation.stacks import STACK_TYPE
from deployer.errors import AWS_ERRORS, error_code, explain, one_line
from deployer.plans.risks import holds_data
from deployer.tools import Tools

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import PropertyDifferenceTypeDef, StackResourceDriftTypeDef

    from deployer.cloudformation.change_sets import ChangeSet
    from deployer.cloudformation.changes import Change

_MOST = 20  # resources that are looked at, one by one: each takes CloudFormation a second or more
_WIDEST = 60  # characters of a value that are shown
_IMMUTABLE = {"AWS::ECS::TaskDefinition"}  # nobody can change one by hand
# Where a type is not supported, or the AWS at hand does not know the operation, there is nothing to say.
_UNSUPPORTED = {"InvalidAction", "UnknownOperationException", "UnsupportedOperation", "ValidationError"}


@dataclass(frozen=True)
class Difference:
    """A property (as a JSON pointer) that is not what the deployed template says; values are shortened."""

    property: str
    expected: str
    actual: str


@dataclass(frozen=True)
class Drift:
    """A resource, as a path such as `airflow-dev/Data/Database`, that was changed by hand; or `removed`."""

    path: str
    type: str
    differences: tuple[Difference, ...] = ()
    removed: bool = False

    def __str__(self) -> str:
        if self.removed:
            return f"{self.path} ({self.type}) was removed by hand"
        told = ", ".join(f"{one.property} is {one.actual} (template: {one.expected})" for one in self.differences)
        return f"{self.path} ({self.type}) was changed by hand: {told}"


@dataclass(frozen=True)
class Found:
    """What was changed by hand, of how many resources that were `wanted`; `looked` at were fewer, if there are many."""

    drifts: tuple[Drift, ...]
    looked: int = 0
    wanted: int = 0

    def lines(self) -> tuple[str, ...]:
        """What is shown beside the changes; nothing where all were looked at, and none was changed by hand."""
        told = ("What was changed by hand may be overwritten:", *(f"  {each}" for each in self.drifts))
        left = f"What was changed by hand was looked for in {self.looked} of {self.wanted} resources that change"
        return (told if self.drifts else ()) + ((left,) if self.looked < self.wanted else ())


def found(tools: Tools, change_set: ChangeSet) -> Found:
    """Look at the resources that an update modifies; at 20 of them, for that takes time.

    Those that hold data come first, and what may only come to change is left alone: most of that never does (see
    `deployer.cloudformation.changes`). What the caller may not read is told in a line, and looked for no further.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DetectStackResourceDrift.html
    """
    wanted = _modified(change_set)
    drifts: list[Drift] = []
    for stack_id, change in wanted[:_MOST]:
        try:
            answer = _detect(tools.aws, stack_id, change)
        except AWS_ERRORS as error:
            if isinstance(error, ClientError) and error_code(error) == "ValidationError":
                continue  # of this type
            if not isinstance(error, ClientError) or error_code(error) not in _UNSUPPORTED:
                tools.report(f"whether something was changed by hand is not known: {explain(error).line}")
            return Found(tuple(drifts))
        if drift := _drift(change, answer):
            drifts.append(drift)
    return Found(tuple(drifts), min(len(wanted), _MOST), len(wanted))


def _modified(change_set: ChangeSet) -> list[tuple[str, Change]]:
    """What does change, each with the id of its stack, data first; what is nested in a new stack has none."""
    ids = {change.path: change.physical_id for change in change_set.changes if change.type == STACK_TYPE}
    ids[change_set.stack] = "" if change_set.creates else change_set.stack_id
    modified = [
        (ids[change.stack], change)
        for change in change_set.changes
        if change.action == "Modify" and change.type not in {STACK_TYPE, *_IMMUTABLE} and ids.get(change.stack)
    ]
    sure = [(stack_id, each) for stack_id, each in modified if each.certain or each.blind or not each.properties]
    return sorted(sure, key=lambda one: not holds_data(one[1].type))


def _detect(aws: Aws, stack_id: str, change: Change) -> StackResourceDriftTypeDef:
    asked = aws.cloudformation.detect_stack_resource_drift(StackName=stack_id, LogicalResourceId=change.logical_id)
    return asked["StackResourceDrift"]


def _drift(change: Change, answer: StackResourceDriftTypeDef) -> Drift | None:
    if answer["StackResourceDriftStatus"] == "DELETED":
        return Drift(change.path, change.type, removed=True)
    if answer["StackResourceDriftStatus"] != "MODIFIED":
        return None
    return Drift(change.path, change.type, tuple(_difference(each) for each in answer.get("PropertyDifferences", [])))


def _difference(each: PropertyDifferenceTypeDef) -> Difference:
    path = each["PropertyPath"]
    if secrecy.hides(path):
        return Difference(path, secrecy.HIDDEN, secrecy.HIDDEN)
    expected, actual = (secrecy.shown(path, each[name]) for name in ("ExpectedValue", "ActualValue"))
    return Difference(path, _shortened(expected), _shortened(actual))


def _shortened(value: str) -> str:
    text = one_line(value) if value not in {"null", ""} else "nothing"
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}..."
