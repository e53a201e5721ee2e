"""NAT gateways: how tasks in private subnets reach the internet, and nobody there reaches them."""

from dataclasses import dataclass

from troposphere import GetAtt, Ref, Template
from troposphere.ec2 import EIP, NatGateway, Route

from generator.config.fields import ANYWHERE
from generator.config.settings import Settings
from generator.logical_ids import logical_id
from generator.stacks.nesting import ByName
from generator.stacks.network import named


@dataclass(frozen=True)
class Inputs:
    """Subnets for the gateways and tables for the routes, by zone."""

    nat_subnet_id: ByName
    route_table_id: ByName


@dataclass(frozen=True)
class Outputs:
    """Nothing takes a value of it; the services wait for it."""


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """NAT: gateways and the default routes of the private subnets, beside the network: the database needs neither."""
    gateways = {}
    for zone, subnet_id in inputs.nat_subnet_id.items():
        address = template.add_resource(
            EIP(f"{logical_id(zone)}Address", Domain="vpc", Tags=named(settings, f"nat-{zone}"))
        )
        gateways[zone] = template.add_resource(
            NatGateway(
                f"{logical_id(zone)}Nat",
                AllocationId=GetAtt(address, "AllocationId"),
                SubnetId=subnet_id,
                Tags=named(settings, f"nat-{zone}"),
            )
        )
    first = next(iter(gateways.values()))
    for zone, table_id in inputs.route_table_id.items():
        template.add_resource(
            Route(
                f"{logical_id(zone)}Route",
                RouteTableId=table_id,
                DestinationCidrBlock=ANYWHERE,
                NatGatewayId=Ref(gateways.get(zone, first)),
            )
        )
    return Outputs()
