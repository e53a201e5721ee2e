"""The inside of the VPC: tiers of subnets, and what stands in them or spans them."""

from collections.abc import Callable, Sequence

from generator.diagram.drawing import content, panels, style
from generator.diagram.drawing.layout import Cell, Layout, weight
from generator.diagram.drawing.measure import width
from generator.diagram.drawing.panels import Panel
from generator.diagram.drawing.plan import Plan, Way
from generator.diagram.drawing.rows import Row
from generator.diagram.drawing.shapes import Box, shares
from generator.diagram.model import Kind, Store

NAT_WIDTH, NAT_SHORT, STORE_WIDTH = 140.0, 84.0, 460.0
NARROW = 280.0  # a subnet with little room
LOOKS = {Kind.DATABASE: ("database", style.DATABASE), Kind.BROKER: ("queue", style.BROKER)}


def put(layout: Layout, row: Row, plan: Plan, nats: Sequence[str], y: float) -> float:
    """Put one tier at `y` and below; return its lower edge."""
    columns = layout.columns(len(row.columns))
    labels = [
        tuple(line for subnet in column for line in content.subnet(subnet, box.width - 24))
        for column, box in zip(row.columns, columns, strict=True)
    ]
    start = y + max((content.height(lines) + 17 for lines in labels), default=0)
    bottom = start
    parts: list[Callable[[float], float]] = [
        lambda top: _balancers(layout, row, top),
        lambda top: _nats(layout, row, columns, nats, top),
        lambda top: _cluster(layout, row, plan, top),
        lambda top: _stores(layout, row.stores, top),
    ]
    for part in parts:
        bottom = part(bottom)
    bottom = max(bottom - style.GAP + style.INSET, start + style.INSET)
    layout.cells += [
        Cell(Box(box.x, y, box.width, bottom - y), column[0].tier, lines)
        for column, box, lines in zip(row.columns, columns, labels, strict=True)
        if column
    ]
    return bottom


def lane_above(layout: Layout, plan: Plan, level: int) -> float:
    """Height of a lane above the services, counted from them."""
    return layout.box(plan.cards[0].key).y - 20 - level * style.LANE


def lane_below(cluster: Box, level: int) -> float:
    """Height of a lane below the services, counted from them."""
    return cluster.bottom + 20 + level * style.LANE


def _spanning(layout: Layout, y: float) -> Box:
    """What spans all zones."""
    return Box(layout.inner.x + style.INSET, y, layout.inner.width - 2 * style.INSET, 0)


def _balancers(layout: Layout, row: Row, y: float) -> float:
    if not row.balancers:
        return y
    boxes = shares(_spanning(layout, y), [1.0] * len(row.balancers), style.GAP)
    texts = [tuple(content.balancer(one, panels.room(box))) for one, box in zip(row.balancers, boxes, strict=True)]
    height = max(panels.height(lines) for lines in texts)
    for one, box, lines in zip(row.balancers, boxes, texts, strict=True):
        layout.add(Panel(one.key, Box(box.x, y, box.width, height), lines, "balancer", style.FRONT))
    return y + height + style.GAP


def _nats(layout: Layout, row: Row, columns: Sequence[Box], nats: Sequence[str], y: float) -> float:
    """NAT gateways, each in its own zone, with room for a line above them."""
    found = [
        (column, [key for key in nats if key in {subnet.key for subnet in subnets}])
        for column, subnets in zip(columns, row.columns, strict=True)
    ]
    if not any(keys for _, keys in found):
        return y
    for column, keys in found:
        one, text = (NAT_WIDTH, "NAT gateway") if column.width > NARROW else (NAT_SHORT, "NAT")
        left = column.middle - (one + 6) * len(keys) / 2 + 3
        for place, key in enumerate(keys):
            box = Box(left + place * (one + 6), y + 12, one, 32)
            layout.nats.append(panels.pill(f"NAT {place} of {key}", box, text, "nat", style.OUTWARD))
    return y + 44 + style.GAP


def _cluster(layout: Layout, row: Row, plan: Plan, y: float) -> float:
    """The services side by side, with lanes above them inside the cluster, and lanes below it."""
    if not row.has_services:
        return y
    y += 24 if row.balancers or layout.nats else 0
    above = len(plan.going(Way.UP)) + max(len(plan.front) - 1, 0)
    outer = _spanning(layout, y)
    top = y + 40 + (above * style.LANE + 4 if above else 0)
    inside = Box(outer.x + style.GAP, top, outer.width - 2 * style.GAP, 0)
    boxes = shares(inside, [weight(len(card.services)) for card in plan.cards], style.GAP)
    tall = any(
        width(card.name, style.HEADING, bold=True) > panels.room(box)
        for card, box in zip(plan.cards, boxes, strict=True)
    )
    texts = []
    for card, box in zip(plan.cards, boxes, strict=True):
        room = panels.room(box, tall=tall)
        texts.append((*content.heading(card.name, room, most=2), *content.card(card, room)))
    heights = [panels.height(lines, tall=tall) for lines in texts]
    height = max(heights)
    alone = max((one for one, card in zip(heights, plan.cards, strict=True) if len(card.services) == 1), default=0)
    for card, box, lines in zip(plan.cards, boxes, texts, strict=True):
        icon = "workers" if card.services[0].is_worker else "container"
        place = Box(box.x, top, box.width, height if len(card.services) > 1 else alone)
        layout.add(Panel(card.key, place, lines, icon, style.BETWEEN, tall=tall))
    layout.cluster = Box(outer.x, y, outer.width, top + height + style.GAP - y)
    return layout.cluster.bottom + _gutter(plan)


def _gutter(plan: Plan) -> float:
    """Room below the services for lanes, and for the labels of arrows that go straight down."""
    below = len(plan.going(Way.DOWN, Way.ENDPOINTS, Way.QUEUES))
    straight = any(lane.whole and lane.way is Way.DOWN for lane in plan.lanes)
    return max(below * style.LANE + (10 if below else 0) + (36 if straight else 12 if below else 0), style.GAP)


def _stores(layout: Layout, stores: Sequence[Store], y: float) -> float:
    if not stores:
        return y
    outer = _spanning(layout, y)
    inside = Box(outer.x + style.INSET, y, outer.width - 2 * style.INSET, 0)
    if len(stores) == 1:
        inside = Box(outer.middle - STORE_WIDTH / 2, y, STORE_WIDTH, 0)
    boxes = shares(inside, [1.0] * len(stores), style.GAP)
    texts = [tuple(content.store(one, panels.room(box))) for one, box in zip(stores, boxes, strict=True)]
    height = max(panels.height(lines) for lines in texts)
    for one, box, lines in zip(stores, boxes, texts, strict=True):
        layout.add(Panel(one.key, Box(box.x, y + style.INSET, box.width, height), lines, *LOOKS[one.kind]))
    layout.data = Box(outer.x, y, outer.width, height + 2 * style.INSET)
    return layout.data.bottom + style.GAP
