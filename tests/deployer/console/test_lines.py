from __future__ import annotations

import io
import re
from collections.abc import Generator
from datetime import UTC, datetime, timedelta, timezone

from deployer.cloudformation.events import StackEvent
from deployer.console.lines import line, show, wants_colour

EVENT = StackEvent(
    time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))),
    stack="airflow-dev/Network",
    stack_id="arn:network",
    logical_id="Vpc",
    physical_id="vpc-1",
    type="AWS::EC2::VPC",
    status="CREATE_FAILED",
    reason="too many",
)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_tells_when_what_where_and_why() -> None:
    assert line(EVENT) == (
        "2026-01-02 01:04:05Z  CREATE_FAILED             airflow-dev/Network/Vpc  AWS::EC2::VPC  too many"
    )


def test_colour_only_adds() -> None:
    coloured = line(EVENT, colour=True)

    assert coloured != line(EVENT)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == line(EVENT)


def test_colour_is_for_terminals_that_want_it() -> None:
    assert wants_colour(_Terminal(), {})
    assert not wants_colour(_Terminal(), {"NO_COLOR": "1"})
    assert not wants_colour(_Terminal(), {"CI": "true"})
    assert not wants_colour(io.StringIO(), {})


def test_events_are_shown_as_they_come_and_the_result_is_handed_on() -> None:
    stream = io.StringIO()
    lines_when_second_came = []

    def operation() -> Generator[StackEvent, None, str]:
        yield EVENT
        lines_when_second_came.append(stream.getvalue().count("\n"))
        yield EVENT
        return "done"

    assert show(operation(), stream) == "done"
    assert lines_when_second_came == [1]
    assert stream.getvalue() == f"{line(EVENT)}\n" * 2
    assert EVENT.time.astimezone(UTC).hour == 1
