"""A network that somebody else keeps: whether it is what the settings say, and fit to be stood in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployer.errors import error_code
from deployer.preflight.findings import Finding, error
from deployer.preflight.place import Place
from deployer.preflight.wanted import Existing

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import SubnetTypeDef

_AT = "network.existing"
# A load balancer wants eight free addresses in each subnet:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
_FREE = 8


def existing(place: Place) -> Iterator[Finding]:
    """The network of mode `existing`."""
    wanted = place.wanted.existing
    if wanted is None:
        return
    found = list(_vpc(place, wanted))
    yield from found
    if not any(finding.where == f"{_AT}.vpcId" for finding in found):
        yield from _subnets(place, wanted)
        yield from _route_tables(place, wanted)
        yield from _endpoints_there(place, wanted)


def _vpc(place: Place, wanted: Existing) -> Iterator[Finding]:
    ec2 = place.aws.ec2
    try:
        vpc = ec2.describe_vpcs(VpcIds=[wanted.vpc])["Vpcs"][0]
    except ClientError as trouble:
        if error_code(trouble) != "InvalidVpcID.NotFound":
            raise
        what = f"there is no {wanted.vpc} in {place.aws.region} in this account"
        yield error(f"{_AT}.vpcId", what, "write the id of one that is there, or choose its region")
        return
    owner = vpc.get("OwnerId", place.identity.account)
    if owner != place.identity.account:
        # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html
        what = f"{wanted.vpc} is shared by account {owner}, and only its owner can give it private names and endpoints"
        yield error(f"{_AT}.vpcId", what, "deploy in that account, or in a network of this one")
        return
    theirs = [one["CidrBlock"] for one in vpc.get("CidrBlockAssociationSet", []) if "CidrBlock" in one]
    theirs = theirs or [vpc.get("CidrBlock", "")]
    if wanted.cidr not in theirs:
        what = f"{wanted.cidr} clashes with what {wanted.vpc} has: {', '.join(theirs)}"
        yield error(f"{_AT}.vpcCidr", what, "write its addresses as they are")
    # Components find each other by names of a private zone, which takes both:
    # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html#vpc-dns-support
    support = ec2.describe_vpc_attribute(VpcId=wanted.vpc, Attribute="enableDnsSupport")["EnableDnsSupport"]
    names = ec2.describe_vpc_attribute(VpcId=wanted.vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]
    for attribute, value in (("enableDnsSupport", support), ("enableDnsHostnames", names)):
        if not value.get("Value"):
            what = f"{wanted.vpc} has {attribute} off, and the components find each other by private names"
            option = "--enable-dns-support" if attribute == "enableDnsSupport" else "--enable-dns-hostnames"
            command = f"aws ec2 modify-vpc-attribute --region {place.aws.region} --vpc-id {wanted.vpc} {option}"
            yield error(_AT, what, f"`{command}`")


def _subnets(place: Place, wanted: Existing) -> Iterator[Finding]:
    lists = {
        "taskSubnetIds": wanted.tasks,
        "loadBalancerSubnetIds": wanted.load_balancer,
        "databaseSubnetIds": wanted.database,
    }
    there = place.subnets
    for key, ids in lists.items():
        for one in ids:
            if one not in there:
                yield error(f"{_AT}.{key}", f"there is no {one} in {place.aws.region}", "correct its id")
            elif there[one].get("VpcId") != wanted.vpc:
                what = f"{one} is in {there[one].get('VpcId')}, not in {wanted.vpc}"
                yield error(f"{_AT}.{key}", what, "write subnets of that VPC")
    for key in ("loadBalancerSubnetIds", "databaseSubnetIds"):
        yield from _two_zones(key, lists[key], there)
    for one in wanted.load_balancer:
        free = there[one].get("AvailableIpAddressCount", _FREE) if one in there else _FREE
        if free < _FREE and place.is_new:  # one that stands has what it needs
            what = f"{one} has {free} free addresses, and a load balancer wants {_FREE}"
            yield error(f"{_AT}.loadBalancerSubnetIds", what, "choose larger subnets")


def _two_zones(key: str, ids: Sequence[str], there: Mapping[str, SubnetTypeDef]) -> Iterator[Finding]:
    zones = {there[one].get("AvailabilityZone") for one in ids if one in there}
    if len(zones) < 2 and all(one in there for one in ids):
        what = f"all of {', '.join(ids)} are in one zone, and AWS wants two"
        yield error(f"{_AT}.{key}", what, "add a subnet in another zone")


def _route_tables(place: Place, wanted: Existing) -> Iterator[Finding]:
    if not wanted.route_tables:
        return
    names = [{"Name": "route-table-id", "Values": list(wanted.route_tables)}]
    pages = place.aws.ec2.get_paginator("describe_route_tables").paginate(Filters=names)  # type: ignore[arg-type]
    there = {one.get("RouteTableId"): one.get("VpcId") for page in pages for one in page["RouteTables"]}
    for one in wanted.route_tables:
        if there.get(one) != wanted.vpc:
            what = f"{one} is no route table of {wanted.vpc}"
            yield error(f"{_AT}.routeTableIds", what, "write the route tables of taskSubnetIds")


def _endpoints_there(place: Place, wanted: Existing) -> Iterator[Finding]:
    """Two endpoints cannot both answer to a service's own name in one VPC; our own are there after the first deploy.

    Nor can two of a kind that routes lead to stand in one route table.
    https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html#enable-private-dns-names
    https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
    """
    if not (place.wanted.endpoints or place.wanted.gateways) or not place.is_new:
        return
    whole = [{"Name": "vpc-id", "Values": [wanted.vpc]}]
    pages = place.aws.ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=whole)  # type: ignore[arg-type]
    made = set(place.wanted.endpoints.values())
    for page in pages:
        for one in page["VpcEndpoints"]:
            if one.get("ServiceName") in made and one.get("PrivateDnsEnabled"):
                what = f"{wanted.vpc} has an endpoint of {one.get('ServiceName')} already ({one.get('VpcEndpointId')})"
                yield error(f"{_AT}.createEndpoints", what, "take that away, or set this to false")
            tables = sorted({*one.get("RouteTableIds", [])}.intersection(wanted.route_tables))
            if one.get("ServiceName") in place.wanted.gateways and tables:
                what = (
                    f"{', '.join(tables)} leads to an endpoint of {one.get('ServiceName')} ({one.get('VpcEndpointId')})"
                )
                todo = "take the table out of that endpoint, since ours is entered there, or set this to false"
                yield error(f"{_AT}.createEndpoints", what, todo)
