from __future__ import annotations

import pytest

from generator.cost.prices import currency_of, parse
from tests.generator.cost.deployments import SHIPPED

REGIONS = ("us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1", "cn-northwest-1")
EVERY = [(region.region, key, price) for region in SHIPPED.regions.values() for key, price in region.prices.items()]


def test_every_price_says_where_it_was_read_and_when() -> None:
    for source in SHIPPED.sources.values():
        assert source.kind in ("list", "copy", "page", "ratio")
        assert source.url.startswith("https://")
        assert source.date[:2] == "20"
        assert source.what
    for region, key, price in EVERY:
        assert price.source in SHIPPED.sources, (region, key)
        assert price.amount > 0, (region, key)


def test_what_is_derived_is_called_an_estimate() -> None:
    for region, key, price in EVERY:
        derived = SHIPPED.sources[price.source].kind == "ratio" or key.startswith("fargate-spot.")
        assert price.estimate or not derived, (region, key)


def test_the_regions_people_ask_for_are_there_in_their_currency() -> None:
    assert tuple(SHIPPED.regions) == REGIONS
    for name, region in SHIPPED.regions.items():
        assert region.currency == currency_of(name)


@pytest.mark.parametrize("region", REGIONS[:3])
def test_prices_stand_to_each_other_as_they_do_at_aws(region: str) -> None:
    amount = {key: price.amount for key, price in SHIPPED.regions[region].prices.items()}

    for what in ("vcpu", "gb"):
        assert (
            amount[f"fargate-spot.x86_64.{what}"] < amount[f"fargate.arm64.{what}"] < amount[f"fargate.x86_64.{what}"]
        )
    for key in [key for key in amount if key.startswith("valkey.")]:
        redis = amount[key.replace("valkey", "redis")]
        assert amount[key] == pytest.approx(0.8 * redis, abs=0.001)


@pytest.mark.parametrize("kind", ["rds", "valkey", "redis"])
def test_a_larger_class_of_a_family_is_dearer(kind: str) -> None:
    amount = {key: price.amount for key, price in SHIPPED.regions["us-east-1"].prices.items()}

    for family in ("m6g", "m7g", "r6g", "r7g"):
        sizes = [amount[f"{kind}.{family}.{size}"] for size in ("large", "xlarge", "2xlarge")]
        assert sizes[1] == pytest.approx(2 * sizes[0], rel=0.01)
        assert sizes[2] == pytest.approx(2 * sizes[1], rel=0.01)
    small = [amount[f"{kind}.t4g.{size}"] for size in ("micro", "small", "medium")]
    assert small == sorted(small)


def test_a_price_of_an_unnamed_source_is_refused() -> None:
    text = "sources: {}\nregions: {x: {currency: USD, prices: {nat: {price: 1, per: hour, source: hearsay}}}}"

    with pytest.raises(ValueError, match="x: prices name sources that are not there: hearsay"):
        parse(text)
