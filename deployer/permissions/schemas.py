"""What CloudFormation calls in one's name for the resources of templates: as AWS's own schemas have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from deployer.permissions import reference
from deployer.permissions.onwards import ONWARDS
from deployer.permissions.unused import is_unused

Resources = Mapping[str, Any]
"""The resources of one template by logical id, as `template_text.resources` reads them."""
Kinds = Mapping[str, set[str]]
"""Types of resources, each with the properties that any of them has."""

_REGION = "us-east-1"  # which has every type; the permissions are the same everywhere
_REVISED = ("AWS::ECS::TaskDefinition",)
_UPDATED = ("AWS::CloudFormation::Stack", "AWS::ECS::Service")
_OF_ZONES = frozenset(f"ec2:Describe{what}" for what in ("AccountAttributes", "AvailabilityZones", "Subnets"))


@dataclass(frozen=True)
class Needs:
    """Actions for making and changing resources, and for removing them.

    `tagged` are those of the latter that can be held to resources with the environment's tags.
    """

    making: frozenset[str] = frozenset()
    ending: frozenset[str] = frozenset()
    tagged: frozenset[str] = frozenset()


def kinds(templates: Iterable[Resources]) -> Kinds:
    """Return the types in templates."""
    found: dict[str, set[str]] = {}
    for resources in templates:
        for resource in resources.values():
            found.setdefault(resource["Type"], set()).update(resource.get("Properties") or ())
    return found


def needs(used: Kinds, *, own_keys: bool, events: Sequence[str] = ("create", "read", "update")) -> Needs:
    """Return the actions for these types; those on keys only where a customer managed one encrypts.

    `events` in the life of a resource are what counts as making it.
    AWS's own keys may be used by whoever may use the service that they are of.
    https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html (handlers, permissions)
    https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
    """
    making, ending, tagged, untagged = set[str](), set[str](), set[str](), set[str]()
    for kind, properties in used.items():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(_REGION, kind).schema
        tagging = schema.get("tagging") or {}
        made = _actions(schema, events) | set(tagging.get("permissions", ())) | ONWARDS.get(kind, frozenset())
        ended = _actions(schema, ("read", "delete"))
        keep = {
            action
            for action in made | ended
            if reference.exists(action)
            and not is_unused(action, kind, properties)
            and (own_keys or not action.startswith("kms:"))
        }
        making |= made & keep
        ending |= ended & keep
        only_ended = (ended - made) & keep
        (tagged if tagging.get("taggable") and tagging.get("tagOnCreate", True) else untagged).update(only_ended)
    ends = frozenset(one for one in tagged - untagged - making if reference.takes_tags(one))
    return Needs(frozenset(making), frozenset(ending), ends)


def rolled(used: Kinds) -> frozenset[str]:
    """Return the actions for putting another image into services: revisions of task definitions, and updates."""
    revised, updated = ({kind: used[kind] for kind in kinds if kind in used} for kinds in (_REVISED, _UPDATED))
    revisions = needs(revised, own_keys=False)
    return revisions.making | revisions.ending | needs(updated, own_keys=False, events=("read", "update")).making


def of_zones(templates: Iterable[Resources]) -> frozenset[str]:
    """Return what `Fn::GetAZs` asks in the name of whoever has a template looked at that says it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html
    """
    return _OF_ZONES if any(_says(each, "Fn::GetAZs") for each in templates) else frozenset()


def _says(value: object, function: str) -> bool:
    match value:
        case dict():
            return function in value or any(_says(one, function) for one in value.values())
        case list():
            return any(_says(one, function) for one in value)
    return False


def _actions(schema: Mapping[str, Any], events: Iterable[str]) -> set[str]:
    handlers: Mapping[str, Any] = schema.get("handlers") or {}
    return {action for event in events for action in handlers.get(event, {}).get("permissions", ())}


def passed_to(templates: Iterable[Resources]) -> list[str]:
    """Return the services that the roles in templates are for, as they trust them."""
    found: set[str] = set()
    for resources in templates:
        for role in resources.values():
            if role["Type"] == "AWS::IAM::Role":
                for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
                    services = statement["Principal"]["Service"]
                    found.update([services] if isinstance(services, str) else services)
    return sorted(found)


def secrets(templates: Iterable[Resources]) -> list[str]:
    """Return the logical ids of secrets, which begin the names that CloudFormation gives them.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
    """
    every = (item for resources in templates for item in resources.items())
    return sorted({name for name, resource in every if resource["Type"] == "AWS::SecretsManager::Secret"})
