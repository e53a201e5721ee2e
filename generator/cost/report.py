"""Estimates as text: line by line, and side by side. Pure; whoever prints it stands elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from generator.config.settings import Settings
from generator.cost import variants
from generator.cost.assumptions import SENTENCES, Range
from generator.cost.estimate import Estimate, Line, estimate
from generator.cost.items import GROUPS
from generator.cost.prices import Prices, Source

SIGNS = {"USD": "$"}
UNITS = {"hour": "an hour", "month": "a month", "use": "each"}
NO_PRICE = "no price"
GUESSED = "~"
"""Stands before a price that nobody has read for this region and time."""


def report(all_settings: Mapping[str, Settings], environment: str, region: str, prices: Prices) -> str:
    """Everything that `make airflow-cost` shows of one environment, next to the others, other regions and networks."""
    settings = all_settings[environment]
    blocks = [
        table(estimate(settings, region, prices)),
        f"Environments in {region}:",
        compare(variants.environments(all_settings, region, prices)),
        f"{environment} in {region} with another network (NAT against endpoints):",
        compare(variants.modes(settings, region, prices)),
        f"{environment} in other regions:",
        compare(variants.regions(settings, prices)),
    ]
    return "\n\n".join(blocks)


def table(one: Estimate) -> str:
    """Return an estimate line by line, with the assumptions and sources it rests on."""
    head = f"{one.environment} in {one.region}, {sign(one)} a day"
    rows = [("", "how many", "hours a day", "price of one", "a day")]
    for group in GROUPS:
        lines = [line for line in one.lines if line.item.group == group]
        if lines:
            rows += [
                (group, "", "", "", total(one, group)),
                *(("  " + cells[0], *cells[1:]) for cells in map(row, lines)),
            ]
    rows += [("All of it, a day", "", "", "", total(one)), ("All of it, a month", "", "", "", total(one, month=True))]
    notes = [f"- {sentence}" for sentence in (*remarks(one), *SENTENCES)]
    sources = [f"- {sentence}" for sentence in origins(one.sources)]
    return "\n".join([head, "", *columns(rows), "", "Assumed:", *notes, "", "Prices from:", *sources])


def row(line: Line) -> tuple[str, str, str, str, str]:
    """Return one line's cells: what, how many, hours a day, price of one, costs a day."""
    item, price = line.item, line.price
    if price is None:
        return (item.what, quantity(item.many), "", NO_PRICE, NO_PRICE)
    hours = f"{item.hours:.1f}" if price.per == "hour" else ""
    each = f"{GUESSED if price.estimate else ''}{plain(price.amount)} {UNITS[price.per]}"
    return (item.what, quantity(item.many), hours, each, money(line.day) if line.day else NO_PRICE)


def compare(estimates: Sequence[tuple[str, Estimate]]) -> str:
    """Return labelled estimates side by side, by group, a day and a month; an incomplete total says so."""
    return "\n".join(columns(compared(estimates)))


def compared(estimates: Sequence[tuple[str, Estimate]]) -> list[tuple[str, ...]]:
    """Return the rows of a comparison: a head, the groups, the totals, and how much of it was not read but guessed."""
    rows: list[tuple[str, ...]] = [("", *(label for label, _ in estimates))]
    rows += [(group, *(total(one, group) for _, one in estimates)) for group in GROUPS]
    rows.append(("A day", *(total(one) for _, one in estimates)))
    rows.append(("A month", *(total(one, month=True) for _, one in estimates)))
    rows.append(("In", *(sign(one) for _, one in estimates)))
    rows.append(("Prices that are estimates", *(guessed(one) for _, one in estimates)))
    return rows


def guessed(one: Estimate) -> str:
    """Return how many of the prices are estimates, as `2 of 30`."""
    known = [line.price for line in one.lines if line.price]
    return f"{sum(price.estimate for price in known)} of {len(known)}"


def total(one: Estimate, group: str | None = None, *, month: bool = False) -> str:
    """Return a sum as text; where prices are missing, how much is known and that it is not all."""
    lines = [line for line in one.lines if group in (None, line.item.group)]
    unknown = sum(line.day is None for line in lines)
    if unknown and unknown == len(lines):
        return NO_PRICE
    amount = money(one.month if month else one.of(group))
    return f"{amount}, incomplete" if unknown else amount


def remarks(one: Estimate) -> Iterable[str]:
    """What a reader must know of this estimate before its numbers."""
    if not one.complete:
        what = ", ".join(dict.fromkeys(line.item.key for line in one.unpriced))
        yield f"INCOMPLETE: no price is known in {one.region} for {what}; the totals leave them out."
    if any(line.price and line.price.estimate for line in one.lines):
        yield f"A price after {GUESSED} is an estimate, as its source says."


def origins(sources: Mapping[str, Source]) -> Iterable[str]:
    """Return each source as a sentence: what it is, of when, where."""
    words = {"list": "", "copy": " (not asked of AWS itself)", "ratio": " (derived)"}
    for source in sources.values():
        yield f"{source.date}: {source.what}{words.get(source.kind, '')}, {source.url}"


def as_data(one: Estimate) -> dict[str, Any]:
    """Return an estimate as plain data, for `--json`."""
    lines = [
        {
            "group": line.item.group,
            "what": line.item.what,
            "key": line.item.key,
            "many": _pair(line.item.many),
            "hours": line.item.hours,
            "price": line.price and line.price.amount,
            "per": line.price and line.price.per,
            "estimate": bool(line.price and line.price.estimate),
            "day": line.day and _pair(line.day),
        }
        for line in one.lines
    ]
    return {
        "environment": one.environment,
        "region": one.region,
        "currency": one.currency,
        "complete": one.complete,
        "day": _pair(one.day),
        "month": _pair(one.month),
        "lines": lines,
    }


def _pair(amount: Range) -> list[float]:
    return [round(amount.low, 6), round(amount.high, 6)]


def sign(one: Estimate) -> str:
    """Return the currency as people write it."""
    return SIGNS.get(one.currency, one.currency)


def money(amount: Range) -> str:
    """Return an amount to the cent; one that varies as `1.00 to 2.00`."""
    low, high = f"{amount.low:.2f}", f"{amount.high:.2f}"
    if low != high:
        return f"{low} to {high}"
    return "under 0.01" if 0 < amount.high < 0.005 else low


def quantity(many: Range) -> str:
    """Return a quantity with three digits at most behind the point."""
    low, high = plain(round(many.low, 3)), plain(round(many.high, 3))
    return low if low == high else f"{low} to {high}"


def plain(number: float) -> str:
    """Return a number without an exponent and without zeros at its end."""
    return f"{number:.8f}".rstrip("0").rstrip(".")


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay rows out in columns, two spaces apart; the first to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]
