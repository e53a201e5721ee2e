"""What could not be deleted: what holds it, and what to do about that."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress

from deployer.aws import Aws
from deployer.cloudformation.events import StackEvent
from deployer.errors import AWS_ERRORS, one_line

# What AWS says of resources that something still uses, which is on its way out: interfaces of load balancers, databases
# and tasks are given back minutes after their owners are gone.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-delete-stack-fails
# https://github.com/aws/aws-cdk/issues/14456 https://github.com/ministryofjustice/bootstrap-cfn/issues/177
# https://github.com/aws/containers-roadmap/issues/1746
_FREED_LATE = (
    "has dependencies and cannot be deleted",
    "has a dependent object",
    "dependencyviolation",
    "has some mapped public address",
    "is currently in use",
    "is still using it",
    "still members of this parameter group",
    "cannot be deleted while tasks are active",
    "cannot be deleted while services are active",
    "is in use and cannot be removed",
    " in use. (service: acm",
    "contains registered instances",
    "has associated services",
    "resourceinuse",
)
# How what somebody has protected by hand is let go; CloudFormation knows nothing of it.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html#USER_DeleteInstance.DeletionProtection
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#deletion-protection
_PROTECTED = re.compile(r"cannot delete protected|deletion protection", re.IGNORECASE)
_LIFT = {
    "AWS::RDS::DBInstance": "aws rds modify-db-instance --no-deletion-protection --db-instance-identifier",
    "AWS::RDS::DBCluster": "aws rds modify-db-cluster --no-deletion-protection --db-cluster-identifier",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "aws elbv2 modify-load-balancer-attributes"
    " --attributes Key=deletion_protection.enabled,Value=false --load-balancer-arn",
}
AGAIN = "run it again: it goes on from here"
_FILTERS = {"AWS::EC2::Subnet": "subnet-id", "AWS::EC2::SecurityGroup": "group-id", "AWS::EC2::VPC": "vpc-id"}
_SHOWN = 5


def is_freed_late(event: StackEvent) -> bool:
    """Whether a deletion failed for something that AWS frees by itself, some minutes later."""
    reason = event.reason.lower()
    return any(words in reason for words in _FREED_LATE)


def way_on(aws: Aws, failed: Collection[StackEvent]) -> str:
    """Say what to do about what could not be deleted; nothing where that is not known here."""
    for event in failed:
        if event.type in _LIFT and _PROTECTED.search(event.reason):
            return f"somebody has protected it: `{_LIFT[event.type]} {event.physical_id}`, then {AGAIN}"
    late = [event for event in failed if is_freed_late(event)]
    if holders := _interfaces(aws, late):
        return f"it is held by {', '.join(holders)}; when that is gone, {AGAIN}"
    return f"something uses it still; when that is gone, {AGAIN}" if late else ""


def _interfaces(aws: Aws, failed: Collection[StackEvent]) -> list[str]:
    """Name the network interfaces that hold subnets, security groups and networks, at most five.

    There are none to name where the caller may not look.
    """
    found: dict[str, str] = {}
    for event in failed:
        if (name := _FILTERS.get(event.type)) and event.physical_id:
            with suppress(*AWS_ERRORS):  # what could not be deleted is told anyway
                answer = aws.ec2.describe_network_interfaces(Filters=[{"Name": name, "Values": [event.physical_id]}])
                for each in answer["NetworkInterfaces"]:
                    what = one_line(each.get("Description", "")) or each.get("InterfaceType", "")
                    found[each.get("NetworkInterfaceId", "")] = f"{each.get('NetworkInterfaceId', '')} ({what})"
    return list(found.values())[:_SHOWN]
