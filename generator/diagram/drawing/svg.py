"""Elements of SVG, and a document of them: plain, without anything from elsewhere."""

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from generator.diagram.drawing import style
from generator.diagram.drawing.shapes import Box

Element = ET.Element
NOT_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
CORNER = 7.0


def element(tag: str, *children: Element, text: str = "", **attributes: str | float) -> Element:
    """One element. `font_size` is the attribute font-size; a trailing underscore is left out, as in `class_`."""
    given = {name.rstrip("_").replace("_", "-"): _value(value) for name, value in attributes.items()}
    made = Element(tag, given)
    made.text = NOT_XML.sub("", text) or None
    made.extend(children)
    return made


def document(width: float, height: float, title: str, description: str, children: Iterable[Element]) -> str:
    """The whole drawing as text."""
    top = element(
        "svg",
        element("title", text=title, id="title"),
        element("desc", text=description, id="description"),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        role="img",
        aria_labelledby="title description",
        font_family=style.FONT,
    )
    ET.indent(top, " ")
    return ET.tostring(top, encoding="unicode") + "\n"


def rectangle(box: Box, fill: str, stroke: str, *, radius: float = 8, dashed: bool = False, **more: str) -> Element:
    """A box with round corners."""
    dashes = {"stroke_dasharray": "5 4"} if dashed else {}
    return element(
        "rect",
        x=box.x,
        y=box.y,
        width=box.width,
        height=box.height,
        rx=radius,
        fill=fill,
        stroke=stroke,
        **dashes,
        **more,
    )


def write(text: str, x: float, y: float, size: float, colour: str, *, bold: bool = False, anchor: str = "") -> Element:
    """One line of text on the base line `y`."""
    weight = {"font_weight": "600"} if bold else {}
    ends = {"text_anchor": anchor} if anchor else {}
    return element("text", text=text, x=x, y=y, font_size=size, fill=colour, **weight, **ends)


def group(kind: str, *children: Element, title: str = "") -> Element:
    """Elements that belong together, with a name that shows when pointed at."""
    named = [element("title", text=title)] if title else []
    return element("g", *named, *children, class_=kind)


def bent(points: Sequence[tuple[float, float]]) -> str:
    """A path along points, its corners rounded."""
    points = [point for place, point in enumerate(points) if place == 0 or point != points[place - 1]]
    parts = [f"M{_pair(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        parts.append(f"L{_pair(_towards(corner, before))}Q{_pair(corner)} {_pair(_towards(corner, after))}")
    return "".join((*parts, f"L{_pair(points[-1])}"))


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """A point a little way from a corner to its neighbour."""
    across, down = other[0] - corner[0], other[1] - corner[1]
    length = max(abs(across), abs(down)) or 1
    share = min(CORNER, length / 2) / length
    return corner[0] + across * share, corner[1] + down * share


def _pair(point: tuple[float, float]) -> str:
    return f"{_value(point[0])},{_value(point[1])}"


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{round(value, 1):g}"
