"""Refresh the file of prices from AWS's own price list; the estimate reads that file, and never AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import yaml

from deployer.errors import DeployError

# https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-list-query-api.html (which regions answer)
API_REGIONS = {"cn-": "cn-northwest-1", "": "us-east-1"}
SOURCE = "aws-price-list"
HEADER = """\
# What things cost, by region. Refresh it with `make airflow-prices` (needs pricing:GetProducts). `source` is one of
# those at the top, of kind `list` (asked of AWS's price list), `copy` (that list or AWS's page as others publish it)
# or `ratio` (derived here). `estimate: true`: nobody has read this price for this region, or it changes daily. What is
# missing has no known price, and an estimate that needs it says that it is incomplete.
"""


class PriceClient(Protocol):
    """AWS's client of its price list, of which one call is needed."""

    def get_products(self, **request: Any) -> Any:  # noqa: ANN401
        """Return one page of products."""


@dataclass(frozen=True)
class Wanted:
    """A price to look up: of which products, and what its key is; `{}` in it is the instance class.

    `usage` matches the usage type behind its region's prefix. `units` of AWS's make one of ours: a million requests.
    """

    service: str
    key: str
    usage: str
    per: str
    filters: Mapping[str, str] = field(default_factory=dict)
    units: int = 1


_POSTGRES = {"databaseEngine": "PostgreSQL", "deploymentOption": "Single-AZ"}
_ALB = {"productFamily": "Load Balancer-Application"}
# Prefixes of regions as in EUC1-NatGateway-Hours; KMS writes eu-central-1-KMS-Keys. Other prefixes are other things:
# ExtendedSupport-InstanceUsage, TS-LoadBalancerUsage.
_PREFIX = r"(?:EU-|[A-Z]{3}\d+-|[a-z]{2}(?:-[a-z]+)+-\d-)?"
WANTED = (
    Wanted("AmazonECS", "fargate.x86_64.vcpu", r"Fargate-vCPU-Hours:perCPU", "hour"),
    Wanted("AmazonECS", "fargate.x86_64.gb", r"Fargate-GB-Hours", "hour"),
    Wanted("AmazonECS", "fargate.arm64.vcpu", r"Fargate-ARM-vCPU-Hours:perCPU", "hour"),
    Wanted("AmazonECS", "fargate.arm64.gb", r"Fargate-ARM-GB-Hours", "hour"),
    Wanted("AmazonVPC", "ipv4", r"PublicIPv4:InUseAddress", "hour"),
    Wanted("AmazonVPC", "endpoint", r"VpcEndpoint-Hours", "hour", {"endpointType": "PrivateLink"}),
    Wanted("AmazonVPC", "endpoint.gb", r"VpcEndpoint-Bytes", "use", {"endpointType": "PrivateLink"}),
    Wanted("AmazonEC2", "nat", r"NatGateway-Hours", "hour", {"productFamily": "NAT Gateway"}),
    Wanted("AmazonEC2", "nat.gb", r"NatGateway-Bytes", "use", {"productFamily": "NAT Gateway"}),
    Wanted("AWSELB", "alb", r"LoadBalancerUsage", "hour", _ALB),
    Wanted("AWSELB", "alb.lcu", r"LCUUsage", "hour", _ALB),
    Wanted("AmazonRDS", "rds.{}", r"InstanceUsage:db\..+", "hour", {"productFamily": "Database Instance", **_POSTGRES}),
    Wanted("AmazonRDS", "rds.gb", r"RDS:GP3-Storage", "month", {"productFamily": "Database Storage", **_POSTGRES}),
    Wanted("AmazonRDS", "aurora.acu", r"Aurora:ServerlessV2Usage", "hour", {"databaseEngine": "Aurora PostgreSQL"}),
    Wanted("AmazonRDS", "aurora.gb", r"Aurora:StorageUsage", "month"),
    Wanted("AmazonRDS", "aurora.io", r"Aurora:StorageIOUsage", "use", units=1_000_000),
    Wanted("AmazonElastiCache", "valkey.{}", r"NodeUsage:cache\..+", "hour", {"cacheEngine": "Valkey"}),
    Wanted("AmazonElastiCache", "redis.{}", r"NodeUsage:cache\..+", "hour", {"cacheEngine": "Redis"}),
    Wanted("AWSQueueService", "sqs", r"Requests(?:-Tier1|-RBP)?", "use", {"queueType": "Standard"}, 1_000_000),
    Wanted("AWSSecretsManager", "secret", r"AWSSecretsManager-Secrets", "month"),
    Wanted("AWSSecretsManager", "secret.calls", r"AWSSecretsManagerAPIRequest", "use", units=10_000),
    Wanted("AmazonCloudWatch", "logs.gb", r"DataProcessing-Bytes", "use"),
    Wanted("AmazonCloudWatch", "logs.vended", r"VendedLog-Bytes", "use", {"group": "Delivered Logs"}),
    Wanted("AmazonCloudWatch", "logs.kept", r"TimedStorage-ByteHrs", "month"),
    Wanted("AmazonCloudWatch", "metric", r"CW:MetricMonitorUsage", "month"),
    Wanted("AmazonCloudWatch", "alarm", r"CW:AlarmMonitorUsage", "month"),
    Wanted("awskms", "kms.key", r"KMS-Keys", "month"),
    Wanted("awskms", "kms.calls", r"KMS-Requests", "use", units=10_000),
    Wanted("AmazonS3", "s3.gb", r"TimedStorage-ByteHrs", "month", {"volumeType": "Standard"}),
    Wanted("AmazonS3", "s3.put", r"Requests-Tier1", "use", {"group": "S3-API-Tier1"}, 1_000),
    Wanted("AmazonECR", "ecr.gb", r"TimedStorage-ByteHrs", "month"),
)


