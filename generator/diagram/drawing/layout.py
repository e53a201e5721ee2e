"""Where everything stands: boxes in pixels, from the top down."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from generator.diagram.drawing import content, panels, style
from generator.diagram.drawing.content import Line
from generator.diagram.drawing.panels import Panel
from generator.diagram.drawing.plan import Plan
from generator.diagram.drawing.shapes import Box, shares
from generator.diagram.model import QUEUES, LoadBalancer, Regional, Tier

INTERNET, GATEWAY = "internet", "internet gateway"
CARD, COLUMN, CHIP = 118.0, 224.0, 118.0  # the least width of a service, a subnet, and a service of AWS
WIDE = 1.7  # times as wide are groups of workers
BETWEEN_CHIPS = 12.0
CLIENTS, GATEWAY_SIZE = 290.0, Box(0, 0, 164, 32)
MOST_CHIPS = 7  # in a row, if fewer than those have endpoints
CHANNEL = 14.0  # from the subnets to a line beside them


NOWHERE = Box(0, 0, 0, 0)


@dataclass(frozen=True)
class Cell:
    """The subnets of one tier in one zone, with their label at the right."""

    box: Box
    tier: Tier
    lines: tuple[Line, ...]

    @property
    def label(self) -> Box:
        """Where its label stands."""
        width = max((line.width for line in self.lines), default=0)
        return Box(self.box.right - 12 - width, self.box.y + 9, width, content.height(self.lines))


@dataclass
class Layout:
    """Boxes of everything, filled from the top down."""

    width: float
    height: float = 0
    vpc: Box = NOWHERE
    zones: list[tuple[str, Box]] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    panels: dict[str, Panel] = field(default_factory=dict)
    nats: list[Panel] = field(default_factory=list)
    cluster: Box | None = None
    data: Box | None = None
    endpoints: Box | None = None
    regional: Box | None = None

    @classmethod
    def of(cls, plan: Plan, columns: int, services: Sequence[Regional]) -> "Layout":
        """Return an empty layout that is wide enough for these cards, columns of subnets and services of AWS."""
        cards = sum(weight(len(card.services)) for card in plan.cards)
        inside = max(
            cards * CARD + (len(plan.cards) - 1) * style.GAP + 2 * (style.INSET + style.GAP),
            columns * COLUMN + (columns - 1) * style.BETWEEN_ZONES,
            in_a_row(services) * (CHIP + BETWEEN_CHIPS) + 2 * style.INSET,
        )
        return cls(max(style.WIDTH, inside + 2 * (style.MARGIN + style.PADDING)))

    @property
    def inner(self) -> Box:
        """The width in which subnets stand."""
        left = style.MARGIN + style.PADDING
        return Box(left, 0, self.width - 2 * left, 0)

    @property
    def right_channel(self) -> float:
        """Where lines go up and down, right of the subnets."""
        return self.inner.right + CHANNEL

    @property
    def left_channel(self) -> float:
        """Where lines go up and down, left of the subnets."""
        return self.inner.x - CHANNEL

    def columns(self, number: int) -> list[Box]:
        """Cut the width for so many zones."""
        return shares(self.inner, [1.0] * number, style.BETWEEN_ZONES)

    def add(self, panel: Panel) -> None:
        """Put a panel on the drawing."""
        self.panels[panel.key] = panel

    def box(self, key: str) -> Box:
        """Return the box of a panel."""
        return self.panels[key].box


def weight(groups: int) -> float:
    """How wide a card is, by the number of services on it."""
    return 1 if groups == 1 else WIDE


def clients_of(balancer: str) -> str:
    """Key of the panel that says who may connect to a load balancer."""
    return f"clients of {balancer}"


def endpoints_to(service: str) -> str:
    """Key of the panel of the VPC endpoints that lead to a service."""
    return f"endpoints to {service}"


def people(layout: Layout, balancers: Sequence[LoadBalancer], wishes: Sequence[float], y: float) -> float:
    """Put who may connect above the VPC, each centred as wished; return the lower edge of all."""
    free = layout.width - 2 * style.MARGIN - GATEWAY_SIZE.width - 2 * style.GAP
    width = min(CLIENTS, free / max(len(balancers), 1) - style.GAP)
    room = panels.room(Box(0, 0, width, 0))
    texts = [tuple(content.clients(balancer, room)) for balancer in balancers]
    height = max((panels.height(lines) for lines in texts), default=0)
    for balancer, lines, wish in zip(balancers, texts, wishes, strict=True):
        left = min(max(wish - width / 2, style.MARGIN), style.MARGIN + free - width)
        box = Box(left, y, width, height)
        allowed = bool(balancer.allowed)
        layout.add(Panel(clients_of(balancer.key), box, lines, "person", style.FRONT, dashed=not allowed))
    return y + height


def internet(layout: Layout, bottom: float) -> None:
    """Put the internet above the VPC, and its gateway on the border."""
    gateway = GATEWAY_SIZE
    box = Box(layout.vpc.right - gateway.width - style.MARGIN, layout.vpc.y - 16, gateway.width, gateway.height)
    layout.add(panels.pill(GATEWAY, box, "Internet gateway", "gateway", style.OUTWARD))
    lines = tuple(content.heading("Internet", 200))
    height = panels.height(lines)
    place = Box(box.middle - 66, max(bottom - height, style.MARGIN), 132, height)
    layout.add(Panel(INTERNET, place, lines, "cloud", style.OUTWARD))


def in_order(services: Sequence[Regional]) -> list[Regional]:
    """Services of AWS as they are drawn: the queues at the left, where their arrow comes; then those with endpoints."""
    return sorted(services, key=lambda service: (service.key != QUEUES, not service.endpoints))


def in_a_row(services: Sequence[Regional]) -> int:
    """How many services of AWS stand side by side: as many in each row, but all that endpoints lead to in the first."""
    rows = -(-len(services) // MOST_CHIPS) or 1
    with_endpoints = max((place + 1 for place, one in enumerate(in_order(services)) if one.endpoints), default=0)
    return max(-(-len(services) // rows), with_endpoints, 4)


def chips(layout: Layout, services: Sequence[Regional]) -> list[Box]:
    """Cut the width for services of AWS."""
    whole = Box(layout.inner.x + style.INSET, 0, layout.inner.width - 2 * style.INSET, 0)
    return shares(whole, [1.0] * in_a_row(services), BETWEEN_CHIPS)


def endpoints(layout: Layout, services: Sequence[Regional], y: float) -> float:
    """Put the VPC endpoints at the bottom of the VPC, each above the service that it leads to."""
    boxes = chips(layout, services)
    pairs = [(service, box) for service, box in zip(in_order(services), boxes, strict=False) if service.endpoints]
    if not pairs:
        return y
    texts = [tuple(content.endpoints(one.endpoints, panels.room(box, icon=False))) for one, box in pairs]
    height = max(content.height(lines) for lines in texts) + 16
    for (service, box), lines in zip(pairs, texts, strict=True):
        place = Box(box.x, y + 40, box.width, height)
        layout.add(Panel(endpoints_to(service.key), place, lines, "", style.PRIVATE_WAY))
    all_gateways = all(one.gateway for service, _ in pairs for one in service.endpoints)
    right = pairs[-1][1].right + style.INSET if all_gateways else layout.inner.right
    layout.endpoints = Box(layout.inner.x, y, right - layout.inner.x, 40 + height + 14)
    return layout.endpoints.bottom + style.GAP


def regional(layout: Layout, services: Sequence[Regional], y: float) -> float:
    """Put the services outside of the VPC below it, in rows; return the lower edge of all."""
    if not services:
        return y
    boxes, services = chips(layout, services), in_order(services)
    room = panels.room(boxes[0], tall=True)
    texts = [tuple(content.regional(service, room)) for service in services]
    height = max(panels.height(lines, tall=True) for lines in texts)
    top = y + style.GAP
    for place, (service, lines) in enumerate(zip(services, texts, strict=True)):
        column, above = boxes[place % len(boxes)], place // len(boxes)
        box = Box(column.x, top + above * (height + BETWEEN_CHIPS), column.width, height)
        layout.add(Panel(service.key, box, lines, service.key, style.MUTED, tall=True))
    bottom = max(layout.box(service.key).bottom for service in services) + 36
    layout.regional = Box(style.MARGIN, y, layout.width - 2 * style.MARGIN, bottom - y)
    return bottom
