"""What an environment costs a day before a deploy and after it. Plain data: who knows prices makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Day:
    """What a day costs: the least and the most of it. Not `complete`: some prices are not known, and left out.

    `text` is all of that as people read it, and `groups` by part of the bill.
    """

    low: float
    high: float
    complete: bool
    text: str
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Costs:
    """A day before and after, in `currency` as people write it, at the prices of a region.

    Without `before` nobody knows what it was, for the reason `unknown`.
    """

    region: str
    currency: str
    before: Day | None
    after: Day
    unknown: str = ""


def lines(costs: Costs) -> list[str]:
    """Return both days in a line, and a line more for each part of the bill that changes."""
    head = f"{costs.currency} a day in {costs.region}: "
    if costs.before is None:
        return [f"{head}{costs.after.text} after; before: not known ({costs.unknown})"]
    if costs.before.text == costs.after.text:
        return [f"{head}{costs.after.text}, as before"]
    before, after = costs.before.groups, costs.after.groups
    names = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
    parts = [f"  {name}: {before.get(name, '0.00')} before, {after.get(name, '0.00')} after" for name in names]
    return [f"{head}{costs.before.text} before, {costs.after.text} after", *parts]


def as_data(costs: Costs) -> dict[str, Any]:
    """Return it as plain data; a day is its least and its most."""

    def day(one: Day | None) -> dict[str, Any] | None:
        return {"day": [round(one.low, 6), round(one.high, 6)], "complete": one.complete} if one else None

    told: dict[str, Any] = {"region": costs.region, "currency": costs.currency}
    return told | {"before": day(costs.before), "after": day(costs.after), "unknown": costs.unknown}
