"""The drawing: what stands where, as SVG."""

from collections.abc import Iterator

from generator.diagram.drawing import style
from generator.diagram.drawing.icons import ICONS
from generator.diagram.drawing.layout import Cell, Layout
from generator.diagram.drawing.measure import fit
from generator.diagram.drawing.panels import ICON, PAD, Panel
from generator.diagram.drawing.route import LABEL, Route, label_box
from generator.diagram.drawing.shapes import Box
from generator.diagram.drawing.svg import Element, bent, document, element, group, rectangle, write
from generator.diagram.model import ENDPOINTS, Architecture

CAPTION = (
    "Solid arrows: who may connect to whom, as security groups and target groups say. Dashed: the way to the internet."
)
ARROW = ((-9, -4.5), (0, 0), (-9, 4.5))


def paint(architecture: Architecture, layout: Layout, routes: list[Route]) -> str:
    """Return the SVG. What lies below comes first."""
    title = architecture.title or "Architecture"
    everything = [
        *_paper(layout, title),
        *_frames(architecture, layout),
        *(_cell(cell) for cell in layout.cells),
        *_containers(architecture, layout),
        *(_arrow(route) for route in routes),
        *(_panel(panel) for panel in (*layout.panels.values(), *layout.nats)),
        *(_label(route, box) for route in routes if (box := label_box(route))),
    ]
    return document(layout.width, layout.height, title, describe(architecture), everything)


def describe(architecture: Architecture) -> str:
    """The drawing in words, for those who do not see it."""
    sentences = [
        f"{_network_name(architecture)}.",
        *(f"{one.name}: {', '.join(filter(None, one.lines))}." for one in architecture.load_balancers),
        *(
            f"{one.name}: {', '.join(filter(None, (one.size, one.tasks, one.capacity)))}."
            for one in architecture.services
        ),
        *(f"{one.name}: {', '.join(one.lines)}." for one in architecture.stores),
        *(f"{one.name}: {', '.join(one.lines)}." for one in architecture.regional if one.lines),
    ]
    return " ".join(sentences)


def _paper(layout: Layout, title: str) -> Iterator[Element]:
    whole = Box(0.5, 0.5, layout.width - 1, layout.height - 1)
    room = layout.width - 2 * style.MARGIN
    yield group(
        "paper",
        rectangle(whole, style.PAPER, style.BORDER, radius=12),
        write(
            fit(title, room, style.TITLE, bold=True),
            style.MARGIN,
            style.MARGIN + 19,
            style.TITLE,
            style.TEXT,
            bold=True,
        ),
        write(fit(CAPTION, room, style.SMALL), style.MARGIN, layout.height - 17, style.SMALL, style.MUTED),
    )


def _frames(architecture: Architecture, layout: Layout) -> Iterator[Element]:
    vpc = layout.vpc
    yield group(
        "vpc",
        rectangle(vpc, style.FAINT, style.FRAME, radius=12, stroke_width="1.5"),
        _heading(_network_name(architecture), vpc.x + 16, vpc.y + 24, vpc.width - 260),
    )
    for name, box in layout.zones:
        yield group(
            "zone",
            rectangle(box, "none", style.FRAME, radius=10, dashed=True),
            write(fit(name, box.width - 20, style.SMALL), box.x + 10, box.y + 16, style.SMALL, style.MUTED),
        )


def _network_name(architecture: Architecture) -> str:
    network = architecture.network
    if network.existing:
        return f"Existing VPC {network.name}".strip()
    return f"VPC {network.cidr}".strip()


def _heading(text: str, x: float, y: float, room: float) -> Element:
    return write(fit(text, room, style.HEADING, bold=True), x, y, style.HEADING, style.TEXT, bold=True)


def _cell(cell: Cell) -> Element:
    fill, line = style.TIERS[cell.tier]
    y, texts = cell.label.y, []
    for one in cell.lines:
        texts.append(write(one.text, cell.box.right - 12, y + one.size, one.size, line, anchor="end"))
        y += one.height
    return group("subnet", rectangle(cell.box, fill, line), *texts)


