"""The services of a cluster as ECS tells them: what each runs, and how far a deployment of it has come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deployer.aws import Aws
from deployer.cloudformation.stacks import STACK_TYPE
from deployer.ecs import clusters

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ContainerDefinitionOutputTypeDef, DeploymentTypeDef, ServiceTypeDef

_SERVICE = "AWS::ECS::Service"
_LABEL = "airflow.version"  # of containers
_WORKER = {"celery", "worker"}  # words of a command
# What a container's health check has where its definition says nothing, in seconds.
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
_INTERVAL, _TIMEOUT, _RETRIES = 30, 5, 3


@dataclass(frozen=True)
class Container:
    """A container of a task definition. `patience`: seconds until ECS calls it unhealthy; None without a check."""

    name: str
    image: str
    patience: int | None = None
    log_group: str = ""
    log_prefix: str = ""

    def log_stream(self, task: str) -> str:
        """Name of its stream in CloudWatch Logs, for the id of a task; empty when it logs elsewhere.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html (awslogs-stream-prefix)
        """
        return f"{self.log_prefix}/{self.name}/{task}" if self.log_group and self.log_prefix else ""


@dataclass(frozen=True)
class Definition:
    """A revision of a task definition. `architecture` is ECS's word: X86_64 or ARM64.

    `airflow` is the version that its label says, empty without one; `worker`: it runs a worker.
    """

    arn: str
    architecture: str
    containers: tuple[Container, ...]
    airflow: str = ""
    worker: bool = False

    @property
    def component(self) -> str:
        """What people call it: the name of its first container."""
        return self.containers[0].name if self.containers else self.arn

    @property
    def images(self) -> frozenset[str]:
        """References of its images."""
        return frozenset(each.image for each in self.containers)


@dataclass(frozen=True)
class Service:
    """A service. `rollout` is the state of its primary deployment: COMPLETED, IN_PROGRESS or FAILED, and why."""

    arn: str
    desired: int
    definition: Definition
    rollout: str
    reason: str
    entrance: bool
    described: ServiceTypeDef = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """What people call it."""
        return self.definition.component


class Services:
    """Reads services; each revision of a task definition is asked for once, for it never changes."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._definitions: dict[str, Definition] = {}

    def read(self, cluster: str | None) -> tuple[Service, ...]:
        """Read the services of a cluster, in the order of their ARNs; None stands for a cluster that is not there."""
        return tuple(self._read(cluster)) if cluster else ()

    def definition(self, arn: str) -> Definition:
        """Read a revision of a task definition."""
        if arn not in self._definitions:
            told = self._aws.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
            every = told.get("containerDefinitions", [])
            containers = tuple(_container(each) for each in every)
            architecture = told.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64")  # ECS's own default
            airflow = next(
                (each["dockerLabels"][_LABEL] for each in every if _LABEL in each.get("dockerLabels", {})), ""
            )
            worker = any(set(each.get("command", [])) >= _WORKER for each in every)
            self._definitions[arn] = Definition(arn, architecture, containers, airflow, worker)
        return self._definitions[arn]

    def images_in_use(self, cluster: str) -> frozenset[str]:
        """References of the images in task definitions of services, and in those of every task that runs."""
        found = {image for service in self.read(cluster) for image in service.definition.images}
        for task in clusters.tasks(self._aws, cluster):
            found |= {each.get("image", "") for each in task.get("containers", [])}
        return frozenset(found - {""})

    def _read(self, cluster: str) -> Iterator[Service]:
        for told in clusters.described(self._aws, cluster):
            if told.get("status", "ACTIVE") == "ACTIVE":
                yield self._service(told)

    def _service(self, told: ServiceTypeDef) -> Service:
        every = told.get("deployments", [])
        none: DeploymentTypeDef = {}
        primary = next((each for each in every if each.get("status") == "PRIMARY"), none)
        return Service(
            arn=told.get("serviceArn", ""),
            desired=told.get("desiredCount", 0),
            definition=self.definition(primary.get("taskDefinition") or told.get("taskDefinition", "")),
            rollout=primary.get("rolloutState", "COMPLETED"),
            reason=primary.get("rolloutStateReason", ""),
            entrance=bool(told.get("loadBalancers")) and bool(told.get("serviceRegistries")),
            described=told,
        )


def of_stack(aws: Aws, stack: str) -> frozenset[str]:
    """ARNs of the services of a stack, by its name or id, and of the stacks nested in it."""
    found: set[str] = set()
    pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    for each in [summary for page in pages for summary in page["StackResourceSummaries"]]:
        if each["ResourceType"] == _SERVICE:
            found.add(each.get("PhysicalResourceId", ""))
        elif each["ResourceType"] == STACK_TYPE and (nested := each.get("PhysicalResourceId")):
            found |= of_stack(aws, nested)
    return frozenset(found - {""})


def _container(told: ContainerDefinitionOutputTypeDef) -> Container:
    check = told.get("healthCheck")
    log = told.get("logConfiguration", {}).get("options", {})
    patience = None
    if check and check.get("command") not in ([], ["NONE"]):
        once = check.get("interval", _INTERVAL) + check.get("timeout", _TIMEOUT)
        patience = check.get("startPeriod", 0) + check.get("retries", _RETRIES) * once
    return Container(
        told.get("name", ""),
        told.get("image", ""),
        patience,
        log.get("awslogs-group", ""),
        log.get("awslogs-stream-prefix", ""),
    )
