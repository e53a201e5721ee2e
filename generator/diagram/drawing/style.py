"""Sizes in pixels, and colours; each text colour has a contrast of 4.5 and more on what it stands on."""

from typing import Final

from generator.diagram.model import Tier

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

WIDTH: Final = 1080.0  # no narrower; many services make it wider
MARGIN: Final = 24.0
PADDING: Final = 28.0  # inside the VPC, with room for a line on either side
INSET: Final = 14.0
GAP: Final = 16.0
BETWEEN_ZONES: Final = 26.0
LANE: Final = 24.0  # from one lane of arrows to the next
LINE: Final = 1.35  # height of a line of text, by its size

TITLE: Final = 21.0
HEADING: Final = 13.5
BODY: Final = 12.0
SMALL: Final = 11.5

TEXT: Final = "#1f2328"
MUTED: Final = "#57606a"
PAPER: Final = "#ffffff"
BORDER: Final = "#d0d7de"
FAINT: Final = "#f6f8fa"
FRAME: Final = "#6e7781"

FRONT: Final = "#1f2328"
BETWEEN: Final = "#8250df"
DATABASE: Final = "#0550ae"
BROKER: Final = "#9a3412"
PRIVATE_WAY: Final = "#0f766e"
OUTWARD: Final = "#57606a"

# Fill and line of a subnet.
TIERS: Final = {
    Tier.PUBLIC: ("#eaf6ec", "#2f7d46"),
    Tier.PRIVATE: ("#e9f1fb", "#2563a8"),
    Tier.ISOLATED: ("#f2eefb", "#6b46a8"),
    Tier.EXISTING: ("#f3f4f6", "#57606a"),
}
