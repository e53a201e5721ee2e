# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""Load balancers and their names: what ministack's CloudFormation forgets of a log-in, and of a hosted zone."""

from collections.abc import Callable
from typing import Any

from local.aws.emulator import Made, Properties, ResourceType, known, provisioners, replace, route53, teach

_LOG_IN = "AuthenticateOidcConfig"
_ZONE = "AWS::Route53::HostedZone"


def install() -> None:
    """Correct the actions of listeners and rules, and the resource type AWS::Route53::HostedZone."""
    replace(provisioners, "_elbv2_listener_actions", _with_log_in)
    own = known(_ZONE)

    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        return _completed(own.create(logical_id, properties, stack), {}, properties)

    def update(zone: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        return _completed(own.update(zone, old, new, stack, logical_id), old, new)

    def delete(zone: str, properties: Properties) -> None:
        own.delete(zone, properties)
        route53._tags.pop(("hostedzone", zone), None)

    teach(_ZONE, ResourceType(create, update, delete))


def _with_log_in(actions: Callable[..., list[dict[str, Any]]]) -> Callable[..., list[dict[str, Any]]]:
    def listener_actions(properties: Properties, balancer: Any, prop: str = "DefaultActions") -> list[dict[str, Any]]:  # noqa: ANN401
        made = actions(properties, balancer, prop)
        for record, said in zip(made, properties.get(prop) or [], strict=True):
            if _LOG_IN in said:
                record[_LOG_IN] = dict(said[_LOG_IN])
        return made

    return listener_actions


def _completed(made: Made, old: Properties, new: Properties) -> Made:
    """Tag a zone, and tell the name servers of its own NS record: whoever delegates to them asks either."""
    zone, attributes = made
    tags = route53._tags.setdefault(("hostedzone", zone), {})
    provisioners._reconcile_tag_map(tags, old, new, "HostedZoneTags")
    return zone, {**attributes, "NameServers": [server.rstrip(".") for server in route53._DEFAULT_NS]}
