"""What is in a cluster of ECS: services and tasks, of which a cluster that is not there has none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, TypedDict, Unpack

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.errors import error_code

if TYPE_CHECKING:
    from mypy_boto3_ecs.literals import DesiredStatusType, ServiceFieldType
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskTypeDef

_SERVICES_AT_ONCE = 10  # in one DescribeServices, at most
_TASKS_AT_ONCE = 100  # in one DescribeTasks, at most


class Which(TypedDict, total=False):
    """Which tasks, as ListTasks has it; those that run or shall run, if nothing is said."""

    desiredStatus: DesiredStatusType
    family: str


def services(aws: Aws, cluster: str | None) -> frozenset[str]:
    """ARNs of the services of a cluster; None stands for one that is not there."""
    if not cluster:
        return frozenset()
    try:
        pages = aws.ecs.get_paginator("list_services").paginate(cluster=cluster)
        return frozenset(arn for page in pages for arn in page["serviceArns"])
    except ClientError as error:
        return _nothing(error)


def described(aws: Aws, cluster: str | None, include: Sequence[ServiceFieldType] = ()) -> Iterator[ServiceTypeDef]:
    """Services of a cluster as ECS describes them, in order of ARN; `include` names what it tells only if asked."""
    arns = sorted(services(aws, cluster))
    for start in range(0, len(arns), _SERVICES_AT_ONCE):
        some = arns[start : start + _SERVICES_AT_ONCE]
        yield from aws.ecs.describe_services(cluster=cluster or "", services=some, include=include)["services"]


def tasks(aws: Aws, cluster: str | None, but: Collection[str] = (), **which: Unpack[Which]) -> Iterator[TaskTypeDef]:
    """Tasks of a cluster, `but` for those with these ARNs."""
    if not cluster:
        return
    try:
        pages = aws.ecs.get_paginator("list_tasks").paginate(cluster=cluster, **which)
        arns = [arn for page in pages for arn in page["taskArns"] if arn not in but]
        for start in range(0, len(arns), _TASKS_AT_ONCE):
            yield from aws.ecs.describe_tasks(cluster=cluster, tasks=arns[start : start + _TASKS_AT_ONCE])["tasks"]
    except ClientError as error:
        _nothing(error)


def _nothing(error: ClientError) -> frozenset[str]:
    """What a cluster has that somebody removed; any other error is raised again.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html (ClusterNotFoundException)
    """
    if error_code(error) != "ClusterNotFoundException":
        raise error
    return frozenset()
