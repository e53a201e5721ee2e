"""How wide text is, by an estimate that is rather too wide: fonts differ, and a drawing cannot ask."""

import re
from collections.abc import Callable, Iterator

# Advance widths of Helvetica and Arial in thousandths of the size, from space to tilde.
# Source: Adobe's font metrics for Helvetica (public).
_ASCII = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_NARROW = {"·": 333}
_OTHER = 1000
_BOLD = 1.1
_SPARE = 1.12  # other fonts are wider than Helvetica
ELLIPSIS, DOT = "…", " · "


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Width in pixels of one line at a font size in pixels."""
    units = sum(_advance(character) for character in text)
    return units / 1000 * size * _SPARE * (_BOLD if bold else 1)


def fit(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, or as much of its beginning as there is room for, with an ellipsis."""
    if not text or width(text, size, bold=bold) <= room:
        return text
    kept = text
    while kept and width(kept + ELLIPSIS, size, bold=bold) > room:
        kept = kept[:-1]
    return kept.rstrip(" ·,") + ELLIPSIS


def wrap(text: str, room: float, size: float, *, bold: bool = False, most: int = 2) -> list[str]:
    """The text in at most so many lines, broken where it hurts least; what is too much ends in an ellipsis."""
    lines: list[str] = []
    for glue, piece in _pieces(text, lambda part: width(part, size, bold=bold) <= room):
        longer = f"{lines[-1]}{glue}{piece}" if lines else piece
        if not lines or (len(lines) < most and width(longer, size, bold=bold) > room):
            lines.append(piece)
        else:
            lines[-1] = longer
    return [fit(line, room, size, bold=bold) for line in lines]


def _pieces(text: str, fits: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """What stays together, each with what parts it from the one before: between dots, else words, else less."""
    for place, part in enumerate(text.split(DOT)):
        glue = DOT if place else ""
        words = [part] if fits(part) else part.split()
        for word in words:
            for piece in [word] if fits(word) else re.split(r"(?<=[./:-])", word):
                yield glue, piece
                glue = ""
            glue = " "


def _advance(character: str) -> int:
    place = ord(character) - 32
    return _ASCII[place] if 0 <= place < len(_ASCII) else _NARROW.get(character, _OTHER)
