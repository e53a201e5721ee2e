"""A network that somebody else keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from deployer.preflight.networks import existing
from deployer.preflight.wanted import Existing, Wanted
from tests.deployer.preflight.scripted import STACK, Answer, found, stands
from tests.deployer.scripted_clients import ACCOUNT, RefusedError

THEIRS = Existing(
    "vpc-1",
    "10.20.0.0/16",
    tasks=["subnet-1"],
    load_balancer=["subnet-2", "subnet-3"],
    database=["subnet-4", "subnet-5"],
    route_tables=["rtb-1"],
)
ZONES = {"subnet-1": "a", "subnet-2": "a", "subnet-3": "b", "subnet-4": "a", "subnet-5": "b"}
S3 = "com.amazonaws.eu-west-1.s3"
LOGS = "com.amazonaws.eu-west-1.logs"


def subnet(name: str, zone: str, vpc: str = "vpc-1", free: int = 250) -> dict[str, Any]:
    return {
        "SubnetId": name,
        "VpcId": vpc,
        "AvailabilityZone": f"eu-west-1{zone}",
        "AvailableIpAddressCount": free,
    }


def ec2(
    subnets: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    names: bool = True,
    cidrs: tuple[str, ...] = ("10.20.0.0/16", "10.30.0.0/16"),
    table_of: str = "vpc-1",
    endpoint: Mapping[str, Any] | None = None,
    owner: str = ACCOUNT,
) -> dict[str, dict[str, Answer]]:
    there = {name: subnet(name, zone) for name, zone in ZONES.items()} if subnets is None else subnets

    def attribute(VpcId: str, Attribute: str) -> dict[str, Any]:  # noqa: N803
        given = {"enableDnsSupport": True, "enableDnsHostnames": names}[Attribute]
        return {"VpcId": VpcId, Attribute[0].upper() + Attribute[1:]: {"Value": given}}

    def of_subnets(Filters: Any) -> dict[str, Any]:  # noqa: N803
        (filtered,) = Filters
        assert filtered["Name"] == "subnet-id"
        return {"Subnets": [there[one] for one in filtered["Values"] if one in there]}

    return {
        "ec2": {
            "describe_vpcs": {
                "Vpcs": [
                    {
                        "VpcId": "vpc-1",
                        "OwnerId": owner,
                        "CidrBlockAssociationSet": [{"CidrBlock": one} for one in cidrs],
                    }
                ]
            },
            "describe_vpc_attribute": attribute,
            "describe_subnets": of_subnets,
            "describe_route_tables": {"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": table_of}]},
            "describe_vpc_endpoints": {"VpcEndpoints": [endpoint] if endpoint else []},
        }
    }


def wanted(theirs: Existing = THEIRS, **endpoints: str) -> Wanted:
    return Wanted(STACK, existing=theirs, endpoints=endpoints, gateways=[S3] if endpoints else [])


def test_a_network_as_it_is_said_to_be() -> None:
    assert found(existing, wanted(), ec2()) == []
    assert found(existing, wanted(replace(THEIRS, route_tables=())), ec2()) == []
    assert found(existing, Wanted(STACK), {}) == []


def test_a_vpc_that_is_not_there() -> None:
    gone = {"ec2": {"describe_vpcs": RefusedError("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist")}}
    assert found(existing, wanted(), gone) == [
        "error: network.existing.vpcId: there is no vpc-1 in eu-west-1 in this account;"
        " write the id of one that is there, or choose its region"
    ]


def test_a_vpc_that_another_account_shares() -> None:
    assert found(existing, wanted(), ec2(owner="999999999999")) == [
        "error: network.existing.vpcId: vpc-1 is shared by account 999999999999, and only its owner can give it"
        " private names and endpoints; deploy in that account, or in a network of this one"
    ]


def test_addresses_that_are_not_those_of_the_vpc() -> None:
    assert found(existing, wanted(), ec2(cidrs=("10.0.0.0/16", "10.1.0.0/16"))) == [
        "error: network.existing.vpcCidr: 10.20.0.0/16 clashes with what vpc-1 has: 10.0.0.0/16, 10.1.0.0/16;"
        " write its addresses as they are"
    ]


def test_private_names_take_dns_in_the_vpc() -> None:
    assert found(existing, wanted(), ec2(names=False)) == [
        "error: network.existing: vpc-1 has enableDnsHostnames off, and the components find each other by private"
        " names; `aws ec2 modify-vpc-attribute --region eu-west-1 --vpc-id vpc-1 --enable-dns-hostnames`"
    ]


def test_subnets_that_are_not_there_or_elsewhere() -> None:
    subnets = {name: subnet(name, zone) for name, zone in ZONES.items() if name != "subnet-5"}
    subnets["subnet-1"] = subnet("subnet-1", "a", vpc="vpc-2")
    assert found(existing, wanted(), ec2(subnets)) == [
        "error: network.existing.taskSubnetIds: subnet-1 is in vpc-2, not in vpc-1; write subnets of that VPC",
        "error: network.existing.databaseSubnetIds: there is no subnet-5 in eu-west-1; correct its id",
    ]


def test_load_balancer_and_database_want_two_zones() -> None:
    subnets = {name: subnet(name, "a") for name in ZONES}
    assert found(existing, wanted(), ec2(subnets)) == [
        "error: network.existing.loadBalancerSubnetIds: all of subnet-2, subnet-3 are in one zone, and AWS wants two;"
        " add a subnet in another zone",
        "error: network.existing.databaseSubnetIds: all of subnet-4, subnet-5 are in one zone, and AWS wants two;"
        " add a subnet in another zone",
    ]


def test_a_load_balancer_wants_free_addresses() -> None:
    subnets = {name: subnet(name, zone, free=7 if name == "subnet-3" else 8) for name, zone in ZONES.items()}
    assert found(existing, wanted(), ec2(subnets)) == [
        "error: network.existing.loadBalancerSubnetIds: subnet-3 has 7 free addresses, and a load balancer wants 8;"
        " choose larger subnets"
    ]
    assert found(existing, wanted(), {**stands(), **ec2(subnets)}) == []  # it has what it needs


def test_route_tables_of_another_vpc() -> None:
    assert found(existing, wanted(), ec2(table_of="vpc-2")) == [
        "error: network.existing.routeTableIds: rtb-1 is no route table of vpc-1;"
        " write the route tables of taskSubnetIds"
    ]


def test_an_endpoint_that_is_there_already() -> None:
    endpoint = {"VpcEndpointId": "vpce-1", "ServiceName": LOGS, "PrivateDnsEnabled": True}
    assert found(existing, wanted(logs=LOGS), ec2(endpoint=endpoint)) == [
        f"error: network.existing.createEndpoints: vpc-1 has an endpoint of {LOGS} already (vpce-1);"
        " take that away, or set this to false"
    ]
    assert found(existing, wanted(logs=LOGS), ec2(endpoint=endpoint | {"PrivateDnsEnabled": False})) == []
    assert found(existing, wanted(logs=LOGS), {**stands(), **ec2(endpoint=endpoint)}) == []  # it is our own


def test_a_route_table_leads_to_s3_already() -> None:
    gateway = {"VpcEndpointId": "vpce-1", "VpcEndpointType": "Gateway", "ServiceName": S3, "RouteTableIds": ["rtb-1"]}
    assert found(existing, wanted(logs=LOGS), ec2(endpoint=gateway)) == [
        f"error: network.existing.createEndpoints: rtb-1 leads to an endpoint of {S3} (vpce-1);"
        " take the table out of that endpoint, since ours is entered there, or set this to false"
    ]
    assert found(existing, wanted(logs=LOGS), ec2(endpoint=gateway | {"RouteTableIds": ["rtb-2"]})) == []
    assert found(existing, wanted(), ec2(endpoint=gateway)) == []  # none is made
    assert found(existing, wanted(logs=LOGS), {**stands(), **ec2(endpoint=gateway)}) == []  # it is our own
