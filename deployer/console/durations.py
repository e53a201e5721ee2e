"""How long things usually take: a word on what is slow, and a guess at what is left. Nothing but a picture needs it.

CloudFormation waits until a resource is stable, and some take minutes:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-resource-configuration-complete.html
The figures are rough: of the order of what people have published of the same resources being made and removed, such as
https://github.com/turbot/steampipe-plugin-aws/pull/246 (ElastiCache), https://github.com/turbot/steampipe-plugin-aws/pull/906
(RDS), https://github.com/turbot/steampipe-plugin-aws/pull/540 (NAT),
https://github.com/turbot/steampipe-plugin-aws/pull/1270 (load balancers) and
https://github.com/tungbq/aws-lab-with-terraform/issues/100 (removing Aurora). A database is taken to be in one zone: in
several it takes 15 to 20 minutes (https://github.com/hashicorp/terraform/issues/498), which its type does not tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from deployer.console.progress import Node, State

_QUICK = 15.0  # seconds of what is not slow
_VERBS = {"Add": "CREATE", "Import": "CREATE", "Remove": "DELETE"}


@dataclass(frozen=True)
class _Usual:
    """Seconds to create, update and delete. What is of a later `stage` waits for what is of an earlier one."""

    stage: int
    create: float
    update: float
    delete: float

    def of(self, verb: str) -> float:
        return {"CREATE": self.create, "DELETE": self.delete}.get(verb, self.update)


_OTHERS = _Usual(0, _QUICK, _QUICK, _QUICK)
_SLOW = {
    "AWS::CertificateManager::Certificate": _Usual(1, 240, 240, 30),
    "AWS::EC2::NatGateway": _Usual(1, 120, 60, 60),
    "AWS::EC2::VPCEndpoint": _Usual(1, 60, 60, 60),
    "AWS::ECS::Service": _Usual(2, 180, 300, 240),
    "AWS::ElastiCache::ReplicationGroup": _Usual(1, 600, 600, 420),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _Usual(1, 150, 30, 30),
    "AWS::RDS::DBCluster": _Usual(0, 90, 120, 60),
    "AWS::RDS::DBInstance": _Usual(1, 480, 300, 480),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": _Usual(0, 45, 15, 45),
}


def usual(node: Node) -> float | None:
    """Seconds that what is done to a slow resource, or will be, usually takes; None for what is quick."""
    slow = _SLOW.get(node.type)
    return _seconds(slow, node) if slow else None


def remaining(leaves: Iterable[Node], now: datetime) -> float:
    """Guess the seconds that are left: of each stage its slowest, one stage after the other.

    A change set does not tell what waits for what; what is slow in these templates does so in few stages.
    """
    longest: dict[int, float] = {}
    for leaf in leaves:
        if leaf.state not in {State.WAITING, State.WORKING}:
            continue
        figures = _SLOW.get(leaf.type, _OTHERS)
        left = max(0.0, _seconds(figures, leaf) - leaf.seconds(now))
        longest[figures.stage] = max(longest.get(figures.stage, 0.0), left)
    return sum(longest.values())


def _seconds(figures: _Usual, node: Node) -> float:
    verb = node.spans[-1].verb if node.spans else _VERBS.get(node.change.action if node.change else "", "UPDATE")
    if verb == "UPDATE" and node.replaced:  # another one is made, and then this one removed
        return figures.create + figures.delete
    return figures.of(verb)
