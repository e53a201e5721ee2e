"""A panel: a thing on the drawing with a name, an icon and some lines of text."""

from collections.abc import Sequence
from dataclasses import dataclass

from generator.diagram.drawing import content, style
from generator.diagram.drawing.content import Line
from generator.diagram.drawing.shapes import Box

PAD, ICON, BESIDE = 12.0, 18.0, 26.0


@dataclass(frozen=True)
class Panel:
    """A box with text. The icon stands beside its lines, or above them where there is little room (`tall`)."""

    key: str
    box: Box
    lines: tuple[Line, ...]
    icon: str
    colour: str
    tall: bool = False
    dashed: bool = False

    @property
    def text_x(self) -> float:
        """Where its lines begin."""
        return self.box.x + PAD + (0 if self.tall or not self.icon else BESIDE)

    @property
    def text_y(self) -> float:
        """The upper edge of its first line."""
        if self._one_line:
            return self.box.y + (self.box.height - content.height(self.lines)) / 2
        return self.box.y + PAD + (ICON + 6 if self.tall else 0)

    @property
    def icon_y(self) -> float:
        """The upper edge of its icon."""
        return self.box.y + (self.box.height - ICON) / 2 if self._one_line else self.box.y + PAD - 1

    @property
    def _one_line(self) -> bool:
        return len(self.lines) == 1 and not self.tall


def room(box: Box, *, tall: bool = False, icon: bool = True) -> float:
    """Width for text in a panel."""
    return box.width - 2 * PAD - (0 if tall or not icon else BESIDE)


def height(lines: Sequence[Line], *, tall: bool = False) -> float:
    """Height that a panel needs for its text."""
    return content.height(lines) + 2 * PAD + (ICON + 6 if tall else 0)


def pill(key: str, box: Box, text: str, icon: str, colour: str) -> Panel:
    """A small panel of one line."""
    return Panel(key, box, (Line(text, style.BODY),), icon, colour)
