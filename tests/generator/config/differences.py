"""What a change of settings does to resources, as CloudFormation would do it.

Values are followed through the parameters and outputs of nested stacks, and what refers to something replaced changes,
too. Which properties replace their resource is what AWS's own schemas say (cfn-lint carries them).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from generator.config.settings import Settings
from generator.stacks import foundation, root

# Properties that AWS's schemas call create-only under conditions, and that do replace here.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html
REPLACE_TOO = {("AWS::RDS::DBInstance", "Engine"), ("AWS::RDS::DBInstance", "DBSnapshotIdentifier")}
STACK = "AWS::CloudFormation::Stack"
Key: TypeAlias = tuple[str, str]
"""A resource: the file of its template, and its logical id."""


@dataclass(frozen=True, order=True)
class Difference:
    """A resource that is added, removed, replaced, updated or retyped, and the property that is the reason."""

    what: str
    kind: str
    resource: Key
    name: str = ""
    shrinks: bool = False
    """Whether the property is a list that loses items."""


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """What deploying `after` over `before` does: a line a resource and property."""
    old, new = resources(before), resources(after)
    found = [Difference("removed", old[key]["Type"], key) for key in {*old} - {*new}]
    found += [Difference("added", new[key]["Type"], key) for key in {*new} - {*old}]
    both = sorted({*old} & {*new})
    found += [Difference("retyped", new[key]["Type"], key) for key in both if old[key]["Type"] != new[key]["Type"]]
    replaced: set[Key] = set()
    while True:
        changes = [change for key in both for change in _changes(key, old[key], new[key], replaced)]
        now = {change.resource for change in changes if change.what == "replaced"}
        if now == replaced:
            return sorted(found + changes)
        replaced = now


def resources(data: dict[str, Any]) -> dict[Key, dict[str, Any]]:
    """Every resource of these settings but the stacks, with all values followed to where they come from."""
    return _resources(json.dumps(data, sort_keys=True))


def templates(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every template of these settings as plain data, by file name; made once for each settings."""
    return _templates(json.dumps(data, sort_keys=True))


@cache
def _templates(text: str) -> dict[str, dict[str, Any]]:
    settings = Settings.model_validate(json.loads(text))
    built = {"foundation.yml": foundation.build(settings), **root.build(settings)}
    return {name: json.loads(template.to_json(indent=0)) for name, template in built.items()}


@cache
def _resources(text: str) -> dict[Key, dict[str, Any]]:
    whole = _templates(text)
    return {
        (file, name): {**resource, "Properties": _followed(whole, file, resource.get("Properties", {}))}
        for file, template in whole.items()
        for name, resource in template["Resources"].items()
        if resource["Type"] != STACK
    }


def _followed(whole: Mapping[str, Any], file: str, value: Any) -> Any:
    """A value in which parameters are what the root hands over, and outputs what their stacks give."""
    if isinstance(value, list):
        return [_followed(whole, file, item) for item in value]
    if not isinstance(value, dict):
        return value
    if {*value} == {"Ref"}:
        return _reference(whole, file, value["Ref"], "")
    if {*value} == {"Fn::GetAtt"}:
        name, attribute = value["Fn::GetAtt"]
        return _reference(whole, file, name, attribute)
    if {*value} == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
        names = re.findall(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}", value["Fn::Sub"])
        return {"text": value["Fn::Sub"], "of": [_reference(whole, file, *name) for name in names]}
    return {key: _followed(whole, file, item) for key, item in value.items()}


def _reference(whole: Mapping[str, Any], file: str, name: str, attribute: str) -> Any:
    template = whole[file]
    resource = template["Resources"].get(name)
    if resource and resource["Type"] == STACK:
        child = resource["Properties"]["TemplateURL"]
        return _followed(whole, child, whole[child]["Outputs"][attribute.removeprefix("Outputs.")]["Value"])
    if name in template.get("Parameters", {}) and file not in ("root.yml", "foundation.yml"):
        given = whole["root.yml"]["Resources"].values()
        stack = next(one for one in given if one["Properties"].get("TemplateURL") == file)
        return _followed(whole, "root.yml", stack["Properties"]["Parameters"][name])
    return {"resource": [file, name], "attribute": attribute}


def _changes(key: Key, old: dict[str, Any], new: dict[str, Any], replaced: set[Key]) -> Iterator[Difference]:
    if old["Type"] != new["Type"]:
        return
    ours, theirs = old["Properties"], new["Properties"]
    for name in sorted({*ours} | {*theirs}):
        one, other = ours.get(name), theirs.get(name)
        if one != other or any(item in replaced for item in _mentioned(other)):
            what = "replaced" if _create_only(new["Type"], name) else "updated"
            yield Difference(what, new["Type"], key, name, _lost(one, other, replaced))
    if any(old.get(fate) != new.get(fate) for fate in ("DeletionPolicy", "UpdateReplacePolicy")):
        yield Difference("updated", new["Type"], key, "DeletionPolicy")


def _mentioned(value: Any) -> Iterator[Key]:
    if isinstance(value, list):
        for item in value:
            yield from _mentioned(item)
    elif isinstance(value, dict):
        if "resource" in value:
            yield value["resource"][0], value["resource"][1]
        for item in value.values():
            yield from _mentioned(item)


def _lost(old: Any, new: Any, replaced: set[Key]) -> bool:
    """Whether a list of resources loses some, or one of them is replaced by another."""
    before, after = {*_mentioned(old)}, {*_mentioned(new)}
    texts = isinstance(old, str) and isinstance(new, str) and bool({*old.split(",")} - {*new.split(",")})
    return texts or bool(before - after) or bool(after & replaced)


def _create_only(kind: str, name: str) -> bool:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    listed = schema.get("createOnlyProperties", [])
    return (kind, name) in REPLACE_TOO or any(path.split("/")[2] == name for path in listed)
