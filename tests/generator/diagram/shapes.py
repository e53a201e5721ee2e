"""A drawing read back from its SVG: boxes with their text, and arrows as the points that they go through."""

import re
from dataclasses import dataclass
from itertools import pairwise
from xml.etree import ElementTree as ET

from generator.diagram.drawing.measure import width
from generator.diagram.drawing.shapes import Box

NAMESPACE = "{http://www.w3.org/2000/svg}"
PAIR = re.compile(r"(-?[\d.]+),(-?[\d.]+)")


@dataclass(frozen=True)
class Written:
    """A text with the box that its estimated width gives it."""

    text: str
    box: Box


@dataclass(frozen=True)
class Group:
    """What belongs together: a box, and what is written in it."""

    kind: str
    box: Box
    texts: tuple[Written, ...]


@dataclass(frozen=True)
class Arrow:
    """One arrow and what it says when pointed at."""

    title: str
    paths: tuple[tuple[tuple[float, float], ...], ...]

    @property
    def segments(self) -> list[Box]:
        """Each straight part of it, as a box without width or without height."""
        return [
            Box(min(a, c), min(b, d), abs(a - c), abs(b - d))
            for path in self.paths
            for (a, b), (c, d) in pairwise(path)
        ]


@dataclass(frozen=True)
class Drawing:
    """Everything on it."""

    page: Box
    title: str
    description: str
    groups: tuple[Group, ...]
    arrows: tuple[Arrow, ...]

    def of(self, *kinds: str) -> list[Group]:
        """Groups of some kinds."""
        return [group for group in self.groups if group.kind in kinds]

    @property
    def texts(self) -> list[str]:
        """Everything that is written."""
        return [text.text for group in self.groups for text in group.texts]


def read(svg: str) -> Drawing:
    """Read a drawing. Raises ParseError when it is not well-formed."""
    top = ET.fromstring(svg)  # noqa: S314 - our own text
    groups = [one for one in top.iter(f"{NAMESPACE}g") if one.get("class") != "arrow"]
    arrows = [one for one in top.iter(f"{NAMESPACE}g") if one.get("class") == "arrow"]
    return Drawing(
        Box(0, 0, float(top.attrib["width"]), float(top.attrib["height"])),
        top.findtext(f"{NAMESPACE}title") or "",
        top.findtext(f"{NAMESPACE}desc") or "",
        tuple(_group(one) for one in groups),
        tuple(_arrow(one) for one in arrows),
    )


def overlap(one: Box, other: Box, spare: float = 0.5) -> bool:
    """Whether two boxes share more than an edge."""
    return (
        one.x < other.right - spare
        and other.x < one.right - spare
        and one.y < other.bottom - spare
        and other.y < one.bottom - spare
    )


def crosses(line: Box, box: Box, spare: float = 1) -> bool:
    """Whether a straight line goes through a box, not along its edge."""
    across = line.x < box.right - spare and box.x + spare < line.right + 0.01
    return across and line.y < box.bottom - spare and box.y + spare < line.bottom + 0.01


def along(line: Box, other: Box, spare: float = 3) -> bool:
    """Whether two straight lines run one on the other for a while."""
    upright = line.width == other.width == 0 and abs(line.x - other.x) < spare
    level = line.height == other.height == 0 and abs(line.y - other.y) < spare
    down = min(line.bottom, other.bottom) - max(line.y, other.y)
    across = min(line.right, other.right) - max(line.x, other.x)
    return (upright and down > spare) or (level and across > spare)


def within(inner: Box, outer: Box) -> bool:
    """Whether a box lies in another."""
    return (
        inner.x >= outer.x
        and inner.right <= outer.right
        and inner.y >= outer.y - 0.5
        and inner.bottom <= outer.bottom + 0.5
    )


def _group(group: ET.Element) -> Group:
    (rectangle,) = group.findall(f"{NAMESPACE}rect")
    x, y, wide, high = (float(rectangle.attrib[name]) for name in ("x", "y", "width", "height"))
    texts = tuple(_written(text) for text in group.findall(f"{NAMESPACE}text"))
    return Group(group.get("class") or "", Box(x, y, wide, high), texts)


def _written(text: ET.Element) -> Written:
    x, y, size = (float(text.attrib[name]) for name in ("x", "y", "font-size"))
    wide = width(text.text or "", size, bold=text.get("font-weight") == "600")
    left = x - {"middle": wide / 2, "end": wide}.get(text.get("text-anchor") or "", 0)
    return Written(text.text or "", Box(left, y - 0.8 * size, wide, size))


def _arrow(group: ET.Element) -> Arrow:
    paths = [
        tuple((float(x), float(y)) for x, y in PAIR.findall(path.attrib["d"]))
        for path in group.iter(f"{NAMESPACE}path")
    ]
    return Arrow(group.findtext(f"{NAMESPACE}title") or "", tuple(dict.fromkeys(paths)))
