"""What a change set would do, resource by resource and property by property, nested stacks included.

CloudFormation says of far too much that it changes. A nested stack is planned before its siblings are updated, and what
they will give it is not known: each of its properties that comes from there is told twice, once as
Dynamic/DirectModification and once as Static/ParameterReference, and where such a property replaces its resource
`Replacement` is True, whatever comes of it. Nothing but the value (`{{changeSet:KNOWN_AFTER_APPLY}}`) gives it away,
and so change sets are always read with values; without them nobody could tell.
https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2113 and 759

With values it may say too little: a resource whose values it cannot render, such as JSON, is left out, and only a
warning tells. What it says without values completes that (`Change.blind`).
https://github.com/aws/aws-cdk-cli/issues/1780
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from deployer import secrecy
from deployer.aws import Aws
from deployer.cloudformation import inventory, stacks
from deployer.cloudformation.stacks import STACK_TYPE
from deployer.cloudformation.template_text import Fate

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ResourceChangeDetailTypeDef, ResourceChangeTypeDef


class Replacement(StrEnum):
    """Whether a modified resource is replaced by a new one; the values are CloudFormation's."""

    NO = "False"
    MAYBE = "Conditional"
    YES = "True"


class Recreation(StrEnum):
    """Whether a change of one property replaces its resource; the values are CloudFormation's."""

    NEVER = "Never"
    MAYBE = "Conditionally"
    ALWAYS = "Always"


POLICIES = {Fate.STAYS: "Retain", Fate.SNAPSHOT: "Snapshot", Fate.GOES: "Delete"}
"""What becomes of a resource, in CloudFormation's words."""

_KNOWN_LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
_INCOMPLETE = "can return incomplete ChangeSet data"
_OF_RESOURCES = {"ResourceReference", "ResourceAttribute"}  # sources whose cause is a resource of the same stack


@dataclass(frozen=True)
class Property:
    """A property that changes, such as `DBInstanceClass`; or another part of a resource, such as `Tags`.

    `source` is why, in CloudFormation's words (DirectModification, ParameterReference, ResourceReference,
    ResourceAttribute, Automatic), `cause` the parameter or resource behind it. `certain`: it does change, where
    otherwise that hangs on a value that is not known before; of `later` ones the value itself is known only after the
    deploy. `before` and `after` are values as text, empty where nobody tells them, or they may hold a secret.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChangeDetail.html
    """

    name: str
    recreation: Recreation = Recreation.NEVER
    certain: bool = True
    source: str = "DirectModification"
    cause: str = ""
    before: str = ""
    after: str = ""
    later: bool = False


@dataclass(frozen=True)
class Change:
    """One resource that will change. `stack` is a path such as `airflow-dev/Network`.

    `action` is CloudFormation's: Add, Modify, Remove, Import, Dynamic, SyncWithActual. `certain`: some property of it
    does change, where otherwise it may only come to depend on a value that is not known before. `policy` is what
    becomes of what is removed or replaced (Delete, ReplaceAndRetain, ReplaceAndSnapshot, ...); it may be empty.
    `change_set`: of a nested stack, the id of its own change set. `blind`: values are missing that CloudFormation did
    not render, and so nobody can tell what does change from what only might. `protected`: a database whose deployed
    template protects it against deletion (see `protection`). `in_cluster`: an instance of a database's cluster,
    which holds the data.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
    """

    stack: str
    logical_id: str
    physical_id: str
    type: str
    action: str
    replacement: Replacement = Replacement.NO
    certain: bool = False
    policy: str = ""
    properties: tuple[Property, ...] = ()
    change_set: str = ""
    blind: bool = False
    protected: bool = False
    in_cluster: bool = False

    @property
    def path(self) -> str:
        """The resource with its stack, for example `airflow-dev/Network/Vpc`."""
        return f"{self.stack}/{self.logical_id}"

    @property
    def name(self) -> str:
        """The resource inside its environment, for example `Network/Vpc`: what a person types."""
        return self.path.partition("/")[2]

    @property
    def seen(self) -> bool:
        """Of a nested stack, whether its own changes are known."""
        return bool(self.change_set)


