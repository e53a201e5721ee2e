"""The arrows between services, and from them to what they reach: by lanes above and below their cards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from generator.diagram.drawing import slots, style
from generator.diagram.drawing.layout import Layout
from generator.diagram.drawing.plan import Lane, Plan, Way
from generator.diagram.drawing.route import Point, Route, labels
from generator.diagram.drawing.shapes import Box, clear
from generator.diagram.drawing.tiers import lane_above, lane_below
from generator.diagram.model import Architecture, Kind

COLOURS = {Way.UP: style.BETWEEN, Way.ENDPOINTS: style.PRIVATE_WAY, Way.QUEUES: style.BROKER}


def lanes(architecture: Architecture, layout: Layout, plan: Plan, names: Mapping[str, str]) -> Iterator[Route]:
    """One arrow for each lane; `names` are those of everything by key."""
    kinds = {store.key: store.kind for store in architecture.stores}
    stores = {Kind.DATABASE: style.DATABASE, Kind.BROKER: style.BROKER}
    ways = _Ways(layout, plan)
    for lane in plan.lanes:
        colour = COLOURS[lane.way] if lane.way in COLOURS else stores[kinds[lane.target]]
        sources = "Every service" if lane.whole else ", ".join(names[key] for key in lane.sources)
        title = f"{sources} to {names.get(lane.target, lane.target)}: {lane.label}"
        yield replace(ways.of(lane), title=title, colour=colour)


class _Ways:
    """Ways between the services' cards and what they reach; it remembers what is taken."""

    def __init__(self, layout: Layout, plan: Plan) -> None:
        self.layout, self.plan = layout, plan
        self.above, self.below = slots.above(layout, plan), slots.below(layout, plan)
        self.up, self.down = slots.levels(plan), plan.going(Way.DOWN, Way.ENDPOINTS, Way.QUEUES)
        self.taken: list[float] = []

    def of(self, lane: Lane) -> Route:
        """Return the way of one lane, without title and colour."""
        if lane.way is Way.UP:
            return self._up(lane)
        if lane.way is Way.DOWN:
            return self._straight(lane) if lane.whole else self._down(lane)
        return self._aside(lane)

    def _up(self, lane: Lane) -> Route:
        """Up to a lane above the cards, along it, and down to a card, or on to what stands above."""
        layout = self.layout
        y = lane_above(layout, self.plan, self.up.index(lane))
        target = layout.box(lane.target)
        first = self.above[lane.sources[0], lane]
        inside = (lane.target, lane) in self.above
        taken = [*labels(layout), *(nat.box.span for nat in layout.nats)]
        x = self.above[lane.target, lane] if inside else clear(first, (target.x + 40, target.right - 40), taken)
        end = (x, target.y if inside else target.bottom)
        starts = [(self.above[key, lane], layout.box(key).y) for key in lane.sources]
        side = 1 if starts[0][0] >= x else -1
        return _along(lane, starts, y, [end], x + side * 40)

    def _down(self, lane: Lane) -> Route:
        box = self.layout.box(lane.target)
        if box.y < self._bottom():
            return self._back(lane, box)
        starts = [(self.below[key, lane], self.layout.box(key).bottom) for key in lane.sources]
        x = self._arrival(lane, box, 20, starts[0][0] if len(starts) == 1 else box.middle)
        return _along(lane, starts, self._y(lane), [(x, box.y)], x)

    def _straight(self, lane: Lane) -> Route:
        """From all services together."""
        box, bottom = self.layout.box(lane.target), self._bottom()
        if box.y < bottom:
            return self._back(lane, box)
        x = self._arrival(lane, box, 90, box.middle)
        y = bottom + len(self.down) * style.LANE + (10 if self.down else 0) + 18
        return Route("", "", (((x, bottom), (x, box.y)),), f"{lane.label} · every service", (x, y))

    def _back(self, lane: Lane, box: Box) -> Route:
        """Up to a store that stands above the services."""
        cluster = self.layout.cluster or self.layout.vpc
        x = self._arrival(lane, box, 40, box.middle)
        return Route("", "", (((x, cluster.y), (x, box.bottom)),), lane.label, (x, (cluster.y + box.bottom) / 2))

    def _aside(self, lane: Lane) -> Route:
        """Round the tiers below, on their left to the queues, on their right to the endpoints."""
        layout, left = self.layout, lane.way is Way.QUEUES
        channel = layout.left_channel if left else layout.right_channel
        end = self._beside(lane)
        if lane.whole and layout.cluster:
            start = layout.cluster.x if left else layout.cluster.right
            y = self._bottom() - 24
            return Route("", "", (((start, y), (channel, y), (channel, end[1]), end),))
        starts = [(self.below[key, lane], layout.box(key).bottom) for key in lane.sources]
        y = self._y(lane)
        wish = starts[0][0] - 40 if left else starts[-1][0] + 40
        return _along(lane, starts, y, [(channel, end[1]), end], wish, across=channel)

    def _beside(self, lane: Lane) -> Point:
        if lane.way is Way.QUEUES:
            box = self.layout.box(lane.target)
            return box.x, box.y + 24
        box = self.layout.endpoints or self.layout.vpc
        return box.right, box.y + 20

    def _arrival(self, lane: Lane, box: Box, spare: float, wish: float) -> float:
        """Where an arrow comes to a store: as wished, but on no label, and not along another arrow."""
        others = [(x - spare, x + spare) for x in self.taken]
        leaving = [(x - 8, x + 8) for (_, other), x in self.below.items() if other != lane]
        x = clear(wish, (box.x + 20, box.right - 20), [*labels(self.layout), *others, *leaving])
        self.taken.append(x)
        return x

    def _y(self, lane: Lane) -> float:
        return lane_below(self.layout.cluster or self.layout.vpc, self.down.index(lane))

    def _bottom(self) -> float:
        return self.layout.cluster.bottom if self.layout.cluster else 0


def _along(
    lane: Lane, starts: Sequence[Point], y: float, rest: Sequence[Point], wish: float, across: float | None = None
) -> Route:
    """From each start to the lane, along it, and by the rest of the way."""
    turn = rest[0][0] if across is None else across
    paths = tuple(((x, start), (x, y), (turn, y), *rest) for x, start in starts)
    return Route("", "", paths, lane.label, lane=(y, wish))
