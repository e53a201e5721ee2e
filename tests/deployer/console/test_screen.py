from __future__ import annotations

import io
from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import datetime
from inspect import cleandoc

import pytest

from deployer.cloudformation.events import StackEvent
from deployer.consent import Question
from deployer.console.screen import Screen
from deployer.errors import DeployError
from tests.deployer.console.playing import DATABASE, Play
from tests.deployer.console.terminal import Terminal
from tests.deployer.scripted_cloudformation import MIDNIGHT, Resource, nested

RESOURCES = (nested("Database", Resource("Subnets"), Resource("Metadata", DATABASE, seconds=500)), Resource("Bucket"))


def _screen(terminal: io.StringIO, play: Play, variables: Mapping[str, str] | None = None) -> Screen:
    size = terminal.size if isinstance(terminal, Terminal) else lambda: (80, 24)
    return Screen(terminal, io.StringIO(), variables or {}, (), lambda: play.now, size)


def _deploying(screen: Screen, play: Play, *resources: Resource) -> Generator[StackEvent, None, str]:
    """A deploy that has something to say midway, and whose screen knows what is about to change."""
    for event in play.deploying(*resources, consent=screen.told(lambda _: True)):
        if event.path.endswith("/Bucket") and event.status == "CREATE_COMPLETE":
            screen.say("the bucket is there")
        yield event
    return "done"


def test_a_terminal_gets_a_tree_with_what_is_said_above_it() -> None:
    play, terminal = Play(), Terminal()
    screen = _screen(terminal, play)

    assert screen.show(_deploying(screen, play, *RESOURCES)) == "done"
    assert terminal.screen == cleandoc(
        """
        the bucket is there
        ✓ airflow-dev   created  8 min 25 s
          ✓ Database    created  8 min 23 s
            ✓ Subnets   created         2 s
            ✓ Metadata  created  8 min 20 s
          ✓ Bucket      created         2 s
        """
    )


def test_midway_it_tells_what_waits_how_much_is_done_and_how_much_is_left() -> None:
    play, terminal = Play(), Terminal()
    screen = _screen(terminal, play)
    seen: list[str] = []

    def watched() -> Generator[StackEvent, None, None]:
        for event in _deploying(screen, play, *RESOURCES):
            yield event
            if event.path.endswith(("/Bucket", "/Subnets")):
                screen.say(event.status)
                seen.append(terminal.screen)

    screen.show(watched())
    assert seen[0] == cleandoc(
        """
        CREATE_IN_PROGRESS
        ● airflow-dev   creating  5 s  0 of 3 done, about 9 min left
          ● Database    creating  4 s  0 of 2 done
            · Subnets   waiting
            · Metadata  waiting        usually 8 min
          ● Bucket      creating  4 s
        """
    )
    assert "creating  5 s  2 of 3 done, about 8 min left" in seen[-1]


def test_what_comes_after_the_end_is_not_painted_again() -> None:
    play, terminal = Play(), Terminal()
    screen = _screen(terminal, play)
    heard = list(play.deploying(Resource("Bucket"), Resource("Late")))
    late = next(event for event in heard if event.path.endswith("/Late") and event.status == "CREATE_COMPLETE")

    def lagging() -> Generator[StackEvent, None, None]:
        yield from (event for event in heard if event is not late)
        yield late
        screen.say("and on")

    screen.show(lagging())
    assert terminal.screen.splitlines()[0] == "✓ airflow-dev  created   4 s"
    assert terminal.screen.splitlines()[3:] == ["and on"]


def test_a_rollback_that_is_tried_again_is_painted_again() -> None:
    play, terminal = Play(), Terminal()
    screen = _screen(terminal, play)
    first, *_, last = play.deploying(Resource("Bucket"))
    back = replace(first, status="UPDATE_ROLLBACK_IN_PROGRESS")

    screen.show(each for each in (back, replace(last, status="UPDATE_ROLLBACK_FAILED"), replace(back, time=last.time)))
    assert [line.split("  ")[1] for line in terminal.screen.splitlines()] == ["rollback failed", "rolling back"]


