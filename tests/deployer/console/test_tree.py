from __future__ import annotations

from dataclasses import replace
from inspect import cleandoc

import pytest

from deployer.cloudformation.statuses import Category
from deployer.console.progress import fold
from deployer.console.tree import draw, duration, word
from tests.deployer.console.playing import DATABASE, SERVICE, Play
from tests.deployer.scripted_cloudformation import Resource, nested

RESOURCES = (
    nested("Network", Resource("Vpc", seconds=10), Resource("Routes", seconds=20)),
    nested("Database", Resource("Subnets", seconds=5), Resource("MetadataDatabase", DATABASE, seconds=500)),
    Resource("SchedulerService", SERVICE, seconds=550),
)
FAILING = (
    nested(
        "Services",
        Resource("Scheduler", SERVICE, seconds=40, fails="ECS Deployment Circuit Breaker was triggered."),
        Resource("Workers", SERVICE, seconds=90),
    ),
    Resource("Bucket"),
)


def _drawn(play: Play, seconds: float, width: int = 80, height: int = 20, *, told: bool = True) -> str:
    lines = draw(play.at(seconds, told=told), width, height, play.when(seconds))
    return "\n".join(line.plain for line in lines)


def _golden(text: str) -> str:
    return cleandoc(text)


def test_a_first_deploy_in_its_midst() -> None:
    play = Play()
    play.deploy(*RESOURCES)

    assert _drawn(play, 65) == _golden(
        """
        ● airflow-dev           creating  1 min 05 s  3 of 5 done, about 9 min left
          ✓ Network             created         23 s
            ✓ Vpc               created         10 s
            ✓ Routes            created         20 s
          ● Database            creating  1 min 04 s  1 of 2 done
            ✓ Subnets           created          5 s
            ● MetadataDatabase  creating  1 min 03 s  usually 8 min
          ● SchedulerService    creating  1 min 04 s  usually 3 min
        """
    )


def test_before_anything_has_begun_all_of_it_waits() -> None:
    play = Play()
    play.deploy(*RESOURCES)

    assert _drawn(play, 0) == _golden(
        """
        ● airflow-dev           creating  0 s  0 of 5 done, about 12 min left
          · Network             waiting
            · Vpc               waiting
            · Routes            waiting
          · Database            waiting
            · Subnets           waiting
            · MetadataDatabase  waiting        usually 8 min
          · SchedulerService    waiting        usually 3 min
        """
    )


def test_a_low_terminal_loses_what_is_over_first() -> None:
    play = Play()
    play.deploy(*RESOURCES)

    assert _drawn(play, 65, height=6) == _golden(
        """
        ● airflow-dev           creating  1 min 05 s  3 of 5 done, about 9 min left
          ✓ Network             created         23 s
          ● Database            creating  1 min 04 s  1 of 2 done
            ✓ Subnets           created          5 s
            ● MetadataDatabase  creating  1 min 03 s  usually 8 min
          ● SchedulerService    creating  1 min 04 s  usually 3 min
        """
    )
    assert _drawn(play, 65, height=4) == _golden(
        """
        ● airflow-dev           creating  1 min 05 s  3 of 5 done, about 9 min left
          ● Database            creating  1 min 04 s  1 of 2 done
            ● MetadataDatabase  creating  1 min 03 s  usually 8 min
          ● SchedulerService    creating  1 min 04 s  usually 3 min
        """
    )
    assert _drawn(play, 65, height=2) == _golden(
        """
        ● airflow-dev           creating  1 min 05 s  3 of 5 done, about 9 min left
          … and 3 more
        """
    )


def test_a_narrow_terminal_loses_what_is_right() -> None:
    play = Play()
    play.deploy(*RESOURCES)

    assert _drawn(play, 65, width=40, height=4) == _golden(
        """
        ● airflow-dev       creating  1 min 05 …
          ● Database        creating  1 min 04 …
            ● MetadataDat…  creating  1 min 03 …
          ● SchedulerServ…  creating  1 min 04 …
        """
    )


@pytest.mark.parametrize("width", [1, 7, 20, 80, 200])
@pytest.mark.parametrize("height", [1, 2, 5, 50])
def test_it_fits_any_terminal(width: int, height: int) -> None:
    play = Play()
    play.deploy(*RESOURCES)
    for seconds in (0, 30, 65, 530, 999):
        lines = draw(play.at(seconds), width, height, play.when(seconds))
        assert 0 < len(lines) <= height
        assert all(line.cell_len <= width for line in lines)


