"""One arrow: its ways, and where its label stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from generator.diagram.drawing.layout import Layout
from generator.diagram.drawing.measure import width
from generator.diagram.drawing.shapes import Box, Span, clear

Point = tuple[float, float]
Path = tuple[Point, ...]
LABEL = 11.0


@dataclass(frozen=True)
class Route:
    """One arrow, from one place or from several. Its label stands at `label_at`, or finds a place on its `lane`."""

    title: str
    colour: str
    paths: tuple[Path, ...]
    label: str = ""
    label_at: Point | None = None
    lane: tuple[float, float] | None = None
    """Height of the part that runs across, and where on it the label had best stand."""
    dashed: bool = False


def label_box(route: Route) -> Box | None:
    """Return where a route's label stands."""
    if not (route.label and route.label_at):
        return None
    wide = width(route.label, LABEL, bold=True) + 12
    return Box(route.label_at[0] - wide / 2, route.label_at[1] - 9, wide, 18)


def labels(layout: Layout) -> list[Span]:
    """Where labels of subnets stand, from left to right."""
    return [cell.label.span for cell in layout.cells]


def placed(route: Route, every: Sequence[Route]) -> Route:
    """Put a lane's label where nothing crosses it, near where it had best be."""
    if not (route.lane and route.label):
        return route
    y, wish = route.lane
    across = [x for path in route.paths for x, height in path if height == y]
    half = width(route.label, LABEL, bold=True) / 2 + 6
    crossing = [(x, x) for other in every for path in other.paths for x in _crossings(path, y)]
    room = (min(across) + half, max(across) - half)
    x = clear(wish, room, crossing, spare=half + 4) if room[0] <= room[1] else wish
    return replace(route, label_at=(x, y))


def _crossings(path: Path, y: float) -> Iterator[float]:
    for (x, start), (_, end) in pairwise(path):
        if start != end and min(start, end) <= y <= max(start, end):
            yield x
