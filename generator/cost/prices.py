"""The prices: one file with a source for each, read into a frozen table."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

FILE = Path(__file__).with_name("prices.yml")
Per = Literal["hour", "month", "use"]


@dataclass(frozen=True)
class Source:
    """Where a price was read: `kind` is list (AWS's price list), copy (of that list), page (AWS's), or ratio (ours)."""

    kind: str
    what: str
    date: str
    url: str


@dataclass(frozen=True)
class Price:
    """What one unit costs in the region's currency. An `estimate` was not read anywhere for this region."""

    amount: float
    per: Per
    source: str
    estimate: bool = False


@dataclass(frozen=True)
class RegionPrices:
    """The prices of one region by key; what is not in there has no known price."""

    region: str
    currency: str
    prices: Mapping[str, Price]


@dataclass(frozen=True)
class Prices:
    """Everything in prices.yml."""

    sources: Mapping[str, Source]
    regions: Mapping[str, RegionPrices]

    def of(self, region: str) -> RegionPrices:
        """Prices of `region`; of one that the file does not have, none at all."""
        return self.regions.get(region) or RegionPrices(region, currency_of(region), {})


def currency_of(region: str) -> str:
    """China is billed in CNY (https://docs.amazonaws.cn/en_us/aws/latest/userguide/billing-and-payment.html)."""
    return "CNY" if region.startswith("cn-") else "USD"


def load(file: Path = FILE) -> Prices:
    """Read the file of prices; it is part of the program, and its tests check its form."""
    return parse(file.read_text(encoding="utf-8"))


def parse(text: str) -> Prices:
    """Prices from YAML text. Raises ValueError for a price whose source the text does not name."""
    # The C loader: this file is ours, and a thousand lines would take the other one half a second.
    data: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    sources = {name: Source(**source) for name, source in data["sources"].items()}
    regions = {}
    for name, region in data["regions"].items():
        prices = {key: Price(**{"amount": one.pop("price"), **one}) for key, one in region["prices"].items()}
        if strays := sorted({price.source for price in prices.values()} - set(sources)):
            raise ValueError(f"{name}: prices name sources that are not there: {', '.join(strays)}")
        regions[name] = RegionPrices(name, region["currency"], prices)
    return Prices(sources, regions)
