"""The network: the VPC, its subnets by what their routes make of them, and its ways out."""

from generator.diagram.model import Network, Subnet, Tier
from generator.diagram.reading.tree import Resource, Tree, mapping
from generator.diagram.reading.values import REGION, At, at, each, find, follow, named, text
from generator.diagram.reading.words import words

GATEWAY, NAT = "AWS::EC2::InternetGateway", "AWS::EC2::NatGateway"
# Where a subnet is named that may be somebody else's, in the order of who is looked at first.
USES = (
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", ("Subnets",)),
    ("AWS::ECS::Service", ("NetworkConfiguration", "AwsvpcConfiguration", "Subnets")),
    ("AWS::RDS::DBSubnetGroup", ("SubnetIds",)),
    ("AWS::ElastiCache::SubnetGroup", ("SubnetIds",)),
    ("AWS::EC2::VPCEndpoint", ("SubnetIds",)),
)
IN_A_VPC = (
    ("AWS::EC2::SecurityGroup", "VpcId"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "VpcId"),
    ("AWS::EC2::Subnet", "VpcId"),
)


def network(tree: Tree) -> Network:
    """Read the network. Without a VPC in the templates it is one that exists, and what is known of it are ids."""
    vpc = next(find(tree, "AWS::EC2::VPC"), None)
    return Network(
        name="" if vpc else _existing_vpc(tree),
        cidr=text(at(vpc, "CidrBlock")) if vpc else "",
        existing=vpc is None,
        internet_gateway=any(find(tree, GATEWAY)),
        subnets=(*_made_subnets(tree), *_existing_subnets(tree)),
        nat_subnets=tuple(key for nat in find(tree, NAT) for key in keys(at(nat, "SubnetId"))),
    )


def keys(value: At) -> tuple[str, ...]:
    """Keys of what a list names, as of subnets or security groups; an id that is none of our resources is its own."""
    return tuple(one.key if isinstance(one, Resource) else one for one in each(value))


def _made_subnets(tree: Tree) -> list[Subnet]:
    tables = {
        key: table
        for association in find(tree, "AWS::EC2::SubnetRouteTableAssociation")
        for key in keys(at(association, "SubnetId"))
        for table in keys(at(association, "RouteTableId"))
    }
    tiers = _tiers_of_route_tables(tree)
    return [
        Subnet(
            subnet.key,
            words(subnet.name, "Subnet"),
            tiers.get(tables.get(subnet.key, ""), Tier.ISOLATED),
            _zone(at(subnet, "AvailabilityZone")),
            text(at(subnet, "CidrBlock")),
        )
        for subnet in find(tree, "AWS::EC2::Subnet")
    ]


def _tiers_of_route_tables(tree: Tree) -> dict[str, Tier]:
    """A table that leads to the internet itself is public, whatever else it has."""
    found: dict[str, Tier] = {}
    for route in find(tree, "AWS::EC2::Route"):
        tier = _way(route)
        for table in keys(at(route, "RouteTableId")):
            if tier and found.get(table) is not Tier.PUBLIC:
                found[table] = tier
    return found


def _way(route: Resource) -> Tier | None:
    gateway, nat = at(route, "GatewayId"), at(route, "NatGatewayId")
    if any(one.kind == GATEWAY for one in named(gateway)) or text(gateway).startswith("igw-"):
        return Tier.PUBLIC
    if any(one.kind == NAT for one in named(nat)) or text(nat).startswith("nat-"):
        return Tier.PRIVATE
    return None


def _zone(zone: At) -> str:
    """`zone 1` for the first that AWS lists, `zone a` for one by its letter."""
    choice = mapping(follow(zone).value).get("Fn::Select")
    if isinstance(choice, list) and "Fn::GetAZs" in mapping(choice[-1]):
        return f"zone {int(choice[0]) + 1}" if str(choice[0]).isdecimal() else ""
    name = text(zone)
    return f"zone {name.removeprefix(REGION)}" if name else ""


def _existing_subnets(tree: Tree) -> list[Subnet]:
    """Subnets that are used and that no template makes."""
    ids = (
        one
        for kind, names in USES
        for resource in find(tree, kind)
        for one in each(at(resource, *names))
        if isinstance(one, str)
    )
    return [Subnet(one, one, Tier.EXISTING) for one in dict.fromkeys(ids)]


def _existing_vpc(tree: Tree) -> str:
    """The id of the VPC that our resources are put in, or the name of the parameter that has it."""
    ids = (one for kind, name in IN_A_VPC for resource in find(tree, kind) for one in each(at(resource, name)))
    return next((one for one in ids if isinstance(one, str)), "")