def test_a_failure_stands_out_and_its_consequences_do_not() -> None:
    play = Play()
    play.deploy(*FAILING)

    assert _drawn(play, 43) == _golden(
        """
        ● airflow-dev    creating      43 s
          ● Services     rolling back  42 s
            ✗ Scheduler  failed        40 s  ECS Deployment Circuit Breaker was trigger…
            - Workers    cancelled     40 s
          ✓ Bucket       created        2 s
        """
    )


def test_it_still_stands_there_when_all_has_gone_back_however_low_the_terminal() -> None:
    play = Play()
    play.deploy(*FAILING)
    failed = "    ✗ Scheduler  failed       40 s  ECS Deployment Circuit Breaker was triggere…"

    assert _drawn(play, 999).splitlines()[0] == "↩ airflow-dev    rolled back  49 s"
    assert _drawn(play, 999).splitlines()[2] == failed
    assert failed in _drawn(play, 999, height=4).splitlines()


def test_no_terminal_is_too_low_for_a_failure() -> None:
    play = Play()
    play.deploy(*(Resource(f"Queue{number}", seconds=90) for number in range(9)), Resource("Z", seconds=5, fails="no"))

    play.heard = [event for event in play.heard if event.category is not Category.CANCELLED]

    assert _drawn(play, 6, height=3).splitlines()[1:] == ["  ✗ Z          failed    5 s  no", "  … and 9 more"]


def test_a_removal_is_drawn_as_well_though_nothing_was_told_before() -> None:
    play = Play()
    play.deploy(*RESOURCES)
    play.heard = list(play.removing())

    assert _drawn(play, 30, told=False) == _golden(
        """
        ● airflow-dev           removing  30 s
          ✓ Network             removed   23 s
            ✓ Vpc               removed   10 s
            ✓ Routes            removed   20 s
          ● Database            removing  29 s
            ✓ Subnets           removed    5 s
            ● MetadataDatabase  removing  28 s  usually 8 min
          ● SchedulerService    removing  29 s  usually 4 min
        """
    )


def test_what_was_not_told_is_counted_too() -> None:
    play = Play()
    play.deploy(*RESOURCES)
    told = [change for change in (play.told.changes if play.told else ()) if change.logical_id != "Routes"]
    root = fold([event for event in play.heard if event.time <= play.when(65)], told)
    assert root

    lines = [line.plain for line in draw(root, 80, 20, play.when(65))]
    assert lines[0].endswith("1 min 05 s  3 of 5 done, about 9 min left")
    assert lines[4].endswith("1 of 2 done")


def test_nothing_is_counted_where_nobody_has_looked_into_a_stack_that_changes() -> None:
    play = Play()
    play.deploy(*RESOURCES)
    inside = [change for change in (play.told.changes if play.told else ()) if change.stack.endswith("Database")]
    changes = play.told.changes if play.told else ()
    told = [replace(change, change_set="") for change in changes if change not in inside]
    root = fold([event for event in play.heard if event.time <= play.when(65)], told)
    assert root

    assert draw(root, 80, 20, play.when(65))[0].plain.endswith("creating  1 min 05 s")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            "UPDATE_IN_PROGRESS UPDATE_COMPLETE DELETE_IN_PROGRESS DELETE_COMPLETE",
            "updating updated replacing replaced",
        ),
        ("CREATE_IN_PROGRESS CREATE_COMPLETE DELETE_IN_PROGRESS DELETE_COMPLETE", "creating created removing removed"),
    ],
)
def test_what_goes_after_its_successor_is_there_was_replaced_and_nothing_else(told: str, words: str) -> None:
    play = Play()
    play.deploy(Resource("Sg"))
    first, own = play.heard[0], next(event for event in play.heard if not event.own)
    heard, seen = [replace(first, status="UPDATE_IN_PROGRESS")], []
    for status in told.split():
        heard.append(replace(own, status=status))
        root = fold(heard)
        assert root
        seen.append(word(root.children[0]))

    assert seen == words.split()


def test_what_takes_longer_than_usual_is_said() -> None:
    play = Play()
    play.deploy(*RESOURCES)

    assert _drawn(play, 530).splitlines()[-1].endswith("8 min 49 s  longer than the usual 3 min")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.9, "59 s"), (65, "1 min 05 s"), (3600, "1 h 00 min"), (7380, "2 h 03 min")]
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
