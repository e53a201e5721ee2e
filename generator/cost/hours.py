"""How long tasks run: service.hours as hours."""

from generator.config.settings import Settings
from generator.config.tasks import Hours

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def hours_a_day(settings: Settings) -> float:
    """Hours a day that tasks run, averaged over a week."""
    return 24.0 if settings.service.hours is None else hours_a_week(settings.service.hours) / 7


def hours_a_week(hours: Hours) -> float:
    """Hours a week between start and stop; a stop before the start is on the day after."""
    minutes = (_minutes(hours.stop) - _minutes(hours.start)) % (24 * 60) or 24 * 60
    return len(days(hours.days)) * minutes / 60


def days(expression: str) -> frozenset[str]:
    """`MON-FRI`, `SAT,SUN` or `FRI-MON` as days."""
    found: set[str] = set()
    for part in expression.split(","):
        first, _, last = part.partition("-")
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        found.update(_DAYS[index % 7] for index in range(start, end + 1 + (7 if end < start else 0)))
    return frozenset(found)


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)