def test_a_clock_that_is_behind_makes_nothing_shorter() -> None:
    play, terminal = Play(), Terminal()
    screen = Screen(terminal, io.StringIO(), {}, (), lambda: MIDNIGHT, terminal.size)

    def midway() -> Generator[StackEvent, None, None]:
        for event in play.deploying(Resource("Bucket", seconds=90), Resource("Other", seconds=500)):
            yield event
            if event.status == "CREATE_COMPLETE":
                return

    screen.show(midway())
    assert "● airflow-dev  creating  1 min 31 s" in terminal.screen


def test_a_picture_that_cannot_be_drawn_stops_nothing_and_is_lines_instead() -> None:
    play, terminal = Play(), Terminal(columns=100)

    def broken() -> datetime:
        raise ArithmeticError

    screen = Screen(terminal, io.StringIO(), {}, (), broken, terminal.size)
    assert screen.show(_deploying(screen, play, Resource("Bucket"))) == "done"
    assert terminal.screen.splitlines()[0] == "the bucket is there"
    assert [line.split()[2:4] for line in terminal.screen.splitlines()[1:]] == [
        ["CREATE_IN_PROGRESS", "airflow-dev"],
        ["CREATE_IN_PROGRESS", "airflow-dev/Bucket"],
        ["CREATE_COMPLETE", "airflow-dev/Bucket"],
        ["CREATE_COMPLETE", "airflow-dev"],
    ]


@pytest.mark.parametrize("variables", [{"CI": "true"}, {"TERM": "dumb", "NO_COLOR": "1"}])
def test_a_log_gets_a_line_an_event(variables: dict[str, str]) -> None:
    play, terminal = Play(), Terminal(columns=200)
    screen = _screen(terminal, play, variables=variables)
    screen.show(_deploying(screen, play, *RESOURCES))

    assert terminal.screen == cleandoc(
        """
        2026-01-01 00:00:05Z  CREATE_IN_PROGRESS        airflow-dev  AWS::CloudFormation::Stack
        2026-01-01 00:00:06Z  CREATE_IN_PROGRESS        airflow-dev/Database  AWS::CloudFormation::Stack
        2026-01-01 00:00:06Z  CREATE_IN_PROGRESS        airflow-dev/Bucket  AWS::SQS::Queue
        2026-01-01 00:00:06Z  CREATE_IN_PROGRESS        airflow-dev/Database  AWS::CloudFormation::Stack
        2026-01-01 00:00:06Z  CREATE_IN_PROGRESS        airflow-dev/Database  AWS::CloudFormation::Stack
        2026-01-01 00:00:07Z  CREATE_IN_PROGRESS        airflow-dev/Database/Subnets  AWS::SQS::Queue
        2026-01-01 00:00:07Z  CREATE_IN_PROGRESS        airflow-dev/Database/Metadata  AWS::RDS::DBInstance
        the bucket is there
        2026-01-01 00:00:08Z  CREATE_COMPLETE           airflow-dev/Bucket  AWS::SQS::Queue
        2026-01-01 00:00:09Z  CREATE_COMPLETE           airflow-dev/Database/Subnets  AWS::SQS::Queue
        2026-01-01 00:08:27Z  CREATE_COMPLETE           airflow-dev/Database/Metadata  AWS::RDS::DBInstance
        2026-01-01 00:08:28Z  CREATE_COMPLETE           airflow-dev/Database  AWS::CloudFormation::Stack
        2026-01-01 00:08:29Z  CREATE_COMPLETE           airflow-dev/Database  AWS::CloudFormation::Stack
        2026-01-01 00:08:30Z  CREATE_COMPLETE           airflow-dev  AWS::CloudFormation::Stack
        """
    )
    assert not any("\x1b" in each for each in terminal.writes)


def test_a_terminal_that_knows_no_such_letters_gets_a_line_an_event() -> None:
    class Old(Terminal):
        encoding = "iso8859-1"

    play, terminal = Play(), Old(columns=200)
    _screen(terminal, play).show(play.deploying(Resource("Bucket")))

    assert terminal.screen.splitlines()[-1].split()[2:4] == ["CREATE_COMPLETE", "airflow-dev"]


def test_what_is_no_terminal_gets_a_line_an_event() -> None:
    play, log = Play(), io.StringIO()
    _screen(log, play).show(play.deploying(Resource("Bucket")))

    assert [line.split()[2:4] for line in log.getvalue().splitlines()] == [
        ["CREATE_IN_PROGRESS", "airflow-dev"],
        ["CREATE_IN_PROGRESS", "airflow-dev/Bucket"],
        ["CREATE_COMPLETE", "airflow-dev/Bucket"],
        ["CREATE_COMPLETE", "airflow-dev"],
    ]


