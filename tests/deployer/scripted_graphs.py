"""What a scripted CloudFormation plays: graphs of resources, stacks and change sets made of them, a virtual clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import repeat
from typing import Any

from deployer.clock import Clock

STACK = "AWS::CloudFormation::Stack"
MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualTime:
    """Seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def clock(self, pace: float = 1.0) -> Clock:
        return Clock(lambda: self.seconds, self.sleep, lambda: repeat(pace))


@dataclass(frozen=True)
class Resource:
    """A resource of a graph: how long it takes, and with which reason its creation or update fails.

    `details` is what a change set says of its modification (see `detail`), `stuck` why going back from it fails,
    `cluster` the one that an instance of a database belongs to.
    """

    id: str
    type: str = "AWS::SQS::Queue"
    seconds: float = 2
    fails: str = ""
    version: int = 1
    policy: str = ""
    protected: bool = False
    child: Graph | None = None
    details: tuple[Mapping[str, Any], ...] = ()
    stuck: str = ""
    cluster: str = ""


@dataclass(frozen=True)
class Graph:
    """A template: resources that start together, parameters with their defaults, outputs."""

    resources: tuple[Resource, ...] = ()
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        def resource(each: Resource) -> dict[str, Any]:
            written = {"DeletionProtection": each.protected, "DBClusterIdentifier": each.cluster}
            properties = {"Properties": {name: value for name, value in written.items() if value}}
            return {"Type": each.type} | properties | ({"DeletionPolicy": each.policy} if each.policy else {})

        resources = {each.id: resource(each) for each in self.resources}
        return json.dumps({"Resources": resources, "Outputs": dict(self.outputs)}, indent=1)


def nested(name: str, *resources: Resource) -> Resource:
    return Resource(name, STACK, child=Graph(resources))


def detail(
    name: str,
    requires: str = "Never",
    *,
    attribute: str = "Properties",
    source: str = "DirectModification",
    cause: str = "",
    evaluation: str = "Static",
) -> dict[str, Any]:
    """One property that a change set says to change: its name, and whether that replaces the resource."""
    target = {"Attribute": attribute, "RequiresRecreation": requires} | ({"Name": name} if name else {})
    told = {"Target": target, "Evaluation": evaluation, "ChangeSource": source}
    return told | ({"CausingEntity": cause} if cause else {})


MAY_BE_NEWER = detail("", source="Automatic", evaluation="Dynamic")
"""What is said of each nested stack that is not looked into: its template might be another one."""


def without_values(told: Mapping[str, Any]) -> dict[str, Any]:
    """A change of a resource as DescribeChangeSet has it when it is not asked for values of properties."""
    resource = dict(told["ResourceChange"])
    if resource["Action"] == "Add":
        resource.pop("Replacement", None)
    if "Details" in resource:
        valued = {"Path", "BeforeValue", "AfterValue"}
        resource["Details"] = [
            {**each, "Target": {name: value for name, value in each.get("Target", {}).items() if name not in valued}}
            for each in resource["Details"]
        ]
    return {**told, "ResourceChange": resource}


def known_later(
    name: str, requires: str = "Never", *, source: str = "ParameterReference", cause: str = ""
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is said of a property whose value is known only after the deploy: it is told twice, as AWS does.

    So it is of what comes from a sibling of a nested stack (ParameterReference), whether that changes or not, and of
    what refers to a resource of the same stack that is replaced (ResourceReference, ResourceAttribute).
    """
    direct = detail(name, requires, evaluation="Dynamic")
    caused = detail(name, requires, source=source, cause=cause)
    for each in (direct, caused):
        each["Target"] |= {"Path": f"/Properties/{name}", "BeforeValue": "old"}
        each["Target"]["AfterValue"] = "{{changeSet:KNOWN_AFTER_APPLY}}"
    return direct, caused


@dataclass
class ChangeSet:
    id: str
    stack: Stack
    graph: Graph
    values: dict[str, str]
    tags: dict[str, str]
    creates: bool
    changes: list[dict[str, Any]]
    reason: str
    ready: float
    made: float = 0
    nested: list[str] = field(default_factory=list)
    invalid: list[dict[str, Any]] = field(default_factory=list)
    warned: list[dict[str, Any]] = field(default_factory=list)
    body: str = ""
    restores: bool = False  # what was changed by hand


@dataclass
class Stack:
    id: str
    name: str
    graph: Graph | None = None
    values: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    children: dict[str, Stack] = field(default_factory=dict)
    protected: bool = False
    body: str = ""  # of its template, where it was handed over as text
    tags: dict[str, str] = field(default_factory=dict)
    before: Graph | None = None  # what an update that fails goes back to
    changed: tuple[Resource, ...] = ()  # what the last update has touched


def change(
    resource: Resource, action: str, physical_id: str = "", nested_id: str = "", *, replaced: bool = False
) -> dict[str, Any]:
    """One resource of a change set, as DescribeChangeSet has it."""
    told: dict[str, Any] = {"Action": action, "LogicalResourceId": resource.id, "ResourceType": resource.type}
    if physical_id and action != "Add":
        told["PhysicalResourceId"] = physical_id
    if action == "Modify":
        told["Replacement"] = "True" if replaced else _replacement(resource)
        if resource.details:
            told["Details"] = [dict(each) for each in resource.details]
    if action == "Remove":
        told["PolicyAction"] = resource.policy or "Delete"
    elif told.get("Replacement", "False") != "False":
        told["PolicyAction"] = f"ReplaceAnd{resource.policy or 'Delete'}"
    if action == "Add":  # as it is told with the values of properties
        told["Replacement"] = "True"
    if nested_id:
        told["ChangeSetId"] = nested_id
    return {"Type": "Resource", "ResourceChange": told}


def _replacement(resource: Resource) -> str:
    """A property that always replaces, and is certain to change, replaces; anything less only may."""
    found = {(each["Target"]["RequiresRecreation"], each["Evaluation"]) for each in resource.details}
    if ("Always", "Static") in found:
        return "True"
    return "Conditional" if any(requires != "Never" for requires, _ in found) else "False"


def seconds_of(event: Mapping[str, Any]) -> float:
    """When an event happened, in seconds of the virtual clock."""
    return float((event["Timestamp"] - MIDNIGHT).total_seconds())
