"""What the network and the load balancer are billed for."""

from collections.abc import Iterable, Sequence

from generator.airflow.components import Component
from generator.config.settings import Settings
from generator.cost.assumptions import AWS_CALLS_GB, DAG_TRAFFIC_GB, LCUS, Range, exactly
from generator.cost.hours import hours_a_day
from generator.cost.items import NETWORK, Item
from generator.stacks.endpoint_services import interface_services


def items(settings: Settings, _: Sequence[Component]) -> Iterable[Item]:
    """Load balancer, NAT gateways and VPC endpoints; the network itself is free, and so is S3's gateway endpoint."""
    yield from _load_balancer(settings)
    yield from _nat(settings)
    yield from _endpoints(settings)


def _load_balancer(settings: Settings) -> Iterable[Item]:
    """https://aws.amazon.com/elasticloadbalancing/pricing/; each of its zones has a public address of its own."""
    yield Item(NETWORK, "load balancer", "alb", exactly(1))
    yield Item(NETWORK, "load balancer: work (LCU)", "alb.lcu", exactly(LCUS))
    if settings.internet_facing:
        subnets = settings.public_subnet if settings.own_network else settings.network.existing.load_balancer_subnet_ids
        yield Item(NETWORK, "load balancer: public addresses", "ipv4", exactly(max(2, len(subnets))))


def _nat(settings: Settings) -> Iterable[Item]:
    """https://aws.amazon.com/vpc/pricing/; they stand day and night, what they carry comes when Airflow runs."""
    if settings.network.mode != "private":
        return
    both = len(settings.private_subnet.keys() & settings.public_subnet.keys())
    gateways = max(1, both) if settings.network.nat_gateways == "perZone" else 1
    carried = (exactly(AWS_CALLS_GB) + DAG_TRAFFIC_GB).times(hours_a_day(settings) / 24)
    yield Item(NETWORK, "NAT gateways", "nat", exactly(gateways))
    yield Item(NETWORK, "NAT gateways: public addresses", "ipv4", exactly(gateways))
    yield Item(NETWORK, "NAT gateways: GB carried", "nat.gb", carried)


def _endpoints(settings: Settings) -> Iterable[Item]:
    """https://aws.amazon.com/privatelink/pricing/: each in each zone by the hour, and what they carry."""
    services = interface_services(settings)
    if not services:
        return
    doors = len(services) * (_zones(settings) if settings.network.endpoint_zones == "all" else 1)
    carried = Range(0, AWS_CALLS_GB) if not settings.makes_endpoints else exactly(AWS_CALLS_GB)
    yield Item(NETWORK, "VPC endpoints", "endpoint", exactly(doors))
    yield Item(NETWORK, "VPC endpoints: GB carried", "endpoint.gb", carried.times(hours_a_day(settings) / 24))


def _zones(settings: Settings) -> int:
    """Zones in which tasks stand."""
    if not settings.own_network:
        return max(1, len(settings.network.existing.task_subnet_ids))
    return len(settings.public_subnet if settings.network.mode == "public" else settings.private_subnet)
