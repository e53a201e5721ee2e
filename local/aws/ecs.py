# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""ECS through CloudFormation with nothing lost: whole task definitions, whole services.

ministack's own handlers drop secrets, health checks, dependsOn and more on the way, though its ECS API keeps all of it:
so the properties go to that API as they are, and what it does not take is put into its record.
"""

from collections.abc import Callable
from typing import Any

from local.aws.emulator import Made, Properties, ResourceType, answer, ecs, new_uuid, provisioners, replace, teach
from local.aws.shapes import to_api

_NOT_KEPT = {"cluster", "serviceName", "service", "taskDefinition", "desiredCount", "forceNewDeployment", "tags"}
"""Parts of a request that are no parts of the record of the same name, or were dealt with by the API."""


def install() -> None:
    """Replace how CloudFormation makes task definitions and services."""
    teach("AWS::ECS::TaskDefinition", ResourceType(_define, _define_again, _retire))
    teach("AWS::ECS::Service", ResourceType(_create, _update, _delete))
    replace(ecs, "_build_task_containers", _healthy)


def _healthy(build: Callable[..., list[dict[str, Any]]]) -> Callable[..., list[dict[str, Any]]]:
    """Let a container with a health check be healthy: the emulator's tasks run as soon as they are asked for.

    Without a check it stays UNKNOWN, as on AWS
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html).
    """

    def build_containers(definition: Any, overrides: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        containers = build(definition, overrides)
        for container, told in zip(containers, (definition or {}).get("containerDefinitions", []), strict=False):
            if told.get("healthCheck"):
                container["healthStatus"] = "HEALTHY"
        return containers

    return build_containers


def _define(logical_id: str, properties: Properties, stack: str) -> Made:
    request = to_api(properties, "ecs", "RegisterTaskDefinition")
    request.setdefault("family", f"{stack}-{logical_id}")
    definition = answer(ecs._register_task_definition(request))["taskDefinition"]
    record = ecs._task_defs[f"{definition['family']}:{definition['revision']}"]
    record.update({key: value for key, value in request.items() if key not in {"tags", *record}})
    arn: str = definition["taskDefinitionArn"]
    return arn, {"TaskDefinitionArn": arn}


def _define_again(arn: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    """Register the next revision; the old one is retired by CloudFormation, since the ARN is another."""
    if _without_tags(old) != _without_tags(new):
        return _define(logical_id, new, stack)
    _tag(arn, old, new)
    return arn, {"TaskDefinitionArn": arn}


def _retire(arn: str, _: Properties) -> None:
    ecs._deregister_task_definition({"taskDefinition": arn})


def _create(logical_id: str, properties: Properties, stack: str) -> Made:
    """Create a service; without DesiredCount it gets 1, as on AWS."""
    request = to_api(properties, "ecs", "CreateService")
    request.setdefault("serviceName", _free_name(request.get("cluster", "default"), f"{stack}-{logical_id}"))
    request.setdefault("desiredCount", 1)
    arn: str = answer(ecs._create_service(request))["service"]["serviceArn"]
    _complete(_record(arn), request)
    return arn, {"ServiceArn": arn, "Name": request["serviceName"]}


def _update(arn: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    """Update a service in place; without DesiredCount the number of its tasks is left alone, as on AWS.

    Between a launch type and capacity providers it changes in place too
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html).
    """
    launch_types = {properties["LaunchType"] for properties in (old, new) if "LaunchType" in properties}
    same = all(old.get(name) == new.get(name) for name in ("Cluster", "ServiceName", "SchedulingStrategy"))
    if not same or len(launch_types) > 1:
        return _create(logical_id, new, stack)
    request = to_api(new, "ecs", "UpdateService")
    request |= {"cluster": _cluster(arn), "service": arn}
    answer(ecs._update_service(request))
    record = _record(arn)
    dropped = set(to_api(old, "ecs", "UpdateService")) - set(request) - _NOT_KEPT
    _complete(record, request | {name: type(record[name])() for name in dropped if record.get(name) is not None})
    _place(record, to_api(new, "ecs", "CreateService"))
    _tag(arn, old, new)
    return arn, {"ServiceArn": arn, "Name": arn.rsplit("/", 1)[-1]}


def _place(record: dict[str, Any], request: dict[str, Any]) -> None:
    """Write down how tasks come by their machines: by a launch type or by capacity providers, never by both."""
    ways = ("launchType", "capacityProviderStrategy")
    chosen = {way: request[way] for way in ways if way in request}
    for told in (record, record["deployments"][0]) if chosen else ():
        for way in ways:
            told.pop(way, None)
        told.update(chosen)


def _free_name(cluster: str, name: str) -> str:
    """Return the name of a new service: a service that replaces another stands beside it for a while."""
    taken = f"{cluster.rsplit('/', 1)[-1]}/{name}" in ecs._services
    return f"{name}-{new_uuid()[:8]}" if taken else name


def _delete(arn: str, _: Properties) -> None:
    ecs._delete_service({"cluster": _cluster(arn), "service": arn, "force": True})


def _complete(record: dict[str, Any], request: dict[str, Any]) -> None:
    """Put into a service's record what DescribeServices tells on AWS and the emulator's API did not take."""
    record.update({key: value for key, value in request.items() if key not in _NOT_KEPT})
    if "serviceConnectConfiguration" in request:  # AWS tells it with the deployment, not with the service
        record["deployments"][0]["serviceConnectConfiguration"] = record.pop("serviceConnectConfiguration")


def _record(arn: str) -> dict[str, Any]:
    record: dict[str, Any] = ecs._services[arn.split(":service/", 1)[1]]
    return record


def _cluster(arn: str) -> str:
    return arn.split(":service/", 1)[1].split("/", maxsplit=1)[0]


def _without_tags(properties: Properties) -> Properties:
    return {name: value for name, value in properties.items() if name != "Tags"}


def _tag(arn: str, old: Properties, new: Properties) -> None:
    tags = ecs._tags.setdefault(arn, [])
    provisioners._reconcile_tag_list(tags, old, new, key="key", value="value")
