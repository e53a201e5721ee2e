"""A terminal that shows what a person would see: it wraps, scrolls, and obeys the few codes that are used."""

from __future__ import annotations

import io
import re

_PIECES = re.compile(r"\x1b\[([\d;]*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)")


class Terminal(io.StringIO):
    """Takes what is written to a terminal; `screen` is what then stands there, all that has scrolled away included."""

    encoding = "utf-8"

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        super().__init__()
        self.columns, self.lines = columns, lines
        self.rows = [""]
        self.row = self.column = 0
        self.writes: list[str] = []

    def isatty(self) -> bool:
        return True

    def size(self) -> tuple[int, int]:
        return self.columns, self.lines

    @property
    def screen(self) -> str:
        return "\n".join(row.rstrip() for row in self.rows).rstrip("\n")

    def write(self, text: str) -> int:
        self.writes.append(text)
        for number, code, back, newline, plain in _PIECES.findall(text):
            if code:
                self._obey(code, int(number.partition(";")[0] or 1))
            elif back:
                self.column = 0
            elif newline:
                self._down()
            else:
                self._put(plain)
        return len(text)

    def narrow(self, columns: int, *, wraps: bool = True) -> None:
        """Make the window narrower: what was longer is wrapped or cut, as terminals do the one or the other."""
        assert self.row == len(self.rows) - 1, "the cursor is expected below everything"
        self.columns = columns
        wrapped = []
        for row in self.rows:
            parts = [row[start : start + columns] for start in range(0, max(1, len(row.rstrip())), columns)]
            wrapped += parts if wraps else parts[:1]
        self.rows, self.row = wrapped, len(wrapped) - 1

    def _obey(self, code: str, number: int) -> None:
        if code == "A":
            highest = max(0, len(self.rows) - self.lines)  # what has scrolled away is out of reach
            self.row = max(highest, self.row - number)
        elif code == "K":
            self.rows[self.row] = self.rows[self.row][: self.column]
        elif code == "J":
            self.rows[self.row] = self.rows[self.row][: self.column]
            del self.rows[self.row + 1 :]
        else:
            assert code == "m", f"a code that this terminal does not know: {code}"

    def _put(self, plain: str) -> None:
        for letter in plain:
            if self.column == self.columns:
                self._down()
            row = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = row[: self.column] + letter + row[self.column + 1 :]
            self.column += 1

    def _down(self) -> None:
        self.row, self.column = self.row + 1, 0
        if self.row == len(self.rows):
            self.rows.append("")
