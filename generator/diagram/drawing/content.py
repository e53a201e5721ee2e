"""What is written on each thing: lines of text, broken to the room that there is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.diagram.drawing import style
from generator.diagram.drawing.measure import fit, width, wrap
from generator.diagram.drawing.plan import Card
from generator.diagram.model import Endpoint, LoadBalancer, Regional, Service, Store, Subnet

MOST_GROUPS, MOST_NETWORKS = 4, 4
BESIDE_SUBNET = 80.0  # left free beside the label of a subnet, for arrows


@dataclass(frozen=True)
class Line:
    """One line of text. `before`: pixels of air above it."""

    text: str
    size: float = style.BODY
    bold: bool = False
    muted: bool = False
    before: float = 0

    @property
    def height(self) -> float:
        """From the line above to the one below."""
        return self.size * style.LINE + self.before

    @property
    def width(self) -> float:
        """By the estimate."""
        return width(self.text, self.size, bold=self.bold)


def height(lines: Iterable[Line]) -> float:
    """Height of some lines."""
    return sum(line.height for line in lines)


def heading(text: str, room: float, most: int = 1) -> list[Line]:
    """A name."""
    return [Line(part, style.HEADING, bold=True) for part in wrap(text, room, style.HEADING, bold=True, most=most)]


def body(texts: Iterable[str], room: float, most: int = 2, size: float = style.BODY) -> list[Line]:
    """Sentences, each on lines of its own."""
    return [Line(part, size, muted=True) for text in texts if text for part in wrap(text, room, size, most=most)]


def card(card: Card, room: float) -> list[Line]:
    """A service; or how many groups of workers there are, and what each of the first has."""
    if len(card.services) == 1:
        return _service(card.services[0], room)
    shown = card.services[:MOST_GROUPS]
    lines = [Line(f"{len(card.services)} groups", style.BODY, muted=True)]
    for group in shown:
        name = fit(group.name, room, style.BODY, bold=True)
        lines += [Line(name, style.BODY, bold=True, before=7), *body([group.size, _number(group)], room)]
    more = len(card.services) - len(shown)
    return [*lines, Line(f"and {more} more", style.BODY, muted=True, before=7)] if more else lines


def balancer(balancer: LoadBalancer, room: float) -> list[Line]:
    """A load balancer."""
    return [*heading(balancer.name, room), *body([" · ".join(line for line in balancer.lines if line)], room)]


def clients(balancer: LoadBalancer, room: float) -> list[Line]:
    """Who may connect to a load balancer."""
    if not balancer.allowed:
        return [*heading("Nobody may connect", room), *body(["The allow list is empty"], room)]
    shown, more = balancer.allowed[:MOST_NETWORKS], len(balancer.allowed) - MOST_NETWORKS
    rest = [f"and {more} more"] if more > 0 else []
    return [*heading("Who may connect", room), *body([*shown, *rest], room, most=1)]


def store(store: Store, room: float) -> list[Line]:
    """A database or a broker."""
    return [*heading(store.name, room), *body(store.lines, room)]


def regional(service: Regional, room: float) -> list[Line]:
    """A service of AWS outside of the VPC."""
    return [*heading(service.name, room, most=2), *body(service.lines, room, most=3, size=style.SMALL)]


def endpoints(endpoints: Sequence[Endpoint], room: float) -> list[Line]:
    """The VPC endpoints to one service, interfaces and gateways apart."""
    sentences = [
        f"{', '.join(names)} ({kind})"
        for kind, gateway in (("interface", False), ("gateway", True))
        if (names := [one.name for one in endpoints if one.gateway is gateway])
    ]
    return [Line(part, style.SMALL) for sentence in sentences for part in wrap(sentence, room, style.SMALL, most=3)]


def subnet(subnet: Subnet, room: float) -> list[Line]:
    """A subnet's tier and addresses, in one line or, where that would leave little beside it, in two."""
    tier, addresses = f"{subnet.tier.value} subnet", subnet.cidr or subnet.name
    one = Line(f"{tier} · {addresses}", style.SMALL)
    if one.width <= room - BESIDE_SUBNET:
        return [one]
    return [Line(part, style.SMALL) for text in (tier, addresses) for part in wrap(text, room, style.SMALL, most=1)]


def _service(service: Service, room: float) -> list[Line]:
    return body([service.size, service.tasks, service.capacity], room)


def _number(service: Service) -> str:
    return " · ".join(part for part in (service.tasks, service.capacity) if part)
