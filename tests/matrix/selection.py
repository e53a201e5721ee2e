"""All pairs: few combinations of the options in which every two values that go together meet at least once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations as of

from allpairspy.allpairs import AllPairs
from pydantic import ValidationError

from generator.config.check import check
from generator.config.findings import Level
from generator.config.settings import Settings
from tests.matrix.options import OPTIONS, Choice, overlaid

Row = tuple[Choice, ...]
Pair = tuple[Choice, Choice]


@dataclass(frozen=True)
class Combination:
    """One of the matrix: its number, what was chosen for each option, and the settings that say so."""

    number: int
    row: Row
    settings: Settings

    def __str__(self) -> str:
        return f"{self.number:02d}"


@cache
def combinations() -> tuple[Combination, ...]:
    """The matrix; the same one each time. The first combination is the defaults."""
    return tuple(Combination(number, row, _settings(row)) for number, row in enumerate(_rows()))


def pairs(row: Iterable[Choice]) -> set[Pair]:
    """Every two choices of a row, in the order of the options."""
    return set(of(row, 2))


def missing_pairs(rows: Iterable[Row]) -> set[Pair]:
    """Every two values that service.yml's rules let stand together and that are together in none of these rows."""
    met: set[Pair] = set().union(*(pairs(row) for row in rows))
    return {pair for pair in _every_pair() if pair not in met and is_valid(pair)}


def _settings(row: Row) -> Settings:
    return Settings.model_validate(overlaid(row))


@cache
def is_valid(row: Row) -> bool:
    """Whether service.yml's rules take these values together."""
    try:
        settings = _settings(row)
    except ValidationError:
        return False
    return not any(finding.level is Level.ERROR for finding in check(settings))


def _rows() -> list[Row]:
    """What allpairspy selects, then rows for pairs it gave up on: it stops at the first row that brings nothing new."""
    names = list(OPTIONS)
    values = [list(OPTIONS[name]) for name in names]
    selected = AllPairs(values, filter_func=lambda chosen: is_valid(_named(names, chosen)))  # type: ignore[no-untyped-call]
    rows = [_named(names, chosen) for chosen in selected]
    missing = missing_pairs(rows)
    while missing:
        rows.append(_completed(min(missing), missing))
        missing -= pairs(rows[-1])
    return rows


def _named(names: list[str], values: list[str]) -> Row:
    return tuple(zip(names, values, strict=False))


def _completed(pair: Pair, missing: set[Pair]) -> Row:
    """A row with `pair` in it; every other value is the one that brings most of what is missing."""
    chosen: Mapping[str, str] = dict(pair)
    for name in OPTIONS:
        if name not in chosen:
            rows = [_in_order({**chosen, name: value}) for value in OPTIONS[name]]
            best = max(filter(is_valid, rows), key=lambda row: len(pairs(row) & missing))
            chosen = dict(best)
    return _in_order(chosen)


def _in_order(chosen: Mapping[str, str]) -> Row:
    return tuple((name, chosen[name]) for name in OPTIONS if name in chosen)


def _every_pair() -> Iterator[Pair]:
    for one, other in of(OPTIONS, 2):
        for value in OPTIONS[one]:
            for another in OPTIONS[other]:
                yield (one, value), (other, another)
