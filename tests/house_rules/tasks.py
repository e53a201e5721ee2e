"""Rules of task definitions and services."""

from collections.abc import Iterator
from typing import Any

from tests.house_rules.house import House, Resource, Violation

# What Fargate and ECS take, in seconds; cfn-lint takes 600 for the first two without a word.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
TIMEOUTS = {"StartTimeout": (2, 120), "StopTimeout": (2, 120)}
HEALTH = {"Interval": (5, 300), "Timeout": (2, 60), "Retries": (1, 10), "StartPeriod": (0, 300)}


def _containers(house: House) -> Iterator[tuple[Resource, dict[str, Any]]]:
    for resource in house.resources("ECS::TaskDefinition"):
        for container in resource.properties["ContainerDefinitions"]:
            yield resource, container


def _is_essential(container: dict[str, Any]) -> bool:
    return container.get("Essential", True) is True


def timeouts(house: House) -> Iterator[Violation]:
    """Start, stop and health checks keep to what ECS takes; what is essential says how long it may take to stop."""
    for resource, container in _containers(house):
        if "StopTimeout" not in container and _is_essential(container):
            yield resource.breaks("is killed 30 seconds after it is told to stop")
        health = container.get("HealthCheck", {})
        for name, (least, most) in (TIMEOUTS | HEALTH).items():
            value = container.get(name, health.get(name))
            if value is not None and not least <= value <= most:
                yield resource.breaks(f"{name} {value} is not in {least} to {most}")
        if health.get("Timeout", 0) >= health.get("Interval", 30):
            yield resource.breaks("a health check runs into the next")


def health_checks(house: House) -> Iterator[Violation]:
    """ECS asks each container that a task cannot do without whether it is well."""
    for resource, container in _containers(house):
        if _is_essential(container) and not container.get("HealthCheck", {}).get("Command"):
            yield resource.breaks("nobody asks whether it is well")


def container_logs(house: House) -> Iterator[Violation]:
    """What a container prints is kept."""
    for resource, container in _containers(house):
        if container.get("LogConfiguration", {}).get("LogDriver") != "awslogs":
            yield resource.breaks("what it prints is lost")


def confinement(house: House) -> Iterator[Violation]:
    """A task is alone on its network interface, without rights on its host, and has roles of its own."""
    for resource in house.resources("ECS::TaskDefinition"):
        found = resource.properties
        if found.get("NetworkMode") != "awsvpc" or found.get("RequiresCompatibilities") != ["FARGATE"]:
            yield resource.breaks("is not for Fargate")
        if not found.get("TaskRoleArn") or not found.get("ExecutionRoleArn"):
            yield resource.breaks("has not both roles")
        elif found["TaskRoleArn"] == found["ExecutionRoleArn"]:
            yield resource.breaks("has one role for ECS and for what runs in it")
    for resource, container in _containers(house):
        if container.get("Privileged") or container.get("LinuxParameters", {}).get("Capabilities", {}).get("Add"):
            yield resource.breaks("has rights on its host")


def services(house: House) -> Iterator[Violation]:
    """A deploy that fails is taken back; people can look inside; costs are tagged; autoscaling keeps its count."""
    for resource in house.resources("ECS::Service"):
        found = resource.properties
        breaker = found.get("DeploymentConfiguration", {}).get("DeploymentCircuitBreaker", {})
        if breaker != {"Enable": True, "Rollback": True}:
            yield resource.breaks("has no circuit breaker that rolls back")
        if found.get("EnableExecuteCommand") is not True:
            yield resource.breaks("nobody can open a shell in it")
        if found.get("PropagateTags") != "SERVICE":
            yield resource.breaks("its tasks have no tags")
        if "DesiredCount" in found:
            yield resource.breaks("every update would undo autoscaling")


RULES = (timeouts, health_checks, container_logs, confinement, services)
