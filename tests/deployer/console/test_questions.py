"""Questions on the screen."""

from __future__ import annotations

import io
from collections.abc import Generator

import pytest

from deployer.cloudformation.events import StackEvent
from deployer.consent import Question
from deployer.console.screen import Screen
from deployer.errors import Declined
from tests.deployer.console.playing import Play
from tests.deployer.console.terminal import Terminal
from tests.deployer.scripted_cloudformation import Resource


class Answers(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_question_midway_takes_the_place_of_the_picture() -> None:
    play, terminal = Play(), Terminal()
    screen = Screen(terminal, Answers("y\n"), {}, (), lambda: play.now, terminal.size)
    seen: list[str] = []

    def asking() -> Generator[StackEvent, None, bool]:
        yield next(play.deploying(Resource("Bucket")))
        screen.say("wait")
        agreed = screen.ask(Question("Go on?", "It is stuck."))
        seen.append(terminal.screen)
        return agreed

    assert screen.show(asking()) is True
    assert seen == ["wait\nIt is stuck.\nGo on? [y/N]:"]


def test_a_word_must_be_typed_where_one_is_asked_for() -> None:
    def answered(typed: str) -> bool:
        return Screen(Terminal(), Answers(typed), {}, ()).ask(Question("Remove it?", word="dev"))

    assert answered("dev\n")
    assert not answered("y\n")


def test_what_was_agreed_to_beforehand_is_shown_and_not_asked() -> None:
    log = io.StringIO()
    screen = Screen(log, io.StringIO(), {}, ["--yes"])

    assert screen.ask(Question("Apply?", "1 to add"))
    assert log.getvalue() == "1 to add\n"


def test_where_nobody_can_answer_the_option_is_named() -> None:
    with pytest.raises(Declined, match="--recreate"):
        Screen(io.StringIO(), io.StringIO(), {}, ()).ask(Question("Recreate?", option="--recreate"))
