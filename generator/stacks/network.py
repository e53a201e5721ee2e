"""The network: a VPC, the subnets that everything stands in, and the routes between them and the internet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from troposphere import GetAZs, Ref, Select, Sub, Tags, Template
from troposphere.ec2 import (
    VPC,
    InternetGateway,
    Route,
    RouteTable,
    Subnet,
    SubnetRouteTableAssociation,
    VPCGatewayAttachment,
)

from generator.config import networking
from generator.config.fields import ANYWHERE, SubnetNumber
from generator.config.settings import Settings
from generator.stacks.endpoint_services import interface_services
from generator.stacks.flow_logs import add_flow_logs
from generator.stacks.nesting import ByName, Value, Values, joined

V = TypeVar("V", bound=Value)
Subnets = dict[SubnetNumber, Subnet]
"""Subnets by their number in service.yml."""
Tables = dict[SubnetNumber, RouteTable]


@dataclass(frozen=True)
class Inputs:
    """The key that encrypts the flow logs, where there are both."""

    key_arn: Value | None = None


@dataclass(frozen=True)
class Outputs:
    """Where everything stands, and between what a way out can be made (see `nat`)."""

    vpc_id: Value
    task_subnet_ids: Values
    load_balancer_subnet_ids: Values
    database_subnet_ids: Values
    endpoint_subnet_ids: Values | None
    route_table_ids: Values | None
    nat_subnet_id: ByName
    """Where NAT gateways shall stand, by zone."""
    route_table_id: ByName
    """Tables that want a default route to a NAT gateway, by zone."""


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Network: a VPC with subnets in two or three zones; the public ones have a route to the internet."""
    vpc = template.add_resource(
        VPC(
            "Vpc",
            CidrBlock=settings.service.cidr_block,
            EnableDnsHostnames=True,
            EnableDnsSupport=True,
            Tags=named(settings, "vpc"),
        )
    )
    mode = settings.network.mode
    public, public_tables = _public(template, settings, vpc) if _has_public(settings) else ({}, {})
    private, private_tables = _private(template, settings, vpc) if mode != "public" else ({}, {})
    inner = private or public
    front = public if settings.internet_facing else inner
    if settings.network.flow_logs:
        add_flow_logs(template, settings, Ref(vpc), inputs.key_arn)
    return Outputs(
        vpc_id=Ref(vpc),
        task_subnet_ids=joined(_refs(inner)),
        load_balancer_subnet_ids=joined(_refs(front)),
        database_subnet_ids=joined(_refs(inner)),
        endpoint_subnet_ids=joined(doors) if (doors := _endpoint_places(settings, _refs(inner))) else None,
        route_table_ids=joined(_refs(private_tables or public_tables)),
        nat_subnet_id=_nat_places(settings, public, private) if mode == "private" else {},
        route_table_id={_zone(n): Ref(table) for n, table in private_tables.items()} if mode == "private" else {},
    )


def existing(settings: Settings) -> Outputs:
    """The network that somebody else keeps: its ids, as service.yml gives them."""
    theirs = settings.network.existing
    return Outputs(
        vpc_id=theirs.vpc_id,
        task_subnet_ids=_plain(theirs.task_subnet_ids),
        load_balancer_subnet_ids=_plain(theirs.load_balancer_subnet_ids),
        database_subnet_ids=_plain(theirs.database_subnet_ids),
        endpoint_subnet_ids=_plain(doors) if (doors := _endpoint_places(settings, theirs.task_subnet_ids)) else None,
        route_table_ids=_plain(theirs.route_table_ids) if theirs.route_table_ids else None,
        nat_subnet_id={},
        route_table_id={},
    )


def named(settings: Settings, what: str) -> Tags:
    """The Name tag that the console shows."""
    return Tags(Name=f"{settings.stack_name}-{what}")


def _has_public(settings: Settings) -> bool:
    """Tasks stand in public subnets, or NAT gateways do; in mode isolated the load balancer at most."""
    return settings.network.mode != "isolated" or settings.internet_facing


