from __future__ import annotations

import pytest
from rich.text import Text

from deployer.console.live import Live
from tests.deployer.console.terminal import Terminal


class Scene:
    def __init__(self, columns: int = 30, lines: int = 8) -> None:
        self.terminal = Terminal(columns, lines)
        self.picture = ["one", "two"]
        self.live = Live(self.terminal, self._draw, self.terminal.size, colour=False)
        self.live.show()

    def _draw(self, width: int, height: int) -> list[Text]:
        return [Text(line[:width]) for line in self.picture[:height]]


def test_a_picture_is_painted_over() -> None:
    scene = Scene()
    scene.live.paint()
    scene.picture = ["one is longer", "two", "three"]
    scene.live.paint()
    assert scene.terminal.screen == "one is longer\ntwo\nthree"

    scene.picture = ["1"]
    scene.live.paint()
    assert scene.terminal.screen == "1"


def test_nothing_is_written_while_nothing_has_changed() -> None:
    scene = Scene()
    scene.live.paint()
    before = len(scene.terminal.writes)
    scene.live.paint()

    assert len(scene.terminal.writes) == before


def test_a_picture_is_written_at_once_and_never_erased_first() -> None:
    scene = Scene()
    scene.live.paint()
    scene.terminal.writes.clear()
    scene.picture = ["one", "2"]
    scene.live.paint()

    assert scene.terminal.writes == ["\x1b[2A\rone\x1b[K\n2\x1b[K\n\x1b[J"]


def test_what_is_said_stands_above() -> None:
    scene = Scene()
    scene.live.paint()
    scene.live.say("first\nword")
    scene.live.say("second")

    assert scene.terminal.screen == "first\nword\nsecond\none\ntwo"


def test_what_has_come_to_rest_stays_and_what_comes_stands_below() -> None:
    scene = Scene()
    scene.live.paint()
    scene.live.settle()
    scene.live.paint()
    scene.live.say("building")
    scene.picture = ["next"]
    scene.live.show()
    scene.live.paint()

    assert scene.terminal.screen == "one\ntwo\nbuilding\nnext"


def test_it_is_out_of_the_way_while_somebody_is_asked() -> None:
    scene = Scene()
    scene.live.paint()
    with scene.live.hidden():
        scene.terminal.write("Sure? ")
        scene.live.paint()
        assert scene.terminal.screen == "Sure?"
        scene.terminal.write("y\n")
    scene.live.paint()

    assert scene.terminal.screen == "Sure? y\none\ntwo"


@pytest.mark.parametrize("wraps", [True, False])
def test_a_terminal_made_narrower_loses_nothing_that_was_said(*, wraps: bool) -> None:
    scene = Scene(columns=30)
    scene.picture = ["a line of five and twenty", "short", "another that is quite long"]
    scene.live.say("said before")
    scene.live.paint()
    scene.terminal.narrow(14, wraps=wraps)
    scene.live.paint()
    scene.picture[1] = "short again"
    scene.live.paint()

    old = (
        "a line of five\n and twenty\nshort\nanother that i\ns quite long"
        if wraps
        else "a line of five\nshort\nanother that i"
    )
    assert scene.terminal.screen == f"said before\n{old}\na line of fiv\nshort again\nanother that"


def test_a_picture_that_fits_a_narrower_terminal_stays_in_its_place() -> None:
    scene = Scene(columns=30)
    scene.live.paint()
    scene.terminal.narrow(14)
    scene.picture[1] = "too"
    scene.live.paint()

    assert scene.terminal.screen == "one\ntoo"


def test_it_never_is_higher_than_the_terminal_so_that_nothing_scrolls_away() -> None:
    scene = Scene(lines=5)
    scene.picture = [str(number) for number in range(20)]
    for _ in range(3):
        scene.picture = [f"{line}'" for line in scene.picture]
        scene.live.paint()

    assert scene.terminal.screen == "0'''\n1'''\n2'''\n3'''"


def test_without_colour_no_colour_is_written() -> None:
    terminal = Terminal()
    live = Live(terminal, lambda _width, _height: [Text("word", "red")], terminal.size, colour=False)
    live.show()
    live.paint()

    assert "\x1b[31m" not in "".join(terminal.writes)


def test_with_colour_the_words_are_the_same() -> None:
    terminal = Terminal()
    live = Live(terminal, lambda _width, _height: [Text("word", "red")], terminal.size, colour=True)
    live.show()
    live.paint()

    assert "\x1b[31mword" in "".join(terminal.writes)
    assert terminal.screen == "word"


def test_a_terminal_that_is_gone_stops_nothing() -> None:
    class Gone(Terminal):
        def write(self, text: str) -> int:
            raise BrokenPipeError(text)

    terminal = Gone()
    live = Live(terminal, lambda _width, _height: [Text("word")], terminal.size, colour=True)
    live.show()
    with live.running():
        live.say("something")
