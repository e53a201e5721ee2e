"""The firewall: a security group for each thing in the network, and every rule of who may connect to whom."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from troposphere import Ref, Template
from troposphere.ec2 import SecurityGroup, SecurityGroupEgress, SecurityGroupIngress

from generator.airflow.components import BROKER, DATABASE, Component, components
from generator.config.fields import ANYWHERE
from generator.config.settings import HTTPS, Settings
from generator.logical_ids import logical_id
from generator.stacks.endpoint_services import interface_services
from generator.stacks.load_balancer import FRONT, Door, doors
from generator.stacks.nesting import ByName, Value
from generator.stacks.network import named

BALANCER, ENDPOINTS = "load-balancer", "endpoints"
Rule = Mapping[str, str | int]
# A group without rules of its own for what it may open gets one that allows all; this address is AWS's way to say
# none: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
NOTHING: Sequence[Rule] = [{"IpProtocol": "-1", "CidrIp": "127.0.0.1/32", "Description": "Nothing"}]
# Host names, the clock and a task's own metadata need no rule: security groups do not filter them.
# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html


@dataclass(frozen=True)
class Inputs:
    """The VPC that the groups are made in."""

    vpc_id: Value


@dataclass(frozen=True)
class Outputs:
    """A group by the name of each component; `database`, `broker`, `load-balancer` and `endpoints` where there are.

    The load balancer has one more for each further door (see `doors`), as AWS takes 60 rules a group, and each
    network on the allow list is one: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
    """

    security_group_id: ByName
    entrance_security_group_id: ByName


@dataclass(frozen=True, order=True)
class Connection:
    """One may open TCP connections to another, on one port."""

    source: str
    target: str
    port: int


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Firewall: who may connect to whom; what is not said here is closed."""
    every = components(settings)
    inner = [DATABASE, *([] if settings.celery_backend.sqs else [BROKER])]
    inner += [ENDPOINTS] if interface_services(settings) else []
    groups = {one.name: _group(settings, inputs, one.name, opens=_outbound(one, settings)) for one in every}
    groups |= {name: _group(settings, inputs, name) for name in inner}
    entrances = {door.name: _entrance(settings, inputs, door) for door in doors(every, settings)}
    groups[BALANCER] = entrances.pop(FRONT)
    for group in (*groups.values(), *entrances.values()):
        template.add_resource(group)
    for connection in connections(every, settings):
        _connect(template, connection, groups, opened=_says_so_already(connection, every, settings))
    return Outputs(
        security_group_id={name: Ref(group) for name, group in groups.items()},
        entrance_security_group_id={name: Ref(group) for name, group in entrances.items()},
    )


def connections(every: Sequence[Component], settings: Settings) -> list[Connection]:
    """Every connection inside the network that Airflow needs, from what its components say of themselves."""
    found = [Connection(one.name, *target) for one in every for target in _targets(one, every, settings)]
    found += [Connection(BALANCER, one.name, one.port) for one in every if one.in_front and one.port]
    return sorted(found)


def _targets(component: Component, every: Sequence[Component], settings: Settings) -> Iterable[tuple[str, int]]:
    """What one component connects to, and on which port."""
    if DATABASE in component.reaches:
        yield DATABASE, settings.metadata_db.port
    if BROKER in component.reaches:
        yield BROKER, settings.celery_backend.port
    if interface_services(settings):
        yield ENDPOINTS, HTTPS
    for other in every:
        if other.kind in component.reaches and other.port:
            yield other.name, other.port


def _outbound(component: Component, settings: Settings) -> Sequence[Rule]:
    """What a component may open, beside connections to groups.

    AWS's own services are never inside the VPC's addresses, or not all of them (the layers of images are in S3): so
    443 to anywhere, and the route tables say what anywhere is.
    """
    allowed = settings.network.egress
    if component.runs_users_code and allowed is None:
        return [{"IpProtocol": "-1", "CidrIp": ANYWHERE, "Description": "Whatever DAGs need to reach"}]
    listed = [(one.cidr_block, one.port) for one in allowed or []] if component.runs_users_code else []
    rules = {(ANYWHERE, HTTPS): "AWS"}
    for cidr, port in listed:
        rules.setdefault((_canonical(cidr), port), "network.egress")
    return [_rule(cidr, port, why) for (cidr, port), why in rules.items()]


def _says_so_already(connection: Connection, every: Sequence[Component], settings: Settings) -> bool:
    """Whether the source's own rules let it connect, so that it needs none for this target."""
    sources = [one for one in every if one.name == connection.source]
    unlimited = settings.network.egress is None
    return any(connection.port == HTTPS or (source.runs_users_code and unlimited) for source in sources)


def _entrance(settings: Settings, inputs: Inputs, door: Door) -> SecurityGroup:
    """Return the group of a door: the allow list may come in by it; an empty list is nobody."""
    name = BALANCER if door.name == FRONT else f"{BALANCER}-{door.name}"
    allowed = dict.fromkeys(_canonical(network) for network in settings.whitelisted_ips)
    return _group(settings, inputs, name, admits=[_rule(one, door.port, "whitelistedIPs") for one in allowed])


def _canonical(network: str) -> str:
    """`10.0.0.0/255.0.0.0` as AWS wants it: 10.0.0.0/8."""
    return str(IPv4Network(network))


def _rule(cidr: str, port: int, why: str) -> Rule:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": cidr, "Description": why}


def _group(
    settings: Settings, inputs: Inputs, name: str, *, admits: Sequence[Rule] = (), opens: Sequence[Rule] = NOTHING
) -> SecurityGroup:
    group = SecurityGroup(
        f"{logical_id(name)}SecurityGroup",
        GroupDescription=f"{settings.stack_name}: {name}",
        VpcId=inputs.vpc_id,
        SecurityGroupEgress=list(opens),
        Tags=named(settings, name),
    )
    if admits:
        group.SecurityGroupIngress = list(admits)
    return group


def _connect(template: Template, one: Connection, groups: Mapping[str, SecurityGroup], *, opened: bool) -> None:
    """Let the target admit the source, and the source open the connection unless it may (`opened`) anyway.

    Rules stand apart from the groups, since groups that name each other could not be made one after the other.
    """
    source, target = groups[one.source], groups[one.target]
    ends: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": one.port, "ToPort": one.port}
    name = f"{logical_id(one.source)}To{logical_id(one.target)}"
    text = f"{one.source} to {one.target}"
    template.add_resource(
        SecurityGroupIngress(
            f"{name}Admitted", Description=text, GroupId=Ref(target), SourceSecurityGroupId=Ref(source), **ends
        )
    )
    if not opened:
        template.add_resource(
            SecurityGroupEgress(
                f"{name}Opened", Description=text, GroupId=Ref(source), DestinationSecurityGroupId=Ref(target), **ends
            )
        )
