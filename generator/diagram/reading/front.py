"""The load balancer: what people connect to, how, and which services are behind it."""

from generator.diagram.model import LoadBalancer, Reach
from generator.diagram.reading.firewall import Rule
from generator.diagram.reading.network import keys
from generator.diagram.reading.services import SERVICE
from generator.diagram.reading.tree import Resource, Tree
from generator.diagram.reading.values import At, at, find, named, text
from generator.diagram.reading.words import listed, sentence, words

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER, LISTENER_RULE = "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"
TARGETS = "AWS::ElasticLoadBalancingV2::TargetGroup"


def load_balancers(tree: Tree, rules: list[Rule]) -> tuple[LoadBalancer, ...]:
    """Read every load balancer; `rules` say who is let in."""
    return tuple(_load_balancer(tree, one, rules) for one in find(tree, BALANCER))


def reaches(tree: Tree) -> list[Reach]:
    """Load balancer to service: by listeners and their rules, target groups, and the services that fill those."""
    return [
        Reach(balancer.key, service.key, f"{text(at(target, 'Protocol'))} {text(at(target, 'Port'))}".strip())
        for balancer in find(tree, BALANCER)
        for target in _targets(tree, _listeners(tree, balancer))
        for service in find(tree, SERVICE)
        if target in named(at(service, "LoadBalancers"))
    ]


def _load_balancer(tree: Tree, balancer: Resource, rules: list[Rule]) -> LoadBalancer:
    listeners = _listeners(tree, balancer)
    serving = [listener for listener in listeners if not _redirects(listener)]
    groups = keys(at(balancer, "SecurityGroups"))
    allowed = [rule.source for rule in rules if rule.group in groups and rule.outside]
    scheme = text(at(balancer, "Scheme")) or "internet-facing"  # AWS's default
    entrances = [_address(listener) for listener in serving]
    redirected = [f"{_address(listener)} redirects" for listener in listeners if _redirects(listener)]
    return LoadBalancer(
        balancer.key,
        words(balancer.name),
        (sentence(scheme, *entrances, *redirected), sentence(*_names(tree, balancer))),
        listed(entrances, 2),
        tuple(dict.fromkeys(allowed)),
        keys(at(balancer, "Subnets")) or _mapped(at(balancer, "SubnetMappings")),
    )


def _listeners(tree: Tree, balancer: Resource) -> list[Resource]:
    found = [one for one in find(tree, LISTENER) if balancer in named(at(one, "LoadBalancerArn"))]
    return sorted(found, key=lambda one: (text(at(one, "Protocol")) != "HTTPS", _port(one)))


def _targets(tree: Tree, listeners: list[Resource]) -> list[Resource]:
    actions = [at(listener, "DefaultActions") for listener in listeners]
    actions += [
        at(rule, "Actions")
        for rule in find(tree, LISTENER_RULE)
        if any(listener in named(at(rule, "ListenerArn")) for listener in listeners)
    ]
    every = [one for action in actions for one in named(action) if one.kind == TARGETS]
    return list(dict.fromkeys(every))


def _redirects(listener: Resource) -> bool:
    return any(text(action.get("Type")) == "redirect" for action in at(listener, "DefaultActions").items())


def _address(listener: Resource) -> str:
    return f"{text(at(listener, 'Protocol'))} {text(at(listener, 'Port'))}".strip()


def _port(listener: Resource) -> int:
    port = text(at(listener, "Port"))
    return int(port) if port.isdecimal() else 0


def _names(tree: Tree, balancer: Resource) -> list[str]:
    """Names in DNS that lead to the load balancer."""
    records = find(tree, "AWS::Route53::RecordSet")
    found = [
        text(at(record, "Name")).rstrip(".")
        for record in records
        if balancer in (*named(at(record, "AliasTarget")), *named(at(record, "ResourceRecords")))
    ]
    return list(dict.fromkeys(found))


def _mapped(mappings: At) -> tuple[str, ...]:
    return tuple(key for one in mappings.items() for key in keys(one.get("SubnetId")))
