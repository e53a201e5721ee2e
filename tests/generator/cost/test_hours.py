from __future__ import annotations

import pytest

from generator.config.tasks import Hours
from generator.cost.hours import days, hours_a_week

WORKDAYS = {"MON", "TUE", "WED", "THU", "FRI"}


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        ("MON-FRI", WORKDAYS),
        ("SAT,SUN", {"SAT", "SUN"}),
        ("MON-WED,FRI", {"MON", "TUE", "WED", "FRI"}),
        ("FRI-MON", {"FRI", "SAT", "SUN", "MON"}),
        ("MON,MON-TUE", {"MON", "TUE"}),
    ],
)
def test_days_are_read_as_cron_reads_them(expression: str, meant: set[str]) -> None:
    assert days(expression) == meant


@pytest.mark.parametrize(
    ("start", "stop", "expression", "hours"),
    [
        ("07:00", "20:00", "MON-FRI", 65),
        ("08:30", "12:15", "MON", 3.75),
        ("20:00", "06:00", "MON-FRI", 50),
        ("00:00", "00:00", "MON-SUN", 168),
    ],
)
def test_a_week_has_the_hours_between_start_and_stop(start: str, stop: str, expression: str, hours: float) -> None:
    assert hours_a_week(Hours(start=start, stop=stop, days=expression)) == hours
