"""A network that somebody else keeps, as mode `existing` finds it."""

from collections.abc import Iterable
from typing import Any, Literal

from tests.models.resources import Resource

VPC, NAT, GATEWAY = "vpc-00000001", "nat-00000001", "igw-00000001"
PUBLIC, INNER = ("subnet-000000a1", "subnet-000000a2"), ("subnet-000000b1", "subnet-000000b2")
PUBLIC_TABLE, INNER_TABLE = "rtb-000000a0", "rtb-000000b0"

Way = Literal["nat", "gateway", "none"]


def owners_network(way: Way) -> list[Resource]:
    """A VPC with two public and two inner subnets; `way` leads out of the inner ones."""
    found = [
        _one(VPC, "VPC", CidrBlock="10.9.0.0/16", EnableDnsHostnames=True, EnableDnsSupport=True),
        _one("attachment", "VPCGatewayAttachment", VpcId=VPC, InternetGatewayId=GATEWAY),
        _one(NAT, "NatGateway", SubnetId=PUBLIC[0], AllocationId="eipalloc-00000001"),
        *_subnets(PUBLIC, 0, PUBLIC_TABLE),
        *_subnets(INNER, 10, INNER_TABLE),
        _default(PUBLIC_TABLE, GatewayId=GATEWAY),
    ]
    ways = {"nat": {"NatGatewayId": NAT}, "gateway": {"GatewayId": GATEWAY}}
    return [*found, _default(INNER_TABLE, **ways[way])] if way in ways else found


def _subnets(ids: Iterable[str], first: int, table: str) -> Iterable[Resource]:
    for number, subnet in enumerate(ids, first):
        yield _one(subnet, "Subnet", VpcId=VPC, CidrBlock=f"10.9.{number}.0/24")
        yield _one(f"{subnet}-routes", "SubnetRouteTableAssociation", SubnetId=subnet, RouteTableId=table)


def _default(table: str, **way: str) -> Resource:
    return _one(f"{table}-default", "Route", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **way)


def _one(name: str, kind: str, **properties: Any) -> Resource:
    return Resource(name, f"AWS::EC2::{kind}", properties)
