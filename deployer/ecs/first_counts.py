"""How many tasks services have: after their first deploy what is wanted at first, then never fewer than at least."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deployer.ecs import clusters
from deployer.errors import AWS_ERRORS, explain
from deployer.tools import Tools

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ServiceTypeDef

TAG = "DesiredCount"
_MADE_WITH = 1  # tasks, where templates do not say how many
_TARGETS_AT_ONCE = 50  # the most that DescribeScalableTargets takes
_DIMENSION: Final = "ecs:service:DesiredCount"


@dataclass(frozen=True)
class Range:
    """Between how many tasks a service scales."""

    fewest: int
    most: int


_ANY = Range(0, sys.maxsize)


def apply(tools: Tools, cluster: str, before: frozenset[str] | None) -> None:
    """Give services the tasks that they lack; those that were not there `before` the count that their tag says.

    Without `before` all of them were.

    Templates leave DesiredCount out, for with it every later deploy would undo what autoscaling did; a new service
    then has one task: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html

    A service that scales is raised to its minimum, which Application Auto Scaling itself sees to only when it next
    scales. One that does not scale, and stands at zero, was left there by hours that are no more, and gets its first
    count. Raises DeployError when the lock was lost: by then others may have counted.
    """
    described = list(clusters.described(tools.aws, cluster, ["TAGS"]))
    ranges = _ranges(tools, cluster, [each.get("serviceArn", "") for each in described])
    for service in described:
        arn, now, first = service.get("serviceArn", ""), service.get("desiredCount", 0), _first(service)
        scales = ranges.get(_name(arn)) if ranges is not None else _ANY
        stood = before is None or arn in before
        wanted = _at_least(first, now, scales) if stood else _at_first(first, now, scales)
        if wanted != now:
            tools.require()
            tools.aws.ecs.update_service(cluster=cluster, service=arn, desiredCount=wanted)
            tools.report(f"{_name(arn)}: {wanted} tasks are wanted now, where {now} were")


def _first(service: ServiceTypeDef) -> int:
    """The count of a service after its first deploy, by its tag; one is ECS's own default."""
    tags = {tag.get("key", ""): tag.get("value", "") for tag in service.get("tags", [])}
    told = tags.get(TAG, "")
    return int(told) if told.isdecimal() else _MADE_WITH


def _at_least(first: int, now: int, scales: Range | None) -> int:
    """What a service that was there has to have."""
    if scales:
        return max(now, scales.fewest)
    return now or first


def _at_first(first: int, now: int, scales: Range | None) -> int:
    """What a new service has to have; one that has got more meanwhile keeps it."""
    counted = min(first, scales.most) if scales else first
    return counted if now <= _MADE_WITH else max(now, counted)


def _ranges(tools: Tools, cluster: str, arns: Sequence[str]) -> Mapping[str, Range] | None:
    """By the names of services that scale, between which numbers; None where nobody may know."""
    ids = [f"service/{cluster}/{_name(arn)}" for arn in arns]
    asked = tools.aws.scaling.get_paginator("describe_scalable_targets")
    found: dict[str, Range] = {}
    try:
        for start in range(0, len(ids), _TARGETS_AT_ONCE):
            some = ids[start : start + _TARGETS_AT_ONCE]
            for page in asked.paginate(ServiceNamespace="ecs", ScalableDimension=_DIMENSION, ResourceIds=some):
                for each in page["ScalableTargets"]:
                    found[_name(each["ResourceId"])] = Range(each["MinCapacity"], each["MaxCapacity"])
    except AWS_ERRORS as error:
        tools.report(f"whether services have the tasks that they need is not known: {explain(error).line}")
        return None
    return found


def _name(arn: str) -> str:
    """The name of a service, in its ARN or in the id of what scales it."""
    return arn.rpartition("/")[2]
