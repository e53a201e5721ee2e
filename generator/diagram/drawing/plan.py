"""What is drawn as one: groups of workers on one card, and arrows to one target by one lane."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from generator.diagram.model import ENDPOINTS, QUEUES, Architecture, Service

WORKERS = "workers"


@dataclass(frozen=True)
class Card:
    """One service, or all groups of workers."""

    key: str
    services: tuple[Service, ...]

    @property
    def name(self) -> str:
        """What it is headed by."""
        return self.services[0].name if len(self.services) == 1 else "Workers"


class Way(Enum):
    """Which way an arrow takes from the services' cards."""

    UP = auto()
    DOWN = auto()
    ENDPOINTS = auto()
    QUEUES = auto()


@dataclass(frozen=True)
class Lane:
    """Arrows from some cards to one target. From every card: one arrow from all of them together (`whole`)."""

    way: Way
    target: str
    sources: tuple[str, ...]
    label: str
    whole: bool


@dataclass(frozen=True)
class Plan:
    """Cards in the order of the services, the lanes between things, and what load balancers lead to."""

    cards: tuple[Card, ...]
    lanes: tuple[Lane, ...]
    front: tuple[tuple[str, str, str], ...]
    """Load balancer, card, label."""

    def going(self, *ways: Way) -> list[Lane]:
        """Lanes that go some ways and are not whole."""
        return [lane for lane in self.lanes if lane.way in ways and not lane.whole]


def plan(architecture: Architecture) -> Plan:
    """Say what is drawn as one."""
    cards = _cards(architecture.services)
    card_of = {service.key: card.key for card in cards for service in card.services}
    balancers = {one.key for one in architecture.load_balancers}
    labels: dict[tuple[str, str], list[str]] = {}
    front: dict[tuple[str, str, str], None] = {}
    for reach in architecture.reaches:
        target = card_of.get(reach.target, reach.target)
        if reach.source in balancers:
            front[reach.source, target, reach.label] = None
        elif reach.source in card_of and card_of[reach.source] != target:
            labels.setdefault((target, reach.label), []).append(card_of[reach.source])
    return Plan(cards, _lanes(cards, labels, architecture), tuple(front))


def _cards(services: Sequence[Service]) -> tuple[Card, ...]:
    workers = tuple(service for service in services if service.is_worker)
    others = tuple(Card(service.key, (service,)) for service in services if not service.is_worker)
    if not workers:
        return others
    return (*others, Card(workers[0].key if len(workers) == 1 else WORKERS, workers))


def _lanes(
    cards: Sequence[Card], labels: dict[tuple[str, str], list[str]], architecture: Architecture
) -> tuple[Lane, ...]:
    """One lane for each target and set of sources, whatever the number of ports."""
    order = [card.key for card in cards]
    merged: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (target, label), sources in labels.items():
        key = target, tuple(sorted(set(sources), key=order.index))
        merged.setdefault(key, []).append(label)
    above = {*order, *(one.key for one in architecture.load_balancers)}
    drawn = {
        *above,
        QUEUES,
        *([ENDPOINTS] if architecture.endpoints else []),
        *(store.key for store in architecture.stores),
    }
    return tuple(
        Lane(way := _way(target, above), target, sources, ", ".join(found), _whole(way, sources, order))
        for (target, sources), found in merged.items()
        if target in drawn
    )


def _way(target: str, above: set[str]) -> Way:
    fixed = {ENDPOINTS: Way.ENDPOINTS, QUEUES: Way.QUEUES}
    return fixed.get(target, Way.UP if target in above else Way.DOWN)


def _whole(way: Way, sources: Sequence[str], order: Sequence[str]) -> bool:
    return way is not Way.UP and len(sources) == len(order) > 1
