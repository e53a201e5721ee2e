"""Which property replaces its resource when it changes: as AWS's own schemas have it, which cfn-lint carries."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

from deployer.cloudformation.changes import Recreation
from deployer.plans.risks import in_place

_REGION = "us-east-1"  # which has every type; what replaces is the same everywhere


def recreation(kind: str, path: Sequence[str]) -> Recreation:
    """Whether a change at a path of properties replaces a resource of a type; of an unknown type it may.

    https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html (createOnlyProperties,
    conditionalCreateOnlyProperties)
    """
    schema = _create_only(kind)
    if schema is None:
        return Recreation.MAYBE
    always, conditionally = schema
    if any(_within(path, each) for each in always):
        return Recreation.ALWAYS
    if any(_within(path, each) for each in conditionally) and not in_place(kind, path[0]):
        return Recreation.MAYBE
    return Recreation.NEVER


def _within(path: Sequence[str], pointer: tuple[str, ...]) -> bool:
    """Whether a changed path lies at or below what a schema points to, or holds it."""
    return all(each in (part, "*") for part, each in zip(path, pointer, strict=False))


@cache
def _create_only(kind: str) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]] | None:
    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(_REGION, kind).schema
    except ResourceNotFoundError:
        return None
    always, conditionally = (
        [tuple(each.removeprefix("/properties/").split("/")) for each in schema.get(name, ())]
        for name in ("createOnlyProperties", "conditionalCreateOnlyProperties")
    )
    return always, conditionally
