"""What the components' tasks are billed for. A new component in the catalogue needs nothing here."""

from collections.abc import Iterable, Sequence

from generator.airflow.components import Component
from generator.config.settings import Settings
from generator.cost.assumptions import Range
from generator.cost.hours import hours_a_day
from generator.cost.items import TASKS, Item


def items(settings: Settings, catalogue: Sequence[Component]) -> Iterable[Item]:
    """Fargate: vCPU and memory of each component's tasks, and a public address for each task that has one.

    https://aws.amazon.com/fargate/pricing/ and https://aws.amazon.com/vpc/pricing/ (public IPv4 addresses)
    """
    hours = hours_a_day(settings)
    for one in catalogue:
        spot = on_spot(settings, one)
        prefix = f"{'fargate-spot' if spot else 'fargate'}.{settings.service.architecture}"
        name = f"{one.name} (Spot)" if spot else one.name
        tasks = number(one)
        yield Item(TASKS, f"{name}: vCPU", f"{prefix}.vcpu", tasks.times(one.task.cpu / 1024), hours)
        yield Item(TASKS, f"{name}: GB of memory", f"{prefix}.gb", tasks.times(one.task.memory / 1024), hours)
        if settings.assigns_public_addresses:
            yield Item(TASKS, f"{name}: public address", "ipv4", tasks, hours)


def number(component: Component) -> Range:
    """How many of its tasks run: from the fewest to the most."""
    return Range(component.task.fewest, max(component.task.fewest, component.task.most))


def on_spot(settings: Settings, component: Component) -> bool:
    """Whether its tasks run on Fargate Spot."""
    spot = settings.service.spot
    return spot == "all" or (spot == "workers" and component.kind == "workers")


def running(catalogue: Sequence[Component], kind: str = "") -> Range:
    """How many tasks run while Airflow does: of one kind of component, or all."""
    counts = [number(one) for one in catalogue if kind in ("", one.kind)]
    return Range(sum(one.low for one in counts), sum(one.high for one in counts))
