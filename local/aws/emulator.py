# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""The one door to ministack: its parts that are called or replaced, and how CloudFormation is taught a resource type.

Everything here is private to ministack and known by reading version 1.5.33, which local/requirements.in pins.
The environment must be set (`local.aws.settings`) before this module is imported: ministack reads it while it loads.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from ministack import app
from ministack.core import router
from ministack.core.responses import (
    AccountRegionScopedDict,
    get_account_id,
    get_region,
    new_uuid,
    now_iso,
)
from ministack.services import (
    cloudformation,
    ec2,
    ecr,
    ecs,
    elasticache,
    rds,
    route53,
    s3,
    secretsmanager,
    sns,
)
from ministack.services.cloudformation import (
    engine,
    helpers,
    provisioners,
    stacks,
)

__all__ = [
    "AccountRegionScopedDict",
    "Attributes",
    "Made",
    "Properties",
    "ResourceType",
    "answer",
    "app",
    "cloudformation",
    "ec2",
    "ecr",
    "ecs",
    "elasticache",
    "engine",
    "get_account_id",
    "get_region",
    "helpers",
    "known",
    "new_uuid",
    "now_iso",
    "provisioners",
    "rds",
    "replace",
    "route53",
    "router",
    "s3",
    "secretsmanager",
    "sns",
    "stacks",
    "teach",
]

Properties = dict[str, Any]
Attributes = dict[str, Any]
Made = tuple[str, Attributes]
"""Physical id (what Ref gives) and what GetAtt gives."""


class ResourceType(NamedTuple):
    """What CloudFormation does with one type of resource; each function raises to fail the resource."""

    create: Callable[[str, Properties, str], Made]
    """(logical id, properties, stack name)"""
    update: Callable[[str, Properties, Properties, str, str], Made]
    """(physical id, old properties, new ones, stack name, logical id); another physical id means: replaced"""
    delete: Callable[[str, Properties], None]
    """(physical id, properties)"""


def teach(name: str, resource: ResourceType) -> None:
    """Make CloudFormation handle the resource type `name` this way; what it knew of it otherwise stays."""
    known = provisioners._RESOURCE_HANDLERS.get(name, {})
    ours = {**resource._asdict(), "update_with_logical_id": True}
    provisioners._RESOURCE_HANDLERS[name] = {**known, **ours}


def known(name: str) -> ResourceType:
    """Return what CloudFormation does with the resource type `name` so far."""
    handlers = provisioners._RESOURCE_HANDLERS[name]
    update = handlers["update"]

    def without_logical_id(made: str, old: Properties, new: Properties, stack: str, _: str) -> Made:
        updated: Made = update(made, old, new, stack)
        return updated

    takes_all = handlers.get("update_with_logical_id")
    return ResourceType(handlers["create"], update if takes_all else without_logical_id, handlers["delete"])


def replace(module: Any, name: str, make: Callable[[Any], Any]) -> None:  # noqa: ANN401
    """Put `make(the old one)` in the place of a module's function, for every call by that name."""
    setattr(module, name, make(getattr(module, name)))


def answer(response: tuple[int, Any, bytes]) -> dict[str, Any]:
    """Return what one of ministack's JSON services answered. Raises ValueError with its message if it refused."""
    status, _, body = response
    content: dict[str, Any] = json.loads(body or b"{}")
    if status >= 400:
        raise ValueError(content.get("message") or content.get("Message") or f"refused with status {status}")
    return content
