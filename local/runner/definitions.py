"""What is deployed, as ECS tells it: the services of a cluster and what their task definitions start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from local.errors import LocalError
from local.runner.asking import asking
from local.runner.private_names import private_names
from local.runner.secret_values import SecretValues

if TYPE_CHECKING:  # the stubs are no part of what a user installs
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import (
        ContainerDefinitionOutputTypeDef,
        HealthCheckOutputTypeDef,
        ServiceTypeDef,
        TaskDefinitionTypeDef,
    )
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_servicediscovery import ServiceDiscoveryClient

DEPLOY_FIRST = "deploy first (make airflow-deploy ENVIRONMENT=local)"
_UNITS_A_CPU = 1024
_AT_ONCE = 10  # services in one DescribeServices, at most

# Values a container gets when its definition says nothing.
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (stopTimeout)
_INTERVAL, _TIMEOUT, _RETRIES, _STOP_TIMEOUT = 30, 5, 3, 30


@dataclass(frozen=True)
class HealthCheck:
    """A container's health check; times in seconds. `command` begins with CMD or CMD-SHELL."""

    command: tuple[str, ...]
    interval: float = _INTERVAL
    timeout: float = _TIMEOUT
    retries: int = _RETRIES
    start_period: float = 0


@dataclass(frozen=True)
class ServiceTask:
    """One container of a service's task definition, with all that is needed to start it.

    `cpu` in vCPUs and `memory` in MiB are what it may use at most; None where the definition does not say.
    """

    service: str
    component: str
    command: tuple[str, ...]
    entry_point: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    ports: tuple[int, ...] = ()
    health: HealthCheck | None = None
    stop_timeout: float = _STOP_TIMEOUT
    desired: int = 1
    image: str = ""
    cpu: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Deployed:
    """The services of a cluster; names that exist only inside its network; the port behind its load balancer."""

    tasks: tuple[ServiceTask, ...]
    private_names: frozenset[str] = frozenset()
    public_port: int | None = None

    @property
    def url(self) -> str | None:
        """Where a browser on this machine finds what the load balancer would serve."""
        return None if self.public_port is None else f"http://localhost:{self.public_port}"


@dataclass(frozen=True)
class Clients:
    """The three services of AWS that are asked."""

    ecs: ECSClient
    secrets: SecretsManagerClient
    names: ServiceDiscoveryClient

    @classmethod
    def of(cls, session: boto3.Session, endpoint_url: str) -> Clients:
        """Reach an AWS inside this machine: directly, whatever proxy the user's shell names."""
        config = Config(proxies={}, connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 3})
        return cls(
            session.client("ecs", endpoint_url=endpoint_url, config=config),
            session.client("secretsmanager", endpoint_url=endpoint_url, config=config),
            session.client("servicediscovery", endpoint_url=endpoint_url, config=config),
        )


def read(clients: Clients, cluster: str) -> Deployed:
    """Read every service of `cluster` with the values of its secrets.

    Raises LocalError when there is nothing deployed, when a secret cannot be had, and for what cannot run on one
    machine (two containers on one port).
    """
    services = tuple(_services(clients.ecs, cluster))
    if not services:
        raise LocalError(f"cluster {cluster}: has no services; {DEPLOY_FIRST}")
    values = SecretValues(clients.secrets)
    tasks = tuple(task for service in services for task in _tasks(clients.ecs, values, service))
    _refuse_collisions(tasks)
    registries = [registry for service in services for registry in service.get("serviceRegistries", [])]
    return Deployed(tasks, private_names(clients.names, registries), _public_port(services))


def _services(ecs: ECSClient, cluster: str) -> Iterator[ServiceTypeDef]:
    """Give the services that are neither deleted nor being deleted, in the order of their names."""
    with asking(f"cluster {cluster}", {"ClusterNotFoundException": DEPLOY_FIRST}):
        pages = ecs.get_paginator("list_services").paginate(cluster=cluster)
        arns = sorted(arn for page in pages for arn in page["serviceArns"])
        for first in range(0, len(arns), _AT_ONCE):
            answer = ecs.describe_services(cluster=cluster, services=arns[first : first + _AT_ONCE])
            yield from (service for service in answer["services"] if service.get("status") == "ACTIVE")


def _tasks(ecs: ECSClient, values: SecretValues, service: ServiceTypeDef) -> Iterator[ServiceTask]:
    name = service["serviceName"]
    with asking(f"service {name}: its task definition {service['taskDefinition']}"):
        definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    for container in definition["containerDefinitions"]:
        yield ServiceTask(
            service=name,
            component=container["name"],
            command=tuple(container.get("command", ())),
            entry_point=tuple(container.get("entryPoint", ())),
            environment={pair["name"]: pair["value"] for pair in container.get("environment", ())},
            secrets=_secrets(values, container),
            ports=tuple(mapping["containerPort"] for mapping in container.get("portMappings", ())),
            health=health_check(container.get("healthCheck")),
            stop_timeout=container.get("stopTimeout", _STOP_TIMEOUT),
            desired=service.get("desiredCount", 1),
            image=container.get("image", ""),
            cpu=int(definition["cpu"]) / _UNITS_A_CPU if "cpu" in definition else None,
            memory=_memory(definition, container),
        )


def _memory(definition: TaskDefinitionTypeDef, container: ContainerDefinitionOutputTypeDef) -> int | None:
    """Return a container's own limit in MiB, else its task's.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html (memory)
    """
    limit = container.get("memory") or definition.get("memory")
    return int(limit) if limit else None


def _secrets(values: SecretValues, container: ContainerDefinitionOutputTypeDef) -> dict[str, str]:
    try:
        return {secret["name"]: values.of(secret["valueFrom"]) for secret in container.get("secrets", ())}
    except LocalError as error:
        raise LocalError(f"container {container['name']}: {error}") from error


def health_check(described: HealthCheckOutputTypeDef | None) -> HealthCheck | None:
    """Read a container's health check; None when it has none (or switches off that of its image)."""
    if described is None or described["command"] in ([], ["NONE"]):
        return None
    return HealthCheck(
        command=tuple(described["command"]),
        interval=described.get("interval", _INTERVAL),
        timeout=described.get("timeout", _TIMEOUT),
        retries=described.get("retries", _RETRIES),
        start_period=described.get("startPeriod", 0),
    )


def _refuse_collisions(tasks: Sequence[ServiceTask]) -> None:
    """On Fargate each task has an address of its own; here all share one."""
    components: dict[str, str] = {}
    ports: dict[int, str] = {}
    for task in tasks:
        if other := components.get(task.component):
            raise LocalError(f"services {other} and {task.service}: both have a container named {task.component}")
        components[task.component] = task.service
        if task.desired > 1 and task.ports:
            raise LocalError(
                f"service {task.service}: {task.desired} tasks cannot share port {task.ports[0]} of one machine; "
                "let the environment `local` have one"
            )
        for port in task.ports:
            if other := ports.get(port):
                raise LocalError(
                    f"containers {other} and {task.component}: both listen on port {port}, but they share one machine; "
                    "give each a port of its own in service.yml"
                )
            ports[port] = task.component


def _public_port(services: Sequence[ServiceTypeDef]) -> int | None:
    """Return the port behind the load balancer; of several services there, the one that the others find by a name."""
    named_first = sorted(services, key=lambda service: not service.get("serviceRegistries"))
    behind = (balancer.get("containerPort") for service in named_first for balancer in service.get("loadBalancers", ()))
    return next((port for port in behind if port), None)