def refresh(
    text: str, client: Callable[[str], PriceClient], today: str, regions: Sequence[str]
) -> tuple[str, list[str]]:
    """Return the file of prices with what AWS's list says now, and what it did not tell, as `region: key`.

    A region that the file does not have is added. A price that the list does not tell stays as it was, with its
    source: those of Spot are not in the list. `client` makes a client for a region whose endpoint answers; China has
    one of its own. Raises what botocore raises, and DeployError for a region that AWS's list does not know.
    """
    data = yaml.safe_load(text)
    untold = []
    for region in regions:
        currency = "CNY" if region.startswith("cn-") else "USD"
        found = told(client(api_region(region)), region, currency)
        if not found:
            raise DeployError(f"AWS's price list knows nothing of region {region}", "check its name")
        known = data["regions"].setdefault(region, {"currency": currency, "prices": {}})["prices"]
        expected = known.keys() | {one.key for one in WANTED if "{}" not in one.key}
        untold += [f"{region}: {key}" for key in sorted(expected - found.keys())]
        known.update(found)
    data["sources"][SOURCE] = {
        "kind": "list",
        "what": "AWS's price list (pricing:GetProducts)",
        "date": today,
        "url": "https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html",
    }
    return dumped(data), untold


def askable(text: str, partition: str) -> list[str]:
    """Return the regions in the file whose prices credentials of `partition` may ask for.

    One list is for China; the other, which credentials of the partition `aws` open, has GovCloud's prices, too.
    """
    known = yaml.safe_load(text)["regions"]
    ours = {"aws": False, "aws-cn": True}
    return [region for region in known if ours.get(partition) is region.startswith("cn-")]


def api_region(region: str) -> str:
    """Return the region whose endpoint tells the prices of `region`."""
    return next(answers for prefix, answers in API_REGIONS.items() if region.startswith(prefix))


def told(client: PriceClient, region: str, currency: str) -> dict[str, dict[str, Any]]:
    """Return the prices of `region` that AWS's list tells without doubt, by key."""
    found: dict[str, dict[str, Any]] = {}
    asked: dict[tuple[object, ...], list[dict[str, Any]]] = {}
    for one in WANTED:
        query = (one.service, *sorted(one.filters.items()))
        if query not in asked:
            asked[query] = list(_products(client, region, one))
        amounts: dict[str, set[float]] = {}
        for product in asked[query]:
            attributes = product["product"]["attributes"]
            amount = _amount(product, currency)
            if amount is not None and re.fullmatch(_PREFIX + one.usage, attributes.get("usagetype", "")):
                # The usage type shortens the class (db.m6g.2xl).
                key = one.key.format(attributes.get("instanceType", "").partition(".")[2])
                amounts.setdefault(key, set()).add(amount)
        # Two products with different prices: which of them is meant, nobody knows.
        found |= {
            key: {"price": round(min(several) * one.units, 10), "per": one.per, "source": SOURCE}
            for key, several in amounts.items()
            if len(several) == 1
        }
    return found


def _products(client: PriceClient, region: str, wanted: Wanted) -> Iterator[dict[str, Any]]:
    filters = {"regionCode": region, **wanted.filters}
    request = {
        "ServiceCode": wanted.service,
        "Filters": [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in filters.items()],
    }
    more: dict[str, str] = {}
    while True:
        page = client.get_products(**request, **more)
        yield from map(json.loads, page["PriceList"])
        if not page.get("NextToken"):
            return
        more = {"NextToken": page["NextToken"]}


def _amount(product: Mapping[str, Any], currency: str) -> float | None:
    """Return the price on demand of the first units that are not free."""
    dimensions = [
        dimension
        for term in product["terms"].get("OnDemand", {}).values()
        for dimension in term["priceDimensions"].values()
    ]
    dimensions.sort(key=lambda dimension: float(dimension.get("beginRange", 0)))
    amounts = (float(dimension["pricePerUnit"].get(currency, 0)) for dimension in dimensions)
    return next((amount for amount in amounts if amount > 0), None)


def dumped(data: Mapping[str, Any]) -> str:
    """Return the file of prices: sources and regions in their order, prices by key, each on a line."""
    lines = [HEADER + "sources:"]
    for name, source in data["sources"].items():
        lines += [f"  {name}:", *(f"    {key}: {_scalar(str(value))}" for key, value in source.items())]
    lines.append("regions:")
    for name, region in data["regions"].items():
        prices = sorted(region["prices"].items())
        lines += [f"  {name}:", f"    currency: {region['currency']}", f"    prices:{'' if prices else ' {}'}"]
        lines += [f"      {key}: {{{', '.join(f'{k}: {_plain(v)}' for k, v in one.items())}}}" for key, one in prices]
    return "\n".join(lines) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _scalar(text: str) -> str:
    """One line of YAML, quoted: a date would else be read as one."""
    return "'" + text.replace("'", "''") + "'"
