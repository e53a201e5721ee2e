"""Settings and prices that the tests of the costs start from."""

from __future__ import annotations

from typing import Any

from generator.config.environments import merge
from generator.config.settings import Settings
from generator.cost.estimate import Estimate, Line, estimate
from generator.cost.prices import Price, Prices, RegionPrices, Source, load

REGION = "us-east-1"
MINIMUM: dict[str, Any] = {"environment": "test", "serviceName": "air", "owner": "data"}
SHIPPED = load()


def settings(*overlays: dict[str, Any]) -> Settings:
    data = MINIMUM
    for overlay in overlays:
        data = merge(data, overlay)
    return Settings.model_validate(data)


def under(path: str, value: object) -> dict[str, Any]:
    """A mapping with one leaf: `a.b` and 1 are {a: {b: 1}}."""
    for part in reversed(path.split(".")):
        value = {part: value}
    assert isinstance(value, dict)
    return value


def priced(*overlays: dict[str, Any], region: str = REGION, prices: Prices = SHIPPED) -> Estimate:
    return estimate(settings(*overlays), region, prices)


def only(**amounts: float) -> Prices:
    """Prices of `somewhere`, by key with _ for . and the last part for what they are per: `nat__hour=2`."""
    prices = {}
    for name, amount in amounts.items():
        key, _, per = name.partition("__")
        prices[key.replace("_", ".")] = Price(amount, per, "ours")  # type: ignore[arg-type]
    return Prices({"ours": Source("page", "", "", "")}, {"somewhere": RegionPrices("somewhere", "USD", prices)})


def line(one: Estimate, what: str) -> Line:
    return next(line for line in one.lines if line.item.what == what)


def names(one: Estimate) -> set[str]:
    return {line.item.what for line in one.lines}


def cents(amount: float) -> float:
    return round(amount, 2)
