"""Stacks that are no more: what an earlier run has removed, and nobody was told of."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.cloudformation import stacks
from deployer.cloudformation.stacks import Stack

_EVER = datetime.min.replace(tzinfo=UTC)


def find(aws: Aws, names: Collection[str]) -> dict[str, Stack]:
    """As `look_up`; there are none where the caller may not look."""
    try:
        return look_up(aws, names)
    except ClientError:
        return {}


def look_up(aws: Aws, names: Collection[str]) -> dict[str, Stack]:
    """Find the stacks that bore these names last and were deleted, as they were, by name; AWS knows them for 90 days.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html

    Raises what botocore raises, for example when the caller may not list them.
    """
    newest: dict[str, tuple[datetime, str]] = {}
    for page in aws.cloudformation.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"]):
        for each in page["StackSummaries"]:
            name, deleted = each["StackName"], (each.get("DeletionTime", _EVER), each.get("StackId", ""))
            if name in names and deleted > newest.get(name, (_EVER, "")):
                newest[name] = deleted
    seen = {name: stacks.last_seen(aws, stack_id) for name, (_, stack_id) in newest.items()}
    return {name: stack for name, stack in seen.items() if stack}
