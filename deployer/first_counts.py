"""How many tasks a service has after its first deploy; from then on autoscaling and people say."""

from __future__ import annotations

from deployer.aws import Aws

TAG = "DesiredCount"
_AT_ONCE = 10  # the most services that DescribeServices takes


def services(aws: Aws, cluster: str | None) -> frozenset[str]:
    """ARNs of the services that are there; None stands for a cluster that is not."""
    pages = aws.ecs.get_paginator("list_services").paginate(cluster=cluster) if cluster else ()
    return frozenset(arn for page in pages for arn in page["serviceArns"])


def apply(aws: Aws, cluster: str, before: frozenset[str]) -> None:
    """Give every service of a cluster that was not there `before` the count that its tag says.

    Templates leave DesiredCount out, for with it every later deploy would undo what autoscaling did; a new service
    then has one task: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
    """
    arns = sorted(services(aws, cluster) - before)
    for start in range(0, len(arns), _AT_ONCE):
        some = arns[start : start + _AT_ONCE]
        for service in aws.ecs.describe_services(cluster=cluster, services=some, include=["TAGS"])["services"]:
            tags = {tag.get("key", ""): tag.get("value", "") for tag in service.get("tags", [])}
            wanted = tags.get(TAG, "")
            if wanted.isdecimal() and int(wanted) != service.get("desiredCount"):
                aws.ecs.update_service(cluster=cluster, service=service["serviceArn"], desiredCount=int(wanted))