def touched(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Leave out nested stacks of which is said only that their templates, or outputs of such ones, may be others now.

    CloudFormation says so of each that it does not look into. Here the URL of a template holds the hash of all that is
    nested in it, and so it is what it was; and what such a stack gives to another one is, too.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChangeDetail.html
    """
    told = tuple(changes)
    left = {each.path for each in told if each.type == STACK_TYPE and each.action == "Modify" and not each.seen}
    while gone := {each.path for each in told if each.path in left and not _is_said_alone(each, left)}:
        left -= gone
    return tuple(each for each in told if each.path not in left)


def _is_said_alone(change: Change, untouched: Collection[str]) -> bool:
    """Whether every property hangs on a template alone, or on what one of these nested stacks gives."""
    return bool(change.properties) and all(
        each.source == "Automatic"
        or (
            each.source == "ResourceAttribute"
            and not each.certain
            and f"{change.stack}/{each.cause.partition('.')[0]}" in untouched
        )
        for each in change.properties
    )


def read(aws: Aws, change_set_id: str, path: str) -> Iterator[Change]:
    """Read the changes of a change set and of those nested in it; `path` is the stack's.

    Of a nested stack that is removed, CloudFormation does not say what is in it: that is looked up.
    """
    told, incomplete = _told(aws, change_set_id, values=True)
    found = [_change(each, path) for each in told]
    if incomplete:
        found = _completed(told, _told(aws, change_set_id, values=False)[0], path)
    for change in _judged(found):
        yield change
        if change.change_set:
            yield from read(aws, change.change_set, change.path)
        elif change.type == STACK_TYPE and change.action == "Remove" and change.physical_id:
            yield from _inside(aws, change)


def _told(aws: Aws, change_set_id: str, *, values: bool) -> tuple[list[ResourceChangeTypeDef], bool]:
    """What a change set says of each resource, and whether it says itself that something is missing."""
    # Values of NoEcho parameters come masked, and a reference to a secret is not followed in them:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    asked = aws.cloudformation.get_paginator("describe_change_set")
    pages = list(asked.paginate(ChangeSetName=change_set_id, IncludePropertyValues=values))
    told = [change.get("ResourceChange", {}) for page in pages for change in page.get("Changes", [])]
    return told, any(_INCOMPLETE in page.get("StatusReason", "") for page in pages)


def _completed(
    told: Iterable[ResourceChangeTypeDef], plain: Iterable[ResourceChangeTypeDef], path: str
) -> list[Change]:
    """The changes as told with values, with what is told without values alone."""
    valued = {each.get("LogicalResourceId", ""): each for each in told}
    found = []
    for each in plain:
        known = valued.pop(each.get("LogicalResourceId", ""), None)
        details = known.get("Details", []) if known else []
        rendered = {_told_of(detail) for detail in details}
        missing = [detail for detail in each.get("Details", []) if _told_of(detail) not in rendered]
        change = _change({**each, "Details": [*details, *missing]}, path)
        found.append(replace(change, blind=change.action == "Modify" and (known is None or bool(missing))))
    return found + [_change(each, path) for each in valued.values()]


def _told_of(detail: ResourceChangeDetailTypeDef) -> tuple[str | None, ...]:
    """What a detail is about, which is the same with values and without."""
    target: Mapping[str, Any] = detail.get("Target", {})
    return target.get("Attribute"), target.get("Name"), detail.get("ChangeSource"), detail.get("CausingEntity")


def _change(each: ResourceChangeTypeDef, path: str) -> Change:
    properties = tuple(map(_property, each.get("Details", [])))
    return Change(
        stack=path,
        logical_id=each.get("LogicalResourceId", ""),
        physical_id=each.get("PhysicalResourceId", ""),
        type=each.get("ResourceType", ""),
        action=each.get("Action", ""),
        # Of what is added it is told, too, with the values: there it means nothing.
        replacement=Replacement(each.get("Replacement", "False") if each.get("Action") == "Modify" else "False"),
        policy=each.get("PolicyAction", ""),
        properties=properties,
        change_set=each.get("ChangeSetId", ""),
    )


def _property(detail: ResourceChangeDetailTypeDef) -> Property:
    target: Mapping[str, Any] = detail.get("Target", {})
    path = target.get("Path", "").removeprefix("/Properties/").strip("/").replace("/", ".")
    name = path or target.get("Name") or target.get("Attribute", "")
    later = _KNOWN_LATER in target.get("AfterValue", "")
    return Property(
        name,
        recreation=Recreation(target.get("RequiresRecreation", Recreation.NEVER)),
        certain=detail.get("Evaluation") == "Static",
        source=detail.get("ChangeSource", ""),
        cause=detail.get("CausingEntity", ""),
        before=secrecy.shown(name, target.get("BeforeValue", "")),
        after="" if later else secrecy.shown(name, target.get("AfterValue", "")),
        later=later,
    )


def _judged(told: Sequence[Change]) -> list[Change]:
    """Say of the changes of one stack what is certain of them, and what that replaces."""
    added = {change.logical_id for change in told if change.action == "Add"}
    moved: set[str] = set()
    while True:
        judged = [_settled(change, added | moved) for change in told]
        replaced = {change.logical_id for change in judged if change.replacement is Replacement.YES}
        if replaced == moved:
            return judged
        moved = replaced


def _settled(change: Change, moved: Collection[str]) -> Change:
    """A change with what is certain of it, when the resources `moved` of its stack become others."""
    properties = tuple(replace(each, certain=_is_certain(each, moved)) for each in change.properties)
    always = [each.certain for each in properties if each.recreation is Recreation.ALWAYS]
    replacement = change.replacement
    if always and replacement is not Replacement.NO:
        replacement = Replacement.YES if any(always) else Replacement.MAYBE
    certain = any(each.certain for each in properties)
    return replace(change, replacement=replacement, certain=certain, properties=_merged(properties))


def _is_certain(one: Property, moved: Collection[str]) -> bool:
    """Whether a property does change: the template has another value, or what it refers to becomes another resource."""
    if one.source in _OF_RESOURCES and one.cause.partition(".")[0] in moved:
        return True
    return one.certain and (not one.later or one.source == "DirectModification")


def _merged(properties: tuple[Property, ...]) -> tuple[Property, ...]:
    """Each property once: CloudFormation tells of it again for every cause, the certain one is what counts."""
    found: dict[str, Property] = {}
    for each in properties:
        known = found.get(each.name)
        if each.name and (known is None or (each.certain, bool(each.cause)) > (known.certain, bool(known.cause))):
            found[each.name] = each
    return tuple(found.values())


def _inside(aws: Aws, removed: Change) -> Iterator[Change]:
    stack = stacks.find(aws, removed.physical_id)
    for each in inventory.resources(aws, replace(stack, name=removed.path)) if stack else ():
        policy = "Retain" if removed.policy == "Retain" else POLICIES[each.fate]
        yield Change(each.stack, each.logical_id, each.physical_id, each.type, "Remove", policy=policy)
