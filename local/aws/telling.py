# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""Answers of the services' APIs, completed: ministack's descriptions leave members out that a template said.

A row says which answer describes resources of which type, and what is to be said of one from its properties. The
answer is read and written again by botocore's model of the service; one that is about no resource of a stack is left
as it is.
"""

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from botocore.parsers import create_parser

from local.aws import answers
from local.aws.asking import handler, replace_handler
from local.aws.emulator import Properties, cloudformation, ec2
from local.aws.shapes import convert, model


class Told(NamedTuple):
    """What an answer says of the resources of one type, besides what ministack says."""

    service: str
    operation: str
    members: str
    """Where the answer lists them."""
    key: str
    """The member that is the physical id."""
    kind: str
    say: Callable[[Properties], Properties]


def install() -> None:
    """Put the completed answers in place of ministack's own."""
    for service in {told.service for told in _TOLD}:
        rows = {told.operation: told for told in _TOLD if told.service == service}
        replace_handler(service, _completing(handler(service), rows))


def _completing(own: Any, rows: dict[str, Told]) -> Any:  # noqa: ANN401
    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> tuple[int, Any, bytes]:  # noqa: ANN401
        status, told, answer = await own(method, path, headers, body, query)
        asked = {**parse_qs(body.decode(errors="replace")), **query}.get("Action", [""])
        row = rows.get(asked[0] if isinstance(asked, list) else asked)
        if row is not None and status < 300:
            answer = _complete(answer, row)
        return status, told, answer

    return handle


def _complete(answer: bytes, row: Told) -> bytes:
    known = _properties(row.kind)
    if not known:
        return answer
    operation = model(row.service).operation_model(row.operation)
    shape = operation.output_shape
    response = {"status_code": 200, "headers": {}, "body": answer}
    content = create_parser(model(row.service).resolved_protocol).parse(response, shape)
    member = shape.members[row.members].member
    for item in content.get(row.members, []):
        if item.get(row.key) in known:
            item.update(convert(row.say(known[item[row.key]]), member))
    return answers.xml(operation, content)


def _properties(kind: str) -> dict[str, Properties]:
    """Return the properties of all resources of a type, by physical id, whichever stack they are in."""
    return {
        resource["PhysicalResourceId"]: resource.get("Properties") or {}
        for stack in cloudformation._stacks.values()
        for resource in stack.get("_resources", {}).values()
        if resource.get("ResourceType") == kind
    }


def _same(*names: str, **renamed: str) -> Callable[[Properties], Properties]:
    """Say properties, by their own names or as (member of the answer)=(property)."""
    said = {name: name for name in names} | renamed

    def say(properties: Properties) -> Properties:
        return {member: properties[name] for member, name in said.items() if name in properties}

    return say


def _endpoint(properties: Properties) -> Properties:
    groups = [{"GroupId": group} for group in properties.get("SecurityGroupIds", [])]
    return {**_same("PrivateDnsEnabled", "PolicyDocument")(properties), **({"Groups": groups} if groups else {})}


def _nat_gateway(properties: Properties) -> Properties:
    address = ec2._addresses.get(properties.get("AllocationId"))
    if address is None:
        return {}
    return {"NatGatewayAddresses": [{"AllocationId": address["AllocationId"], "PublicIp": address["PublicIp"]}]}


def _load_balancer(properties: Properties) -> Properties:
    subnets = [ec2._subnets[subnet] for subnet in properties.get("Subnets", []) if subnet in ec2._subnets]
    zones = [{"ZoneName": subnet["AvailabilityZone"], "SubnetId": subnet["SubnetId"]} for subnet in subnets]
    return {"AvailabilityZones": zones} if zones else {}


def _subscription(properties: Properties) -> Properties:
    """An address that nobody has confirmed (https://docs.aws.amazon.com/sns/latest/api/API_Subscription.html)."""
    return {"SubscriptionArn": "PendingConfirmation"} if str(properties["Protocol"]).startswith("email") else {}


_DATABASE = _same("KmsKeyId", EnabledCloudwatchLogsExports="EnableCloudwatchLogsExports")
_TOLD = (
    Told("ec2", "DescribeVpcEndpoints", "VpcEndpoints", "VpcEndpointId", "AWS::EC2::VPCEndpoint", _endpoint),
    Told("ec2", "DescribeNatGateways", "NatGateways", "NatGatewayId", "AWS::EC2::NatGateway", _nat_gateway),
    Told(
        "ec2",
        "DescribeFlowLogs",
        "FlowLogs",
        "FlowLogId",
        "AWS::EC2::FlowLog",
        _same("LogGroupName", "DeliverLogsPermissionArn", "MaxAggregationInterval", "LogFormat"),
    ),
    Told(
        "ec2",
        "DescribeSecurityGroupRules",
        "SecurityGroupRules",
        "SecurityGroupRuleId",
        "AWS::EC2::SecurityGroupEgress",
        _same(PrefixListId="DestinationPrefixListId"),
    ),
    Told("rds", "DescribeDBInstances", "DBInstances", "DBInstanceIdentifier", "AWS::RDS::DBInstance", _DATABASE),
    Told("rds", "DescribeDBClusters", "DBClusters", "DBClusterIdentifier", "AWS::RDS::DBCluster", _DATABASE),
    Told(
        "elasticache",
        "DescribeReplicationGroups",
        "ReplicationGroups",
        "ReplicationGroupId",
        "AWS::ElastiCache::ReplicationGroup",
        _same("KmsKeyId", "AutoMinorVersionUpgrade"),
    ),
    Told(
        "elbv2",
        "DescribeLoadBalancers",
        "LoadBalancers",
        "LoadBalancerArn",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        _load_balancer,
    ),
    *(
        Told("sns", operation, "Subscriptions", "SubscriptionArn", "AWS::SNS::Subscription", _subscription)
        for operation in ("ListSubscriptions", "ListSubscriptionsByTopic")
    ),
)
