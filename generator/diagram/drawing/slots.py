"""Where on the edge of a card each arrow begins or ends, so that no two share a place and few cross."""

from collections.abc import Sequence

from generator.diagram.drawing.layout import Layout
from generator.diagram.drawing.plan import Lane, Plan, Way

FRONT = 26.0  # from a card's left edge to the arrow that comes straight down to it, left of what stands in the way
Slots = dict[tuple[str, object], float]
"""From left to right in pixels, by card and by lane, or by load balancer."""


def levels(plan: Plan) -> list[Lane]:
    """Lanes above the cards from the nearest up: what has many arrows is near, since those would cross the others."""
    return sorted(plan.going(Way.UP), key=lambda lane: -len(lane.sources))


def above(layout: Layout, plan: Plan) -> Slots:
    """Places on the upper edges. A lane that leaves to the right does so on the right of those that stay."""
    order = [card.key for card in plan.cards]
    found: Slots = {}
    for place, card in enumerate(order):
        entries: list[tuple[tuple[int, int], object]] = [
            ((-1, 0), balancer) for balancer, target, _ in plan.front if target == card
        ]
        for level, lane in enumerate(levels(plan)):
            ends = [order.index(key) for key in (*lane.sources, lane.target) if key in order]
            if place in ends:
                entries.append((_side(place, ends, level), lane))
        found |= _spread(layout, card, [what for _, what in sorted(entries, key=lambda entry: entry[0])])
    for balancer, target, _ in plan.front[:1]:
        found[target, balancer] = min(found[target, balancer], layout.box(target).x + FRONT)
    return found


def below(layout: Layout, plan: Plan) -> Slots:
    """Places on the lower edges, in the order of the lanes."""
    lanes = plan.going(Way.DOWN, Way.ENDPOINTS, Way.QUEUES)
    found: Slots = {}
    for card in plan.cards:
        found |= _spread(layout, card.key, [lane for lane in lanes if card.key in lane.sources])
    return found


def _side(place: int, ends: Sequence[int], level: int) -> tuple[int, int]:
    """Order on one card: lanes that start here to the right, highest first; those that pass; those that end here."""
    if place == min(ends):
        return 0, -level
    return (2, level) if place == max(ends) else (1, level)


def _spread(layout: Layout, card: str, entries: Sequence[object]) -> Slots:
    box = layout.box(card)
    step = box.width / (len(entries) + 1)
    return {(card, entry): box.x + step * (place + 1) for place, entry in enumerate(entries)}
