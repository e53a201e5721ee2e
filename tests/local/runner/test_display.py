import io
from dataclasses import replace

import pytest
from rich.console import Console

from local.runner.display import duration, lines, showing, table
from local.runner.health import Status
from local.runner.task import Snapshot, State

STARTING = Snapshot("scheduler", State.RUNNING, Status.UNKNOWN, 3, None, 0, "loading", "")
HEALTHY = replace(STARTING, health=Status.HEALTHY, uptime=27.9, memory=300 * 1024 * 1024, line="[bold]up")
REPLACED = replace(HEALTHY, state=State.WAITING, health=Status.UNKNOWN, uptime=None, reason="exited with 1: [red]no")
AGAIN = replace(STARTING, restarts=1, reason="exited with 1: [red]no")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([], STARTING, "scheduler      starting"),
        ([STARTING], HEALTHY, "scheduler      healthy after 27 s"),
        ([HEALTHY], REPLACED, "scheduler      will start (exited with 1: [red]no)"),
        ([REPLACED], AGAIN, "scheduler      starting"),
        ([HEALTHY], replace(HEALTHY, state=State.STOPPING), "scheduler      stopping"),
        ([HEALTHY], replace(HEALTHY, state=State.STOPPED), "scheduler      stopped"),
    ],
)
def test_a_change_is_a_line(before: list[Snapshot], after: Snapshot, said: str) -> None:
    assert lines(before, [after]) == [said]


def test_no_change_is_no_line() -> None:
    later = replace(HEALTHY, uptime=60, memory=1, line="another")
    assert lines([HEALTHY], [later]) == []


def test_a_picture_of_all() -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    console.print(table([HEALTHY, replace(REPLACED, name="workers")]))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "●  scheduler  healthy     27 s  300 MiB" in text
    assert "[bold]up" in text
    assert "✗  workers    will start" in text
    assert "exited with 1: [red]no" in text


def test_lines_where_there_is_no_terminal() -> None:
    console = Console(file=io.StringIO(), width=20, force_terminal=False)
    with showing(console) as show:
        show([STARTING])
        show([STARTING])
        show([replace(REPLACED, reason="exited with 1: [red]" + "x" * 200)])
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "scheduler      starting",
        "scheduler      will start (exited with 1: [red]" + "x" * 200 + ")",
    ]


def test_a_table_on_a_terminal() -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    with showing(console) as show:
        show([HEALTHY])
    assert isinstance(console.file, io.StringIO)
    assert "last line" in console.file.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.9, "0 s"), (59.9, "59 s"), (65, "1 min 5 s"), (3600 * 2 + 240, "2 h 4 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
