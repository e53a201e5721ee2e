"""What the text of a template says by itself: which resources outlive their stack."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import yaml


class Fate(StrEnum):
    """What becomes of a resource when its stack is deleted."""

    GOES = "goes"
    STAYS = "stays"
    SNAPSHOT = "leaves a snapshot"


_POLICIES = {
    "Delete": Fate.GOES,
    "Retain": Fate.STAYS,
    "RetainExceptOnCreate": Fate.STAYS,
    "Snapshot": Fate.SNAPSHOT,
}


class _Loader(yaml.CSafeLoader):
    """Reads the short forms of CloudFormation's functions, whose values do not matter here, as nothing."""


_Loader.add_multi_constructor("!", lambda _loader, _tag, _node: None)


def resources(template: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the resources by logical id; `template` is text (YAML or JSON) or already parsed."""
    parsed = yaml.load(template, _Loader) if isinstance(template, str) else template  # noqa: S506 - a SafeLoader
    found: Mapping[str, Any] = (parsed or {}).get("Resources") or {}
    return found


def is_protected(resource: Mapping[str, Any]) -> bool:
    """Whether a resource refuses to be deleted until an update lifts that, as databases can."""
    return (resource.get("Properties") or {}).get("DeletionProtection") in (True, "true")


def is_in_cluster(resource: Mapping[str, Any]) -> bool:
    """Whether a resource is an instance of a database's cluster, which holds the data: it holds none itself."""
    return "DBClusterIdentifier" in (resource.get("Properties") or {})


def fate(resource: Mapping[str, Any]) -> Fate:
    """Return what becomes of a resource when its stack is deleted."""
    policy = resource.get("DeletionPolicy")
    return _POLICIES.get(policy, Fate.GOES) if isinstance(policy, str) else _default(resource)


def _default(resource: Mapping[str, Any]) -> Fate:
    """Databases alone are kept as a snapshot unasked.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
    """
    kind = resource.get("Type")
    alone = kind == "AWS::RDS::DBInstance" and not is_in_cluster(resource)
    return Fate.SNAPSHOT if kind == "AWS::RDS::DBCluster" or alone else Fate.GOES
