"""Who can open a TCP connection to whom, by the routes, security groups and endpoints of rendered templates.

Facts of https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html,
https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html and
https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html.
Security groups remember connections, so an answer needs no rule; subnets' own access lists are AWS's default (open),
and templates with any are refused.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import product

from tests.models.resources import Place, Resource

DATABASE, BROKER, BALANCER, ENDPOINTS = "database", "broker", "load-balancer", "endpoints"
# Some address of the internet, and one of AWS's services: both outside of any VPC.
INTERNET, AWS = IPv4Network("198.51.100.7/32"), IPv4Network("192.0.2.1/32")
UNMODELLED = ("AWS::EC2::NetworkAcl", "AWS::EC2::VPCPeeringConnection", "AWS::EC2::TransitGatewayAttachment")


@dataclass(frozen=True)
class Interface:
    """A network interface: its subnet, its security groups, and whether it has a public address."""

    subnet: str
    groups: frozenset[str]
    public: bool = False


@dataclass(frozen=True)
class Thing:
    """What stands in the network: a component, the database, the broker, the load balancer, an endpoint.

    It has an interface in one or several of its subnets, and listens on `ports`.
    """

    name: str
    interfaces: tuple[Interface, ...]
    ports: frozenset[int]


@dataclass(frozen=True)
class Rule:
    """What a security group lets through; the other end is a network or a group."""

    protocol: str
    first: int
    last: int
    network: IPv4Network | None
    group: str | None

    def passes(self, port: int) -> bool:
        """Whether TCP on this port may pass."""
        return self.protocol == "-1" or (self.protocol in ("tcp", "6") and self.first <= port <= self.last)


class World:
    """The network that templates make (and that of others which they name), to be asked who reaches whom."""

    def __init__(self, resources: Iterable[Resource], place: Place | None = None) -> None:
        """`resources` are those of `resources()`, with those of an existing network beside them."""
        self.place = place or Place()
        self.all = {one.id: one for one in resources}
        if refused := [one.id for one in self.all.values() if one.type in UNMODELLED]:
            raise ValueError(f"this model does not know of {refused}")
        self.subnets = {one.id: IPv4Network(one.properties["CidrBlock"]) for one in self.of("EC2::Subnet")}
        self.tables: dict[str, str] = {
            one.properties["SubnetId"]: one.properties["RouteTableId"] for one in self.of(ASSOCIATION)
        }
        self.admits = {one.id: self._rules(one, "Ingress") for one in self.of("EC2::SecurityGroup")}
        self.opens = {one.id: self._rules(one, "Egress") for one in self.of("EC2::SecurityGroup")}
        self.things = {one.name: one for one in [*self._components(), *self._stores(), *self._balancers()]}
        self.doors = {one.name: one for one in self._interface_endpoints()}

    def of(self, kind: str) -> list[Resource]:
        """Resources of a type, written without `AWS::`."""
        return [one for one in self.all.values() if one.type == f"AWS::{kind}"]

    # --- Questions ---

    def ports(self, source: Thing, target: Thing, ports: Iterable[int], *, surely: bool) -> set[int]:
        """Those of `ports` on which `source` can connect to `target` inside the network.

        `surely`: from each of its interfaces to each of the target's; otherwise from any to any.
        """
        pairs = product(source.interfaces, target.interfaces)
        found = [self._between(one, other, ports, surely=surely) for one, other in pairs]
        return set.intersection(*found) if surely else set.union(*found)

    def internet(self, source: Thing, port: int, *, surely: bool, address: IPv4Network = INTERNET) -> bool:
        """Whether `source` can connect to an address of the internet."""
        found = [self._opens_to(one, address, port) and self._way_out(one, address) for one in source.interfaces]
        return all(found) if surely else any(found)

    def service(self, source: Thing, service: str) -> bool:
        """Whether `source` surely reaches a service of AWS, as `ecr.api`, under the service's own name.

        With an endpoint in subnets that name leads there and nowhere else; S3 and DynamoDB may be reached by a route.
        """
        if service in self.doors:
            return self.ports(source, self.doors[service], [443], surely=True) == {443}
        tables = self._gateway_tables(service)
        return all(
            self._opens_to(one, AWS, 443) and (self._table(one) in tables or self._way_out(one, AWS))
            for one in source.interfaces
        )

    def from_internet(self, target: Thing, port: int, address: str, *, surely: bool) -> bool:
        """Whether somebody at `address` in the internet can connect to `target`."""
        found = [
            one.public and self._to_gateway(self._table(one), INTERNET) and self._lets_in(one, address, port)
            for one in target.interfaces
        ]
        return all(found) if surely else any(found)

    def from_beside(self, target: Thing, port: int, address: str) -> bool:
        """Whether somebody at `address`, to whom a way into the VPC was made (VPN, peering), can connect."""
        return any(self._lets_in(one, address, port) for one in target.interfaces)

    def networks_admitted(self, target: Thing) -> set[str]:
        """Networks, in contrast to groups, that may connect to `target` on some port."""
        return {str(rule.network) for rule in self._of_groups(target, self.admits) if rule.network}

    def opens_nothing(self, source: Thing) -> bool:
        """Whether `source` can open no connection at all, wherever it may stand."""
        loopback = IPv4Network("127.0.0.0/8")
        rules = self._of_groups(source, self.opens)
        return all(rule.network and rule.network.subnet_of(loopback) for rule in rules)

    def led_out(self, source: Thing) -> bool:
        """Whether routes lead from one of its subnets to the internet, by whatever way."""
        return any(self._route(self._table(one), INTERNET) for one in source.interfaces)

    def behind(self, listener_port: int) -> str | None:
        """The component that the load balancer's listener on this port leads to; None where there is none."""
        for listener in self.of("ElasticLoadBalancingV2::Listener"):
            action = listener.properties["DefaultActions"][0]
            if int(listener.properties["Port"]) != listener_port or action["Type"] != "forward":
                continue
            for service in self.of("ECS::Service"):
                for attached in service.properties.get("LoadBalancers", []):
                    if attached["TargetGroupArn"] == action["TargetGroupArn"]:
                        return str(attached["ContainerName"])
        return None

    # --- Routes ---

    def _between(self, source: Interface, target: Interface, ports: Iterable[int], *, surely: bool) -> set[int]:
        """Those of `ports` on which one interface can connect to the other: both ends' groups must say so."""
        if self.all[source.subnet].properties["VpcId"] != self.all[target.subnet].properties["VpcId"]:
            return set()
        admitted = self._matching(self.admits, target, source, surely=surely)
        if not admitted:
            return set()
        opened = self._matching(self.opens, source, target, surely=surely)
        return {port for port in ports if _passes(opened, port) and _passes(admitted, port)}

    def _matching(
        self, rules: Mapping[str, Sequence[Rule]], of: Interface, other: Interface, *, surely: bool
    ) -> list[Rule]:
        every = [rule for group in of.groups for rule in rules[group]]
        return [rule for rule in every if self._matches(rule, other, surely=surely)]

    def _matches(self, rule: Rule, other: Interface, *, surely: bool) -> bool:
        """Whether the other end is who the rule names; its address may be any of its subnet."""
        if rule.group:
            return rule.group in other.groups
        subnet = self.subnets[other.subnet]
        return rule.network is not None and (
            subnet.subnet_of(rule.network) if surely else subnet.overlaps(rule.network)
        )

    def _opens_to(self, source: Interface, address: IPv4Network, port: int) -> bool:
        rules = [rule for group in source.groups for rule in self.opens[group]]
        return any(rule.passes(port) and rule.network and address.subnet_of(rule.network) for rule in rules)

    def _lets_in(self, target: Interface, address: str, port: int) -> bool:
        rules = [rule for group in target.groups for rule in self.admits[group]]
        network = IPv4Network(address)
        return any(rule.passes(port) and rule.network and network.subnet_of(rule.network) for rule in rules)

    def _way_out(self, source: Interface, address: IPv4Network) -> bool:
        """Whether packets leave for the internet: by a gateway with a public address, or by NAT."""
        table = self._table(source)
        if self._to_gateway(table, address):
            return source.public
        nat = self._route(table, address).get("NatGatewayId")
        if not nat:
            return False
        gateway = self.all[nat].properties
        place = Interface(gateway["SubnetId"], frozenset(), public=bool(gateway.get("AllocationId")))
        return place.public and self._to_gateway(self._table(place), address)

    def _table(self, interface: Interface) -> str:
        """Its subnet's route table; without one of its own the VPC's main one, which leads nowhere."""
        return self.tables.get(interface.subnet, "main")

    def _to_gateway(self, table: str, address: IPv4Network) -> bool:
        gateway = self._route(table, address).get("GatewayId")
        attached = {one.properties.get("InternetGatewayId") for one in self.of("EC2::VPCGatewayAttachment")}
        return gateway in attached and gateway is not None

    def _route(self, table: str, address: IPv4Network) -> Mapping[str, str]:
        """The route that an address outside of the VPC takes: the narrowest that holds it."""
        routes = [one.properties for one in self.of("EC2::Route") if one.properties["RouteTableId"] == table]
        fitting = [one for one in routes if address.subnet_of(IPv4Network(one["DestinationCidrBlock"]))]
        return max(fitting, key=lambda one: IPv4Network(one["DestinationCidrBlock"]).prefixlen, default={})

    def _gateway_tables(self, service: str) -> set[str]:
        """Route tables with an endpoint of this service in them."""
        return {
            table
            for one in self.of("EC2::VPCEndpoint")
            if one.properties["VpcEndpointType"] == "Gateway" and self._called(one) == service
            for table in one.texts("RouteTableIds")
        }

    # --- What stands in the network ---

    def _of_groups(self, thing: Thing, rules: Mapping[str, Sequence[Rule]]) -> list[Rule]:
        return [rule for one in thing.interfaces for group in one.groups for rule in rules[group]]

    def _rules(self, group: Resource, way: str) -> list[Rule]:
        """Rules of a group, beside it or apart. Without any beside it, it may open everything."""
        beside = group.properties.get(f"SecurityGroup{way}", [])
        if way == "Egress" and not beside:
            beside = [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]
        apart = [one.properties for one in self.of(f"EC2::SecurityGroup{way}") if one.properties["GroupId"] == group.id]
        return [_rule(one) for one in [*beside, *apart]]

    def _components(self) -> Iterable[Thing]:
        for service in self.of("ECS::Service"):
            container = self.all[service.properties["TaskDefinition"]].properties["ContainerDefinitions"][0]
            where = service.properties["NetworkConfiguration"]["AwsvpcConfiguration"]
            ports = frozenset(int(one["ContainerPort"]) for one in container.get("PortMappings", []))
            groups, subnets = _several(where["SecurityGroups"]), _several(where["Subnets"])
            public = where.get("AssignPublicIp") == "ENABLED"
            yield Thing(container["Name"], _interfaces(subnets, groups, public=public), ports)

    def _stores(self) -> Iterable[Thing]:
        for one in [*self.of("RDS::DBInstance"), *self.of("RDS::DBCluster")]:
            if one.properties.get("DBClusterIdentifier"):
                continue
            groups = one.texts("VPCSecurityGroups") or one.texts("VpcSecurityGroupIds")
            subnets = self.all[one.properties["DBSubnetGroupName"]].texts("SubnetIds")
            public = bool(one.properties.get("PubliclyAccessible"))
            port = frozenset({int(one.properties["Port"])})
            yield Thing(DATABASE, _interfaces(subnets, groups, public=public), port)
        for one in self.of("ElastiCache::ReplicationGroup"):
            subnets = self.all[one.properties["CacheSubnetGroupName"]].texts("SubnetIds")
            port = frozenset({int(one.properties["Port"])})
            yield Thing(BROKER, _interfaces(subnets, one.texts("SecurityGroupIds"), public=False), port)

    def _balancers(self) -> Iterable[Thing]:
        for one in self.of("ElasticLoadBalancingV2::LoadBalancer"):
            listeners = [
                listener.properties
                for listener in self.of("ElasticLoadBalancingV2::Listener")
                if listener.properties["LoadBalancerArn"] == one.id
            ]
            ports = frozenset(int(listener["Port"]) for listener in listeners)
            public = one.properties["Scheme"] == "internet-facing"
            yield Thing(BALANCER, _interfaces(one.texts("Subnets"), one.texts("SecurityGroups"), public=public), ports)

    def _interface_endpoints(self) -> Iterable[Thing]:
        """Endpoints that answer to the service's own name: private DNS, which needs the VPC's DNS, too."""
        for one in self.of("EC2::VPCEndpoint"):
            vpc = self.all[one.properties["VpcId"]].properties
            named = one.properties.get("PrivateDnsEnabled") and vpc.get("EnableDnsSupport", True)
            if one.properties["VpcEndpointType"] == "Interface" and named and vpc.get("EnableDnsHostnames"):
                interfaces = _interfaces(one.texts("SubnetIds"), one.texts("SecurityGroupIds"), public=False)
                yield Thing(self._called(one), interfaces, frozenset({443}))

    def _called(self, endpoint: Resource) -> str:
        name = endpoint.properties["ServiceName"]
        return re.sub(rf"^(cn\.)?com\.amazonaws\.{self.place.region}\.", "", name)


ASSOCIATION = "EC2::SubnetRouteTableAssociation"


def _interfaces(subnets: Sequence[str], groups: Sequence[str], *, public: bool) -> tuple[Interface, ...]:
    if not (subnets and groups):
        raise ValueError(f"stands in no subnet ({subnets}) or has AWS's default security group ({groups})")
    return tuple(Interface(subnet, frozenset(groups), public) for subnet in subnets)


def _passes(rules: Iterable[Rule], port: int) -> bool:
    return any(rule.passes(port) for rule in rules)


def _several(values: object) -> tuple[str, ...]:
    return tuple(values.split(",")) if isinstance(values, str) else tuple(values)  # type: ignore[arg-type]


def _rule(data: Mapping[str, str | int]) -> Rule:
    network = data.get("CidrIp")
    group = data.get("SourceSecurityGroupId") or data.get("DestinationSecurityGroupId")
    if not (network or group):
        raise ValueError(f"this model does not know the other end of {data}")
    return Rule(
        str(data["IpProtocol"]),
        int(data.get("FromPort", 0)),
        int(data.get("ToPort", 65535)),
        IPv4Network(str(network)) if network else None,
        str(group) if group else None,
    )
