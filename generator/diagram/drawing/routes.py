"""Every arrow: which way each takes, round everything that it does not mean."""

from collections.abc import Iterator, Mapping

from generator.diagram.drawing import slots, style
from generator.diagram.drawing.lanes import lanes
from generator.diagram.drawing.layout import GATEWAY, INTERNET, Layout, clients_of, endpoints_to
from generator.diagram.drawing.plan import Plan, Way
from generator.diagram.drawing.route import Path, Route, labels, placed
from generator.diagram.drawing.shapes import Box, clear
from generator.diagram.drawing.tiers import lane_above
from generator.diagram.model import ENDPOINTS, Architecture, Tier

ASIDE = 5.0  # between arrows that leave a load balancer


def routes(architecture: Architecture, layout: Layout, plan: Plan) -> list[Route]:
    """Every arrow of the drawing, labels in their places."""
    names = _names(architecture, plan)
    found = [
        *_entrances(architecture, layout),
        *_front(layout, plan, names),
        *lanes(architecture, layout, plan, names),
        *_outward(architecture, layout),
        *_to_regional(architecture, layout),
    ]
    return [placed(route, found) for route in found]


def _names(architecture: Architecture, plan: Plan) -> Mapping[str, str]:
    return {
        ENDPOINTS: "VPC endpoints",
        **{balancer.key: balancer.name for balancer in architecture.load_balancers},
        **{store.key: store.name for store in architecture.stores},
        **{service.key: service.name for service in architecture.regional},
        **{card.key: card.name for card in plan.cards},
    }


def _entrances(architecture: Architecture, layout: Layout) -> Iterator[Route]:
    for balancer in architecture.load_balancers:
        if balancer.allowed:
            people, box = layout.box(clients_of(balancer.key)), layout.box(balancer.key)
            taken = [*labels(layout), *(nat.box.span for nat in layout.nats if nat.box.y < box.y)]
            x = clear(people.middle, (max(people.x, box.x) + 20, min(people.right, box.right) - 20), taken)
            middle = (people.bottom + layout.vpc.y) / 2
            title = f"{', '.join(balancer.allowed)} to {balancer.name}: {balancer.entrance}"
            yield Route(title, style.FRONT, (((x, people.bottom), (x, box.y)),), balancer.entrance, (x, middle))


def _front(layout: Layout, plan: Plan, names: Mapping[str, str]) -> Iterator[Route]:
    """From load balancers to the services behind them: the first straight down, others round the subnets' left."""
    places, up = slots.above(layout, plan), len(plan.going(Way.UP))
    for number, (balancer, target, label) in enumerate(plan.front):
        box, card = layout.box(balancer), layout.box(target)
        x = places[target, balancer]
        title = f"{names[balancer]} to {names[target]}: {label}"
        if number == 0:
            top = layout.cluster.y if layout.cluster else card.y
            yield Route(title, style.FRONT, (((x, box.bottom), (x, card.y)),), label, (x, top - 16))
            continue
        y = lane_above(layout, plan, up + number - 1)
        channel, start = layout.left_channel - ASIDE * (number - 1), box.bottom - 6 - ASIDE * number
        path: Path = ((box.x, start), (channel, start), (channel, y), (x, y), (x, card.y))
        yield Route(title, style.FRONT, (path,), label, lane=(y, x - 50))


def _outward(architecture: Architecture, layout: Layout) -> Iterator[Route]:
    """From the services to the internet: through NAT gateways, or from public addresses."""
    network = architecture.network
    if not network.internet_gateway or GATEWAY not in layout.panels:
        return
    gateway, world = layout.box(GATEWAY), layout.box(INTERNET)
    middle, channel, high = gateway.middle, layout.right_channel, gateway.bottom + 12
    yield _dashed("Internet gateway to the internet", ((middle, gateway.y), (middle, world.bottom)))
    up: Path = ((channel, high), (middle, high), (middle, gateway.bottom))
    tiers = {subnet.key: subnet.tier for subnet in network.subnets}
    used = {tiers.get(key) for service in architecture.services for key in service.subnets}
    cluster = layout.cluster
    for nat in layout.nats:
        x, y = nat.box.middle, nat.box.y
        yield _dashed("NAT gateway to the internet", ((x, y), (x, y - 8), (channel, y - 8), *up))
        if cluster and Tier.PRIVATE in used and cluster.y > nat.box.bottom:
            yield _dashed("Services to the internet, through NAT", _to_nat(architecture, layout, cluster, nat.box))
    if cluster and Tier.PUBLIC in used and any(service.public_address for service in architecture.services):
        y = cluster.y + 20
        yield _dashed("Services to the internet, from public addresses", ((cluster.right, y), (channel, y), *up))


def _to_nat(architecture: Architecture, layout: Layout, cluster: Box, nat: Box) -> Path:
    """Straight up, or by the right where a load balancer stands between."""
    between = (layout.box(one.key).y for one in architecture.load_balancers)
    if any(nat.bottom < y < cluster.y for y in between):
        y, low, channel = cluster.y + 20, nat.bottom + 9, layout.right_channel
        return (cluster.right, y), (channel, y), (channel, low), (nat.middle, low), (nat.middle, nat.bottom)
    x = clear(nat.middle, (nat.x + 12, nat.right - 12), labels(layout))
    return (x, cluster.y), (x, nat.bottom)


def _dashed(title: str, path: Path) -> Route:
    return Route(title, style.OUTWARD, (path,), dashed=True)


def _to_regional(architecture: Architecture, layout: Layout) -> Iterator[Route]:
    for service in architecture.regional:
        panel = layout.panels.get(endpoints_to(service.key))
        if panel and service.key in layout.panels:
            box = panel.box
            path = ((box.middle, box.bottom), (box.middle, layout.box(service.key).y))
            yield Route(f"VPC endpoint to {service.name}", style.PRIVATE_WAY, (path,))
