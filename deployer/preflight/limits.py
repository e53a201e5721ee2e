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
    used: Callable[[Place], int]


def _vpcs(place: Place) -> int:
    """Count one's own: those of others that are shared are listed, too, and count with their owners.

    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html
    """
    pages = place.aws.ec2.get_paginator("describe_vpcs").paginate()
    return sum(one.get("OwnerId") == place.identity.account for page in pages for one in page["Vpcs"])


def _addresses(place: Place) -> int:
    return len(place.aws.ec2.describe_addresses()["Addresses"])


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
)


def counted(place: Place) -> Iterator[Finding]:
    """Quotas of VPCs and addresses. What an environment has already is in the count by itself."""
    if not place.is_new:
        return
    for quota in _COUNTED:
        wanted = quota.wanted(place.wanted)
        if not wanted:
            continue
        limit, used = quota_of(place.aws, quota.service, quota.code), quota.used(place)
        if limit is not None and used + wanted > limit:
            yield _too_many(quota.where, quota.what, quota.code, used, limit, wanted)


def databases(place: Place) -> Iterator[Finding]:
    """The quota of database instances, of which RDS itself tells how many are in use.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeAccountAttributes.html
    """
    database = place.wanted.database
    if database is None or not place.is_new:
        return
    for one in place.aws.rds.describe_account_attributes()["AccountQuotas"]:
        if one.get("AccountQuotaName") == "DBInstances":
            used, limit = one.get("Used", 0), one.get("Max", 0)
            if used + database.instances > limit:
                yield _too_many("metadataDb", "database instances", "L-7B6409FD", used, limit, database.instances)


def _too_many(where: str, what: str, code: str, used: int, limit: float, wanted: int) -> Finding:
    said = f"{used} of {limit:g} {what} are in use, and {wanted} more are wanted"
    return error(where, said, f"remove what is not needed, or {_RAISE} ({code})")


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

    Raises ClientError also for an answer that says, in a quota without a value, why there is none.
    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ErrorReason.html
    """
    for ask in (aws.quotas.get_service_quota, aws.quotas.get_aws_default_service_quota):
        try:
            quota = ask(ServiceCode=service, QuotaCode=code)["Quota"]
        except ClientError as trouble:
            if error_code(trouble) != "NoSuchResourceException":
                raise
            continue
        if "Value" not in quota and "ErrorReason" in quota:
            why = quota["ErrorReason"]
            code, message = why.get("ErrorCode", "unknown"), why.get("ErrorMessage", "")
            raise ClientError({"Error": {"Code": str(code), "Message": message}}, "GetServiceQuota")
        return quota.get("Value")
    return None
