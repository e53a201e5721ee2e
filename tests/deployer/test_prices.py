from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployer.errors import DeployError
from deployer.prices import API_REGIONS, PriceClient, api_region, askable, dumped, refresh
from tests.deployer.scripted_clients import scripted

PRICES_YML = Path(__file__).parents[2] / "generator" / "cost" / "prices.yml"
BEFORE = """\
sources: {old: {kind: copy, what: somebody's, date: '2020-01-01', url: 'https://example.com'}}
regions:
  eu-central-1:
    currency: USD
    prices:
      nat: {price: 1, per: hour, source: old, estimate: true}
      fargate-spot.x86_64.vcpu: {price: 2, per: hour, source: old}
  cn-north-1: {currency: CNY, prices: {}}
"""


def product(service: str, usage: str, *amounts: float, currency: str = "USD", **attributes: str) -> dict[str, Any]:
    """A product as AWS's list has it; several amounts are tiers, the first of them from nothing on."""
    tiers = {
        f"tier-{number}": {"beginRange": str(number * 100), "pricePerUnit": {currency: str(amount)}}
        for number, amount in enumerate(amounts)
    }
    return {
        "serviceCode": service,
        "product": {"attributes": {"usagetype": usage, **attributes}},
        "terms": {"OnDemand": {"term": {"priceDimensions": tiers}}},
    }


class PriceList:
    """AWS's price list with a few products: answers two a page, as filtered."""

    def __init__(self, products: Iterable[dict[str, Any]]) -> None:
        self.products = list(products)
        self.calls: list[str] = []

    def get_products(self, **request: Any) -> dict[str, Any]:
        assert all(one["Type"] == "TERM_MATCH" for one in request["Filters"])
        wanted = {one["Field"]: one["Value"] for one in request["Filters"]}
        found = [
            one
            for one in self.products
            if one["serviceCode"] == request["ServiceCode"] and wanted.items() <= one["product"]["attributes"].items()
        ]
        start = int(request.get("NextToken", 0))
        page: dict[str, Any] = {"PriceList": [json.dumps(one) for one in found[start : start + 2]]}
        return page | ({"NextToken": str(start + 2)} if found[start + 2 :] else {})


def asked(products: Iterable[dict[str, Any]], *regions: str, text: str = BEFORE) -> tuple[dict[str, Any], list[str]]:
    listed = PriceList(products)
    after, untold = refresh(text, lambda _: client(listed), "2026-12-24", regions)
    return yaml.safe_load(after), untold


def client(listed: PriceList) -> PriceClient:
    """A real client of botocore's, which checks request and answer against AWS's own model."""
    made: PriceClient = scripted({"pricing": listed})._client("pricing")
    return made


def nat(usage: str, amount: float) -> dict[str, Any]:
    return product("AmazonEC2", usage, amount, regionCode="eu-central-1", productFamily="NAT Gateway")


def test_a_price_becomes_what_the_list_says_with_the_list_as_its_source() -> None:
    after, _ = asked([nat("EUC1-NatGateway-Hours", 0.052)], "eu-central-1")

    assert after["regions"]["eu-central-1"]["prices"]["nat"] == {
        "price": 0.052,
        "per": "hour",
        "source": "aws-price-list",
    }
    assert after["sources"]["aws-price-list"]["date"] == "2026-12-24"
    assert after["sources"]["aws-price-list"]["kind"] == "list"


def test_what_the_list_does_not_tell_stays_and_is_named() -> None:
    after, untold = asked([nat("EUC1-NatGateway-Hours", 0.052)], "eu-central-1")

    spot = after["regions"]["eu-central-1"]["prices"]["fargate-spot.x86_64.vcpu"]
    assert spot == {"price": 2, "per": "hour", "source": "old"}
    assert "eu-central-1: fargate-spot.x86_64.vcpu" in untold
    assert "eu-central-1: alb" in untold
    assert "eu-central-1: nat" not in untold


def test_neighbours_with_a_longer_name_are_other_things() -> None:
    balancer = {"regionCode": "eu-central-1", "productFamily": "Load Balancer-Application"}
    products = [
        nat("EUC1-NatGateway-Hours", 0.052),
        nat("EUC1-RegionalNatGateway-Hours", 9),
        nat("EUC1-NatGateway-Bytes", 0.04),
        product("AWSELB", "EUC1-LoadBalancerUsage", 0.027, **balancer),
        product("AWSELB", "TS-LoadBalancerUsage", 9, **balancer),
    ]
    after, _ = asked(products, "eu-central-1")

    prices = after["regions"]["eu-central-1"]["prices"]
    assert (prices["nat"]["price"], prices["nat.gb"]["price"], prices["alb"]["price"]) == (0.052, 0.04, 0.027)