def _containers(architecture: Architecture, layout: Layout) -> Iterator[Element]:
    if layout.cluster:
        yield group(
            "cluster",
            rectangle(layout.cluster, style.PAPER, style.FRAME, radius=10),
            _at_right(layout.cluster, _cluster_name(architecture)),
        )
    if layout.data:
        yield group("data", rectangle(layout.data, style.PAPER, style.FRAME, radius=10))
    if layout.endpoints:
        box = layout.endpoints
        yield group(
            "endpoints",
            rectangle(box, style.PAPER, style.PRIVATE_WAY, radius=10),
            _heading("VPC endpoints", box.x + 14, box.y + 24, 200),
            _at_right(box, _endpoint_users(architecture)),
        )
    if layout.regional:
        box = layout.regional
        yield group(
            "regional",
            rectangle(box, style.FAINT, style.FRAME, radius=12, stroke_width="1.5"),
            _heading("AWS services of the region", box.x + 16, box.bottom - 14, 400),
            write(_ways(architecture), box.right - 16, box.bottom - 14, style.BODY, style.MUTED, anchor="end"),
        )


def _cluster_name(architecture: Architecture) -> str:
    return f"ECS cluster · {len(architecture.services)} services"


def _at_right(box: Box, text: str) -> Element:
    return write(
        fit(text, box.width - 200, style.BODY), box.right - 14, box.y + 24, style.BODY, style.MUTED, anchor="end"
    )


def _panel(panel: Panel) -> Element:
    y, texts = panel.text_y, []
    for line in panel.lines:
        y += line.before
        colour = style.MUTED if line.muted else style.TEXT
        texts.append(write(line.text, panel.text_x, y + line.size, line.size, colour, bold=line.bold))
        y += line.height - line.before
    icons = [_icon(panel)] if panel.icon in ICONS else []
    box = rectangle(panel.box, style.PAPER, panel.colour, dashed=panel.dashed)
    return group("panel", box, *icons, *texts)


def _icon(panel: Panel) -> Element:
    scale = f"translate({panel.box.x + PAD:g} {panel.icon_y:g}) scale({ICON / 24:g})"
    return element(
        "path",
        d=ICONS[panel.icon],
        transform=scale,
        fill="none",
        stroke=panel.colour,
        stroke_width="2",
        stroke_linecap="round",
        stroke_linejoin="round",
    )


def _arrow(route: Route) -> Element:
    """Its ways, each on a light one that parts it from what it crosses, and a head at the end."""
    line = {"stroke_dasharray": "6 4"} if route.dashed else {}
    ways = [bent(path) for path in route.paths]
    light = [element("path", d=way, fill="none", stroke=style.PAPER, stroke_width="5") for way in ways]
    dark = [element("path", d=way, fill="none", stroke=route.colour, stroke_width="1.6", **line) for way in ways]
    return group("arrow", *light, *dark, _head(route), title=route.title)


def _head(route: Route) -> Element:
    (before_x, before_y), (x, y) = route.paths[0][-2:]
    right, down = _sign(x - before_x), _sign(y - before_y)
    points = " ".join(f"{x + right * a - down * b:g},{y + down * a + right * b:g}" for a, b in ARROW)
    return element("polygon", points=points, fill=route.colour)


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _label(route: Route, box: Box) -> Element:
    return group(
        "label",
        rectangle(box, style.PAPER, route.colour, radius=9),
        write(route.label, box.middle, box.y + 13, LABEL, route.colour, bold=True, anchor="middle"),
    )


def _ways(architecture: Architecture) -> str:
    """How the services of AWS are reached from the VPC."""
    network = architecture.network
    public = any(service.public_address for service in architecture.services)
    ways = [
        *(["VPC endpoints"] if architecture.endpoints else []),
        *(["NAT"] if network.nat_subnets else []),
        *(["public addresses"] if public and network.internet_gateway else []),
    ]
    return f"reached through {' and '.join(ways)}" if ways else ""


def _endpoint_users(architecture: Architecture) -> str:
    """Who may connect to the interface endpoints, and how."""
    found = [reach for reach in architecture.reaches if reach.target == ENDPOINTS]
    labels = ", ".join(dict.fromkeys(reach.label for reach in found))
    names = [service.name for service in architecture.services if service.key in {reach.source for reach in found}]
    everyone = len(names) == len(architecture.services)
    return f"{labels} from {'every service' if everyone else ', '.join(names)}" if names else ""
