"""The whole drawing from the top down: people, the VPC with its tiers, and AWS's services outside of it."""

from generator.diagram.drawing import layout as places
from generator.diagram.drawing import style, tiers
from generator.diagram.drawing.layout import Layout
from generator.diagram.drawing.plan import Plan
from generator.diagram.drawing.rows import Row, rows, zones
from generator.diagram.drawing.shapes import Box, shares
from generator.diagram.model import Architecture

HEADER, FOOTER = 44.0, 44.0


def arrange(architecture: Architecture, plan: Plan) -> Layout:
    """Put everything in its place."""
    network, found = architecture.network, rows(architecture)
    names = zones(network.subnets)
    layout = Layout.of(plan, max(len(row.columns) for row in found), architecture.regional)
    bottom = places.people(
        layout, architecture.load_balancers, _entrances(layout, architecture, found), style.MARGIN + HEADER
    )
    top = max(bottom, style.MARGIN + HEADER + (44 if network.internet_gateway else 0)) + 46
    first = y = top + (68 if names else 42)
    for row in found:
        y = tiers.put(layout, row, plan, network.nat_subnets, y) + style.GAP
    layout.zones = [
        (f"Availability {name}", Box(column.x - 7, first - 27, column.width + 14, y - style.GAP - first + 34))
        for name, column in zip(names, layout.columns(len(names)), strict=True)
    ]
    y = places.endpoints(layout, architecture.regional, y + 4)
    layout.vpc = Box(style.MARGIN, top, layout.width - 2 * style.MARGIN, y + 2 - top)
    if network.internet_gateway:
        places.internet(layout, top - 46)
    layout.height = places.regional(layout, architecture.regional, layout.vpc.bottom + 30) + FOOTER
    return layout


def _entrances(layout: Layout, architecture: Architecture, found: list[Row]) -> list[float]:
    """Where people's arrows shall come in: between two zones, where no label stands; else above the load balancer."""
    number = len(architecture.load_balancers)
    row = next((row for row in found if row.balancers), None)
    columns = layout.columns(len(row.columns)) if row else []
    if number == 1 and len(columns) > 1:
        return [columns[0].right + style.BETWEEN_ZONES / 2]
    return [box.middle for box in shares(layout.inner, [1.0] * number, style.GAP)]