def _public(template: Template, settings: Settings, vpc: VPC) -> tuple[Subnets, Tables]:
    """Subnets whose route table leads to the internet."""
    gateway = template.add_resource(InternetGateway("InternetGateway", Tags=named(settings, "internet")))
    attachment = template.add_resource(
        VPCGatewayAttachment("InternetGatewayAttachment", VpcId=Ref(vpc), InternetGatewayId=Ref(gateway))
    )
    table = template.add_resource(RouteTable("PublicRouteTable", VpcId=Ref(vpc), Tags=named(settings, "public")))
    template.add_resource(
        Route(
            "PublicRoute",
            RouteTableId=Ref(table),
            DestinationCidrBlock=ANYWHERE,
            GatewayId=Ref(gateway),
            DependsOn=attachment.title,
        )
    )
    tables = dict.fromkeys(sorted(settings.public_subnet), table)
    return _subnets(template, settings, vpc, "Public", settings.public_subnet, tables), tables


def _private(template: Template, settings: Settings, vpc: VPC) -> tuple[Subnets, Tables]:
    """Subnets with a route table a zone, in which nothing leads out: `nat` may add a route, in mode private alone."""
    tables = {
        number: template.add_resource(
            RouteTable(f"PrivateRouteTable{number}", VpcId=Ref(vpc), Tags=named(settings, f"private-{number}"))
        )
        for number in sorted(settings.private_subnet)
    }
    return _subnets(template, settings, vpc, "Private", settings.private_subnet, tables), tables


def _subnets(
    template: Template,
    settings: Settings,
    vpc: VPC,
    kind: str,
    wanted: Mapping[SubnetNumber, networking.Subnet],
    tables: Tables,
) -> Subnets:
    """Make subnets, each in a zone of its own: the letter that was asked for, or AWS's order of zones."""
    made: Subnets = {}
    for index, (number, subnet) in enumerate(sorted(wanted.items())):
        letter = subnet.availability_zone
        made[number] = template.add_resource(
            Subnet(
                f"{kind}Subnet{number}",
                VpcId=Ref(vpc),
                CidrBlock=subnet.cidr_block,
                AvailabilityZone=Sub(f"${{AWS::Region}}{letter}") if letter else Select(index, GetAZs("")),
                # Who needs a public address asks for one: tasks in mode public.
                MapPublicIpOnLaunch=False,
                Tags=named(settings, f"{kind.lower()}-{number}"),
            )
        )
        template.add_resource(
            SubnetRouteTableAssociation(
                f"{kind}Subnet{number}Routes", SubnetId=Ref(made[number]), RouteTableId=Ref(tables[number])
            )
        )
    return made


def _nat_places(settings: Settings, public: Subnets, private: Subnets) -> ByName:
    """Public subnets for NAT gateways: the one in the zone of each private subnet, or the first for all.

    Public and private subnets of the same number are in the same zone.
    """
    first = next(iter(public))
    numbers = [n for n in private if n in public] if settings.network.nat_gateways == "perZone" else []
    return {_zone(number): Ref(public[number]) for number in numbers or [first]}


def _endpoint_places(settings: Settings, subnets: Sequence[V]) -> Sequence[V]:
    """Subnets of VPC endpoints, where some stand in subnets; AWS takes one subnet a zone."""
    if not interface_services(settings):
        return []
    return subnets if settings.network.endpoint_zones == "all" else subnets[:1]


def _zone(number: str) -> str:
    return f"zone-{number}"


def _refs(resources: Subnets | Tables) -> list[Ref]:
    """Each resource once: all public subnets have one table."""
    return [Ref(name) for name in dict.fromkeys(resource.title for resource in resources.values())]


def _plain(ids: Sequence[str]) -> Values:
    """Literal ids as one text, which a stack takes as it takes the joined text of another's output."""
    return cast("Values", ",".join(ids))
