"""The ECS services: what each task has, how many there are, and on what capacity they run."""

from typing import Any

from generator.diagram.model import Service
from generator.diagram.reading.network import keys
from generator.diagram.reading.tree import Resource, Tree
from generator.diagram.reading.values import At, at, find, named, text
from generator.diagram.reading.words import count, words

SERVICE = "AWS::ECS::Service"
PROVIDERS = {"FARGATE": "Fargate", "FARGATE_SPOT": "Fargate Spot", "EC2": "EC2", "EXTERNAL": "external"}
NETWORK = ("NetworkConfiguration", "AwsvpcConfiguration")


def services(tree: Tree) -> tuple[Service, ...]:
    """Read every service, workers last: they may be many."""
    found = [_service(tree, service) for service in find(tree, SERVICE)]
    return tuple(sorted(found, key=lambda service: service.is_worker))


def task_of(service: Resource) -> Resource | None:
    """Return the task definition that a service runs."""
    return next((one for one in named(at(service, "TaskDefinition")) if one.kind == "AWS::ECS::TaskDefinition"), None)


def containers(task: Resource | None) -> list[At]:
    """Return the containers of a task."""
    return at(task, "ContainerDefinitions").items() if task else []


def _service(tree: Tree, service: Resource) -> Service:
    task = task_of(service)
    every = containers(task)
    commands = [[text(word) for word in container.get("Command").items()] for container in every]
    ports = [text(port.get("ContainerPort")) for container in every for port in container.get("PortMappings").items()]
    return Service(
        service.key,
        words(service.name, "Service"),
        _size(text(at(task, "Cpu")), text(at(task, "Memory"))) if task else "",
        _tasks(tree, service),
        _capacity(service, task),
        any({"celery", "worker"} <= set(command) for command in commands),
        tuple(int(port) for port in ports if port.isdecimal()),
        keys(at(service, *NETWORK, "Subnets")),
        text(at(service, *NETWORK, "AssignPublicIp")) == "ENABLED",
    )


def _size(cpu: str, memory: str) -> str:
    """CPU units and MiB as vCPU and GB, as Fargate's price list has them; what is written in words stays."""
    vcpu = f"{int(cpu) / 1024:g} vCPU" if cpu.isdecimal() else cpu
    size = f"{int(memory) / 1024:g} GB" if memory.isdecimal() else memory
    return " · ".join(part for part in (vcpu, size) if part)


def _tasks(tree: Tree, service: Resource) -> str:
    for target in find(tree, "AWS::ApplicationAutoScaling::ScalableTarget"):
        resource_id = at(target, "ResourceId")
        name = text(at(service, "ServiceName"))
        if service in named(resource_id) or (name and text(resource_id).endswith(f"/{name}")):
            few, many = text(at(target, "MinCapacity")), text(at(target, "MaxCapacity"))
            hours = " by the clock" if at(target, "ScheduledActions").items() else ""
            return (_number(few) if few == many else f"{few} to {many} tasks") + hours
    return _number(text(at(service, "DesiredCount")) or _tag(service, "DesiredCount") or "1")


def _number(tasks: str) -> str:
    return count(int(tasks), "task") if tasks.isdecimal() else f"{tasks} tasks"


def _tag(service: Resource, name: str) -> str:
    """The value of a tag. A number that holds for the first deploy alone stands in one, not in the property."""
    return next((text(tag.get("Value")) for tag in at(service, "Tags").items() if text(tag.get("Key")) == name), "")


def _capacity(service: Resource, task: Resource | None) -> str:
    """Where the tasks run: the service's own choice, or what its cluster does by default."""
    cluster = next((one for one in named(at(service, "Cluster")) if one.kind == "AWS::ECS::Cluster"), None)
    chosen = at(service, "CapacityProviderStrategy").items()
    if not chosen and text(at(service, "LaunchType")):
        providers = [text(at(service, "LaunchType"))]
    else:
        default = at(cluster, "DefaultCapacityProviderStrategy").items() if cluster else []
        providers = [text(one.get("CapacityProvider")) for one in chosen or default if _weighs(one)]
    names = list(dict.fromkeys(PROVIDERS.get(provider, provider) for provider in providers if provider))
    arm = task and text(at(task, "RuntimePlatform", "CpuArchitecture")) == "ARM64"
    return " + ".join(names) + (" · ARM" if arm and names else "")


def _weighs(strategy: At) -> bool:
    """Whether any task is put there: one of a weight of nought and no base gets none, unless it is alone."""
    shares: list[Any] = [text(strategy.get(name)) for name in ("Weight", "Base")]
    return any(share not in ("", "0") for share in shares) or shares == ["", ""]
