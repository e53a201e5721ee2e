"""The estimate: every item with its price, and what one day and one month come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.airflow.components import Component, components
from generator.config.settings import Settings
from generator.cost import data, network, rest, tasks
from generator.cost.assumptions import DAYS_A_MONTH, Range, exactly
from generator.cost.items import Item
from generator.cost.prices import Price, Prices, Source

PARTS = (tasks.items, network.items, data.items, rest.items)


@dataclass(frozen=True)
class Line:
    """An item and its price; without a price nobody knows what it costs, and it is not nothing."""

    item: Item
    price: Price | None

    @property
    def day(self) -> Range | None:
        """What it costs a day; None where no price is known, unless there is none of it."""
        if self.price is None:
            return exactly(0) if self.item.many.high == 0 else None
        factor = {"hour": self.item.hours, "month": 1 / DAYS_A_MONTH, "use": 1.0}[self.price.per]
        return self.item.many.times(factor * self.price.amount)


@dataclass(frozen=True)
class Estimate:
    """What a deployment costs in one region, line by line; `sources` are those of its prices."""

    environment: str
    region: str
    currency: str
    lines: tuple[Line, ...]
    sources: Mapping[str, Source]

    @property
    def unpriced(self) -> tuple[Line, ...]:
        """Lines whose price is not known."""
        return tuple(line for line in self.lines if line.day is None)

    @property
    def complete(self) -> bool:
        """Whether every line has a price."""
        return not self.unpriced

    @property
    def day(self) -> Range:
        """What is known of the costs of a day: all of them only when the estimate is complete."""
        return self.of(None)

    @property
    def month(self) -> Range:
        """As `day`, for an average month."""
        return self.day.times(DAYS_A_MONTH)

    def of(self, group: str | None) -> Range:
        """What is known of the costs of a day of one group, or of all."""
        total = exactly(0)
        for line in self.lines:
            if group in (None, line.item.group):
                total += line.day or exactly(0)
        return total


def estimate(settings: Settings, region: str, prices: Prices, catalogue: Sequence[Component] | None = None) -> Estimate:
    """Price what these settings deploy in `region`; a region or class without a price leaves it incomplete.

    `catalogue` is every component that runs: without it, those that these settings run.
    """
    known, run = prices.of(region), components(settings) if catalogue is None else catalogue
    lines = tuple(
        Line(item, known.prices.get(item.key)) for part in PARTS for item in part(settings, run) if item.many.high
    )
    used = {line.price.source for line in lines if line.price}
    sources = {name: source for name, source in prices.sources.items() if name in used}
    return Estimate(settings.environment, region, known.currency, lines, sources)
