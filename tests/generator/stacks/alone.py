"""One stack rendered by itself, without the others that would give it its inputs."""

import json
from collections.abc import Callable
from typing import Any, NewType

from troposphere import Template

from generator.config.environments import merge
from generator.config.settings import Settings
from generator.stacks.nesting import Fields, Tree, add, stack_template

Body = NewType("Body", dict[str, Any])
MINIMUM: dict[str, Any] = {"environment": "dev", "serviceName": "air", "owner": "data"}


def settings_with(overrides: dict[str, Any] | None = None) -> Settings:
    """The defaults with some settings laid over."""
    return Settings.model_validate(merge(MINIMUM, overrides or {}))


def alone(build: Callable[[Template, Settings, Any], Fields], inputs: Fields, settings: Settings) -> Body:
    """The template that `build` makes, as data."""
    tree = Tree(settings)
    add(tree, stack_template("root"), build, inputs)
    (template,) = tree.templates.values()
    return plain(template)


def plain(template: Template) -> Body:
    """A template as data."""
    return Body(json.loads(template.to_json()))


def properties(body: Body, logical_id: str) -> dict[str, Any]:
    """What a resource is told."""
    found: dict[str, Any] = body["Resources"][logical_id].get("Properties", {})
    return found


def policies(body: Body, logical_id: str) -> tuple[str, str]:
    """What becomes of a resource that is deleted, and of one that is replaced."""
    resource = body["Resources"][logical_id]
    return resource["DeletionPolicy"], resource["UpdateReplacePolicy"]


def output(body: Body, name: str) -> Any:
    """The value of an output."""
    return body["Outputs"][name]["Value"]


def skipped(body: Body, logical_id: str) -> set[str]:
    """The checks that a resource is excused from."""
    metadata = body["Resources"][logical_id].get("Metadata", {})
    return {one["id"] for one in metadata.get("checkov", {}).get("skip", [])}
