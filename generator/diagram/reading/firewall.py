"""Security groups: their rules, who is in which, and so who may connect to whom."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from generator.diagram.model import ENDPOINTS, Network, Reach, Service
from generator.diagram.reading.network import keys
from generator.diagram.reading.tree import Resource, Tree
from generator.diagram.reading.values import At, at, each, find, named, text
from generator.diagram.reading.words import words

GROUP = "AWS::EC2::SecurityGroup"
# Where a component names the groups that it is in.
MEMBERSHIPS = (
    ("AWS::ECS::Service", ("NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups")),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", ("SecurityGroups",)),
    ("AWS::RDS::DBInstance", ("VPCSecurityGroups",)),
    ("AWS::RDS::DBCluster", ("VpcSecurityGroupIds",)),
    ("AWS::ElastiCache::ReplicationGroup", ("SecurityGroupIds",)),
    ("AWS::ElastiCache::ServerlessCache", ("SecurityGroupIds",)),
    ("AWS::EC2::VPCEndpoint", ("SecurityGroupIds",)),
)
NETWORKS = ("CidrIp", "CidrIpv6")
NOBODY = "127.0.0.1/32"
EVERY_PORT = range(65536)


@dataclass(frozen=True)
class Rule:
    """Who may connect to the members of one group. `source` is a group's key, or a network where `outside`."""

    group: str
    source: str
    outside: bool
    ports: range
    label: str


def rules(tree: Tree) -> list[Rule]:
    """Read every ingress rule, written in its group or apart from it."""
    inline = ((group.key, rule) for group in find(tree, GROUP) for rule in at(group, "SecurityGroupIngress").items())
    apart = (
        (key, At(resource.properties, resource.stack))
        for resource in find(tree, "AWS::EC2::SecurityGroupIngress")
        for key in keys(at(resource, "GroupId"))
    )
    known = members(tree)
    return [rule for key, one in (*inline, *apart) for rule in _rules(key, one, known)]


def members(tree: Tree) -> Mapping[str, list[str]]:
    """Keys of the components in each group, by the group's key. The interface endpoints are one component."""
    found: dict[str, list[str]] = defaultdict(list)
    for kind, names in MEMBERSHIPS:
        for resource in find(tree, kind):
            component = ENDPOINTS if kind == "AWS::EC2::VPCEndpoint" else resource.key
            for group in keys(at(resource, *names)):
                found[group].append(component)
    return found


def reaches(tree: Tree, services: Iterable[Service], network: Network) -> Iterator[Reach]:
    """Which service may connect to what, as the rules say. A service is reached only on ports that it listens on."""
    groups, by_key = members(tree), {service.key: service for service in services}
    fronts = {balancer.key for balancer in find(tree, "AWS::ElasticLoadBalancingV2::LoadBalancer")}
    for rule in rules(tree):
        everyone = rule.outside and covers(rule.source, network.cidr)
        sources = by_key if everyone else [key for key in groups.get(rule.source, ()) if key in by_key]
        for target in groups.get(rule.group, ()):
            if everyone and target in fronts:
                continue
            listens = target not in by_key or any(port in rule.ports for port in by_key[target].ports)
            yield from (Reach(source, target, rule.label) for source in sources if listens and source != target)


def strangers(tree: Tree, component: str, network: Network) -> list[str]:
    """Networks from elsewhere that the groups of a component let in."""
    mine = {group for group, inside in members(tree).items() if component in inside}
    outside = [rule.source for rule in rules(tree) if rule.outside and rule.group in mine and rule.source != NOBODY]
    return list(dict.fromkeys(source for source in outside if not covers(network.cidr, source)))


def covers(wide: str, narrow: str) -> bool:
    """Whether one network lies within another."""
    outer, inner = _network(wide), _network(narrow)
    if isinstance(outer, IPv4Network) and isinstance(inner, IPv4Network):
        return inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and isinstance(inner, IPv6Network) and inner.subnet_of(outer)


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _rules(group: str, rule: At, known: Mapping[str, list[str]]) -> Iterator[Rule]:
    protocol = text(rule.get("IpProtocol"))
    low, high = _port(rule.get("FromPort")), _port(rule.get("ToPort"))
    every = protocol == "-1" or not (low.isdecimal() and high.isdecimal())
    ports = EVERY_PORT if every else range(int(low), int(high) + 1)
    label = "any port" if every else f"{protocol.upper()} {low}{'' if low == high else f' to {high}'}"
    for source in each(rule.get("SourceSecurityGroupId")):
        key = source.key if isinstance(source, Resource) else source
        inside = isinstance(source, Resource) or key in known
        yield Rule(group, key if inside else f"group {key}", not inside, ports, label)
    for name in NETWORKS:
        for network in each(rule.get(name)):
            address = network if isinstance(network, str) else text(at(network, "CidrBlock"))
            yield Rule(group, address or words(str(network)), outside=True, ports=ports, label=label)
    for prefixes in each(rule.get("SourcePrefixListId")):
        name = prefixes if isinstance(prefixes, str) else words(prefixes.name)
        yield Rule(group, f"prefix list {name}", outside=True, ports=ports, label=label)


def _port(value: At) -> str:
    """A port; where it is the one of a database or a broker, as that resource has it."""
    return text(value) or next((text(at(resource, "Port")) for resource in named(value)), "")
