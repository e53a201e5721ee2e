"""Every rule, route and endpoint is needed: take one away, or add one, and the model of reachability goes red."""

import copy
import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import pytest

from tests.models.expectations import NETWORKS, Scenario, problems
from tests.models.reachability import World
from tests.models.resources import Resource, parsed

CERTIFICATE = {"https": {"certificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/abc"}}
RED = {
    "public": Scenario(NETWORKS["public"], flower=True),
    "private": Scenario(NETWORKS["private-per-zone"], flower=True),
    "isolated": Scenario(NETWORKS["isolated-facing"], flower=True, more=CERTIFICATE, doors=frozenset({443, 80})),
    "isolated-sqs": Scenario(NETWORKS["isolated"], "sqs"),
}
ENDS = ("SecurityGroupIngress", "SecurityGroupEgress")
WAYS = ("Route", "SubnetRouteTableAssociation", "VPCGatewayAttachment")
TAKEN_AWAY = {
    "public": (*ENDS, *WAYS),
    "private": (*ENDS, *WAYS),
    "isolated": (*ENDS, *WAYS, "VPCEndpoint"),
    "isolated-sqs": (*ENDS, "SubnetRouteTableAssociation", "VPCEndpoint"),
}


@cache
def _rendered(name: str) -> dict[str, str]:
    return RED[name].files()


def _removable() -> Iterable[Any]:
    for name, kinds in TAKEN_AWAY.items():
        for file, text in _rendered(name).items():
            for logical_id, resource in parsed(text)["Resources"].items():
                if resource["Type"].removeprefix("AWS::EC2::") in kinds:
                    yield pytest.param(name, file, logical_id, id=f"{name}-{logical_id}")


@pytest.mark.parametrize(("name", "file", "logical_id"), list(_removable()))
def test_nothing_can_be_taken_away(name: str, file: str, logical_id: str) -> None:
    def without(template: dict[str, Any]) -> None:
        del template["Resources"][logical_id]

    assert _red(name, file, without)


def _set(logical_id: str, **changes: Any) -> "Change":
    def change(template: dict[str, Any]) -> None:
        template["Resources"][logical_id]["Properties"].update(changes)

    return change


def _less(logical_id: str, name: str) -> "Change":
    def change(template: dict[str, Any]) -> None:
        del template["Resources"][logical_id]["Properties"][name]

    return change


def _ingress(what: str, rules: list[dict[str, Any]]) -> "Change":
    return _set(f"{what}SecurityGroup", SecurityGroupIngress=rules)


def _added(logical_id: str, kind: str, **properties: Any) -> "Change":
    def change(template: dict[str, Any]) -> None:
        template["Resources"][logical_id] = {"Type": f"AWS::EC2::{kind}", "Properties": properties}

    return change


def _moved_tasks(template: dict[str, Any]) -> None:
    public = {"Fn::GetAtt": ["Network", "Outputs.LoadBalancerSubnetIds"]}
    template["Resources"]["Services"]["Properties"]["Parameters"]["TaskSubnetIds"] = public


def _moved_nat(template: dict[str, Any]) -> None:
    template["Resources"]["Nat"]["Properties"]["Parameters"]["Zone1NatSubnetId"] = "network.PrivateSubnet1"


