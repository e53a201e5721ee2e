"""Quotas that a new account runs into: what is wanted, what is used, and how much there may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.errors import error_code
from deployer.preflight.findings import Finding, error, warning
from deployer.preflight.place import Place
from deployer.preflight.wanted import Vcpus, Wanted

_BESIDE = "beside what else runs in the account, and up to twice that while an update rolls"
_RAISE = "ask for more: Service Quotas in the console"


@dataclass(frozen=True)
class _Quota:
    """A quota by its code, how many of it are wanted, and how many there are.

    The codes: `aws service-quotas list-service-quotas --service-code vpc`, and
    https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html
    """

    service: str
    code: str
    what: str
    where: str
    wanted: Callable[[Wanted], int]
    used: Callable[[Aws], int]


def _vpcs(aws: Aws) -> int:
    return sum(len(page["Vpcs"]) for page in aws.ec2.get_paginator("describe_vpcs").paginate())


def _addresses(aws: Aws) -> int:
    return len(aws.ec2.describe_addresses()["Addresses"])


def _databases(aws: Aws) -> int:
    return sum(len(page["DBInstances"]) for page in aws.rds.get_paginator("describe_db_instances").paginate())


_COUNTED = (
    _Quota("vpc", "L-F678F1CE", "VPCs", "network.mode", lambda wanted: 0 if wanted.existing else 1, _vpcs),
    _Quota(
        "ec2",
        "L-0263D0A3",
        "elastic IP addresses",
        "network.natGateways",
        lambda wanted: wanted.addresses,
        _addresses,
    ),
    _Quota(
        "rds",
        "L-7B6409FD",
        "database instances",
        "metadataDb",
        lambda wanted: wanted.database.instances if wanted.database else 0,
        _databases,
    ),
)


def counted(place: Place) -> Iterator[Finding]:
    """Quotas of VPCs, addresses and database instances. What an environment has already is in the count by itself."""
    if not place.is_new:
        return
    for quota in _COUNTED:
        wanted = quota.wanted(place.wanted)
        if not wanted:
            continue
        limit, used = quota_of(place.aws, quota.service, quota.code), quota.used(place.aws)
        if limit is not None and used + wanted > limit:
            what = f"{used} of {limit:g} {quota.what} are in use, and {wanted} more are wanted"
            yield error(quota.where, what, f"remove what is not needed, or {_RAISE} ({quota.code})")


def processors(place: Place) -> Iterator[Finding]:
    """Quotas of Fargate's processors.

    What other tasks of the account use is not known here, and while an update rolls, old and new tasks run at once;
    a young account may have a quota of a few vCPUs.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
    """
    kinds: tuple[tuple[str, str, Vcpus], ...] = (
        ("L-3032A538", "Fargate On-Demand", place.wanted.on_demand),
        ("L-36FBB829", "Fargate Spot", place.wanted.spot),
    )
    for code, what, vcpus in kinds:
        limit = quota_of(place.aws, "fargate", code) if vcpus.most else None
        if limit is None:
            continue
        text = f"the quota of {what} is {limit:g} vCPUs, and the tasks take"
        if vcpus.first > limit:
            yield error("service", f"{text} {vcpus.first:g}, {_BESIDE}", f"{_RAISE} ({code})")
        elif vcpus.most > limit:
            yield warning("service", f"{text} up to {vcpus.most:g}, {_BESIDE}", f"{_RAISE} ({code})")


def quota_of(aws: Aws, service: str, code: str) -> float | None:
    """Return how much there may be: the account's own value, else the one that AWS gives everybody; None for neither.

    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    """
    for ask in (aws.quotas.get_service_quota, aws.quotas.get_aws_default_service_quota):
        try:
            return ask(ServiceCode=service, QuotaCode=code)["Quota"].get("Value")
        except ClientError as trouble:
            if error_code(trouble) != "NoSuchResourceException":
                raise
    return None