def test_a_price_that_is_told_twice_and_differently_is_not_believed() -> None:
    after, untold = asked(
        [nat("EUC1-NatGateway-Hours", 1), nat("NatGateway-Hours", 2), nat("EUC1-NatGateway-Bytes", 3)], "eu-central-1"
    )

    assert after["regions"]["eu-central-1"]["prices"]["nat"]["source"] == "old"
    assert "eu-central-1: nat" in untold


def test_every_class_is_learnt_page_by_page_under_its_full_name() -> None:
    def database(name: str, amount: float, usage: str = "EUC1-InstanceUsage:db.x") -> dict[str, Any]:
        return product(
            "AmazonRDS", usage, amount, regionCode="eu-central-1", productFamily="Database Instance", instanceType=name,
            databaseEngine="PostgreSQL", deploymentOption="Single-AZ",
        )  # fmt: skip

    products = [database("db.t4g.micro", 0.019), database("db.m6g.2xlarge", 0.7, "EUC1-InstanceUsage:db.m6g.2xl")]
    products += [database("db.r7g.large", 0.3), database("db.t4g.micro", 9, "EUC1-ExtendedSupport-InstanceUsage:db.x")]
    after, _ = asked(products, "eu-central-1")

    prices = after["regions"]["eu-central-1"]["prices"]
    assert {key: prices[key]["price"] for key in prices if key.startswith("rds.")} == {
        "rds.t4g.micro": 0.019,
        "rds.m6g.2xlarge": 0.7,
        "rds.r7g.large": 0.3,
    }


def test_a_free_tier_is_not_the_price_and_a_million_requests_are_one_unit() -> None:
    sqs = product(
        "AWSQueueService", "EUC1-Requests-Tier1", 0, 4e-7, 3e-7, regionCode="eu-central-1", queueType="Standard"
    )
    after, _ = asked([sqs], "eu-central-1")

    assert after["regions"]["eu-central-1"]["prices"]["sqs"]["price"] == 0.4


def test_china_is_asked_at_home_and_answers_in_yuan() -> None:
    products = [
        product("AmazonECS", "CNN1-Fargate-GB-Hours", 0.04, regionCode="cn-north-1", currency="CNY"),
        product("AmazonECS", "CNN1-Fargate-ARM-GB-Hours", 9, regionCode="cn-north-1", currency="USD"),
    ]
    after, _ = asked(products, "cn-north-1")

    assert after["regions"]["cn-north-1"]["prices"]["fargate.x86_64.gb"]["price"] == 0.04
    assert "fargate.arm64.gb" not in after["regions"]["cn-north-1"]["prices"]
    assert [api_region(one) for one in ("cn-north-1", "us-gov-west-1", "eu-west-1")] == [
        "cn-northwest-1",
        *["us-east-1"] * 2,
    ]
    assert set(API_REGIONS.values()) == {"cn-northwest-1", "us-east-1"}


def test_credentials_ask_for_the_regions_whose_list_they_open() -> None:
    text = PRICES_YML.read_text(encoding="utf-8")

    assert askable(text, "aws") == ["us-east-1", "eu-central-1", "us-gov-west-1"]
    assert askable(text, "aws-cn") == ["cn-north-1", "cn-northwest-1"]
    assert askable(text, "aws-us-gov") == []


def test_a_new_region_is_added_and_one_that_aws_does_not_know_is_not() -> None:
    new = product("AmazonECS", "EUW2-Fargate-GB-Hours", 0.005, regionCode="eu-west-2")
    after, _ = asked([new], "eu-west-2")

    assert after["regions"]["eu-west-2"]["currency"] == "USD"
    with pytest.raises(DeployError, match="knows nothing of region mars-1"):
        asked([new], "mars-1")


def test_the_shipped_file_is_as_a_refresh_writes_it() -> None:
    text = PRICES_YML.read_text(encoding="utf-8")

    assert dumped(yaml.safe_load(text)) == text


def test_products_of_one_kind_are_asked_for_once() -> None:
    listed = PriceList([nat("EUC1-NatGateway-Hours", 1)])
    refresh(BEFORE, lambda _: client(listed), "2026-12-24", ["eu-central-1"])

    assert len(listed.calls) < 25
