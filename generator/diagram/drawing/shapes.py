"""Rectangles, and where on a line there is room."""

from collections.abc import Iterable
from dataclasses import dataclass

Span = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, from its top left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """Half way from left to right."""
        return self.x + self.width / 2

    @property
    def span(self) -> Span:
        """From left to right."""
        return self.x, self.right


def shares(whole: Box, weights: list[float], gap: float) -> list[Box]:
    """Cut a box into columns of these weights."""
    unit = (whole.width - gap * (len(weights) - 1)) / (sum(weights) or 1)
    boxes, x = [], whole.x
    for weight in weights:
        boxes.append(Box(x, whole.y, unit * weight, whole.height))
        x += unit * weight + gap
    return boxes


def clear(wish: float, within: Span, taken: Iterable[Span], spare: float = 8) -> float:
    """Return the place nearest to a wish that nothing has taken; the wish itself where there is none."""
    low, high = within
    spans = [(left - spare, right + spare) for left, right in taken]
    candidates = [wish, low, high, *(edge for span in spans for edge in span)]
    free = [
        place for place in candidates if low <= place <= high and not any(left < place < right for left, right in spans)
    ]
    return min(free, key=lambda place: (abs(place - wish), place), default=min(max(wish, low), high))