def _without_address(template: dict[str, Any]) -> None:
    where = template["Resources"]["SchedulerService"]["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    where["AssignPublicIp"] = "DISABLED"


def _flower_to_database(template: dict[str, Any]) -> None:
    flower, database = {"Ref": "FlowerSecurityGroup"}, {"Ref": "DatabaseSecurityGroup"}
    _added("In", "SecurityGroupIngress", GroupId=database, SourceSecurityGroupId=flower, **TCP)(template)
    _added("Out", "SecurityGroupEgress", GroupId=flower, DestinationSecurityGroupId=database, **TCP)(template)


TCP = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}
WORLD = [{**TCP, "CidrIp": "0.0.0.0/0"}]
VPC = [{**TCP, "CidrIp": "10.0.0.0/16"}]
WEB = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}]
ELSEWHERE = [{"Type": "forward", "TargetGroupArn": "other"}]
CLOSED = ["firewall.DatabaseSecurityGroup"]
NOTHING = [{"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}]
WAY_OUT = {
    "RouteTableId": {"Ref": "PrivateRouteTable1"},
    "DestinationCidrBlock": "0.0.0.0/0",
    "GatewayId": {"Ref": "InternetGateway"},
}
Change = Callable[[dict[str, Any]], None]
# What is seen -> in which scenario, in which file, what was changed.
CHANGES: dict[str, tuple[str, str, Change]] = {
    "the world may reach the database": ("public", "firewall.yml", _ingress("Database", WORLD)),
    "the VPC may reach the database": ("isolated", "firewall.yml", _ingress("Database", VPC)),
    "the world may reach the broker": ("private", "firewall.yml", _ingress("Broker", WORLD)),
    "the world may reach workers": ("public", "firewall.yml", _ingress("Workers", WORLD)),
    "the world may reach the load balancer": ("public", "firewall.yml", _ingress("LoadBalancer", WEB)),
    "the world may reach Flower": ("public", "firewall.yml", _ingress("LoadBalancerFlower", WEB)),
    "Flower reaches the database": ("private", "firewall.yml", _flower_to_database),
    "the database may open all": ("isolated", "firewall.yml", _less("DatabaseSecurityGroup", "SecurityGroupEgress")),
    "the scheduler may open all": ("public", "firewall.yml", _less("SchedulerSecurityGroup", "SecurityGroupEgress")),
    "the scheduler may not call AWS": (
        "private", "firewall.yml", _set("SchedulerSecurityGroup", SecurityGroupEgress=NOTHING),
    ),
    "endpoints let nobody in": ("isolated", "endpoints.yml", _set("LogsEndpoint", SecurityGroupIds=CLOSED)),
    "an endpoint has no name": ("isolated", "endpoints.yml", _set("EcrDkrEndpoint", PrivateDnsEnabled=False)),
    "an endpoint of another region": (
        "isolated", "endpoints.yml", _set("EcrDkrEndpoint", ServiceName="com.amazonaws.us-west-2.ecr.dkr"),
    ),
    "the VPC has no names": ("isolated", "network.yml", _set("Vpc", EnableDnsHostnames=False)),
    "images have no layers": ("isolated", "endpoints.yml", _set("S3Endpoint", RouteTableIds=[])),
    "a way leads out": ("isolated", "network.yml", _added("WayOut", "Route", **WAY_OUT)),
    "tasks stand in public subnets": ("isolated", "root.yml", _moved_tasks),
    "NAT has no address": ("private", "nat.yml", _less("Zone1Nat", "AllocationId")),
    "NAT stands in a private subnet": ("private", "root.yml", _moved_nat),
    "tasks have no public address": ("public", "services.yml", _without_address),
    "the database is public": ("public", "database.yml", _set("MetadataDatabase", PubliclyAccessible=True)),
    "the load balancer is internal": ("public", "load_balancer.yml", _set("LoadBalancer", Scheme="internal")),
    "the front door leads elsewhere": (
        "public", "load_balancer.yml", _set("Listener80", DefaultActions=ELSEWHERE),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_it_is_seen_that(what: str) -> None:
    assert _red(*CHANGES[what])


def _red(name: str, file: str, change: Change) -> str | None:
    """The first problem of a scenario of which one template was changed."""
    files = dict(_rendered(name))
    template = copy.deepcopy(dict(parsed(files[file])))
    change(template)
    assert template != parsed(files[file])
    files[file] = json.dumps(template)
    return next(iter(problems(RED[name].world(files), RED[name])), None)


def test_what_the_model_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="does not know"):
        World([Resource("wall", "AWS::EC2::NetworkAcl", {})])
    with pytest.raises(ValueError, match="default security group"):
        World(
            [
                Resource(
                    "balancer", "AWS::ElasticLoadBalancingV2::LoadBalancer", {"Scheme": "internal", "Subnets": ["a"]}
                )
            ]
        )