def test_one_operation_stands_above_the_next() -> None:
    play, terminal = Play(), Terminal()
    screen = _screen(terminal, play)

    def both() -> Generator[StackEvent, None, None]:
        yield from play.deploying(Resource("Bucket"))
        screen.say("and now away with it")
        yield from play.removing()

    screen.show(both())
    assert terminal.screen == cleandoc(
        """
        ✓ airflow-dev  created  4 s
          ✓ Bucket     created  2 s
        and now away with it
        ✓ airflow-dev  removed  4 s
          ✓ Bucket     removed  2 s
        """
    )


def test_what_was_told_is_of_one_operation_and_not_of_the_next() -> None:
    play, terminal = Play(), Terminal()
    screen = _screen(terminal, play)
    screen.show(_deploying(screen, play, Resource("Bucket"), Resource("Queue")))
    screen.show(play.deploying(Resource("Bucket"), Resource("Queue", version=2)))

    assert terminal.screen.splitlines()[-2:] == ["✓ airflow-dev  updated  5 s", "  ✓ Queue      updated  2 s"]


def test_a_failure_leaves_its_picture_and_is_handed_on() -> None:
    play, terminal = Play(), Terminal()
    screen = _screen(terminal, play)

    with pytest.raises(DeployError, match="no room"):
        screen.show(play.deploying(Resource("Bucket", fails="no room"), Resource("Other", seconds=60)))
    assert "✗ Bucket     failed       2 s  no room" in terminal.screen


def test_an_interrupt_leaves_the_picture_and_is_handed_on() -> None:
    play, terminal = Play(), Terminal()
    screen = _screen(terminal, play)

    def interrupted() -> Generator[StackEvent, None, None]:
        yield next(play.deploying(Resource("Bucket")))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        screen.show(interrupted())
    screen.say("CloudFormation goes on")
    assert terminal.screen == "● airflow-dev  creating  0 s\nCloudFormation goes on"


def test_what_an_interrupt_leaves_to_do_is_the_last_on_a_small_terminal() -> None:
    play, terminal = Play(), Terminal(lines=10)
    screen = _screen(terminal, play)
    many = [Resource(f"Queue{number}", seconds=99) for number in range(30)]

    def press() -> None:
        raise KeyboardInterrupt

    def interrupted() -> Generator[StackEvent, None, None]:
        events = play.deploying(*many)
        try:
            yield from (next(events) for _ in range(20))
            press()
        except KeyboardInterrupt:
            screen.say("CloudFormation goes on")
            screen.say("release 1 was left on its way")
            raise

    with pytest.raises(KeyboardInterrupt):
        screen.show(interrupted())
    assert terminal.screen.splitlines()[-2:] == ["CloudFormation goes on", "release 1 was left on its way"]
    assert terminal.screen.count("● airflow-dev") == 1, "the picture is left, not painted again"


@pytest.mark.parametrize("variables", [{}, {"CI": "true"}])
def test_what_is_told_and_asked_names_commands_of_this_environment(variables: dict[str, str]) -> None:
    terminal = Terminal(columns=200)
    screen = Screen(terminal, Terminal(), variables, (), complete=lambda text: text.replace("-deploy", "-deploy HERE"))
    screen.say("`make airflow-deploy` goes on")
    screen.ask(Question("Go on?", "by `make airflow-deploy`"))

    assert terminal.screen.splitlines()[:2] == ["`make airflow-deploy HERE` goes on", "by `make airflow-deploy HERE`"]


def test_an_interrupt_while_an_event_is_shown_reaches_the_operation() -> None:
    play, told = Play(), list[str]()
    heard = list(play.deploying(Resource("Bucket")))
    presses = iter([True])

    def pressed() -> datetime:
        if next(presses, False):
            raise KeyboardInterrupt
        return play.now

    def operation() -> Generator[StackEvent, None, None]:
        try:
            yield from heard
        except KeyboardInterrupt:
            told.append("CloudFormation goes on")
            raise

    terminal = Terminal()
    with pytest.raises(KeyboardInterrupt):
        Screen(terminal, io.StringIO(), {}, (), pressed, terminal.size).show(operation())
    assert told == ["CloudFormation goes on"]
