"""What the rules ask of the components: which there are, and how many slots they have."""

from generator.config.settings import Settings
from generator.config.source import KeyPath
from generator.config.tasks import Task, Workers


def tasks(settings: Settings) -> dict[KeyPath, Task]:
    """Every component that runs, by its key in service.yml."""
    service = settings.service
    named: dict[str, Task] = {
        "webserver": service.webserver,
        "scheduler": service.scheduler,
        "dagProcessor": service.dag_processor,
        "triggerer": service.triggerer,
    }
    if service.flower.enabled:
        named["flower"] = service.flower
    return {("service", name): task for name, task in named.items()} | dict(workers(settings).items())


def workers(settings: Settings) -> dict[KeyPath, Workers]:
    """Every group of workers by its key in service.yml; queues filled in."""
    groups = settings.worker_groups
    return {_path(name): group for name, group in groups.items()}


def _path(component: str) -> KeyPath:
    _, _, group = component.partition("-")
    return ("service", "workerGroups", group) if group else ("service", "workers")


def slots(settings: Settings) -> int:
    """Tasks that all workers together can run at full scale."""
    return sum(group.concurrency * group.most for group in workers(settings).values())
