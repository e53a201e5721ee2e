"""Quotas: what there may be, what there is, and what a new environment adds."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from deployer.preflight.limits import counted, databases, processors, quota_of
from deployer.preflight.wanted import Database, Existing, Vcpus, Wanted
from tests.deployer.preflight.scripted import DENIED, STACK, Answer, asked, found, stands
from tests.deployer.scripted_clients import ACCOUNT, RefusedError

VPCS = "L-F678F1CE"
EXISTING = Existing("vpc-1", "10.0.0.0/16", [], [], [])
DATABASE = Database("postgres", "17", "postgres17", "db.t4g.micro", instances=2)


def quotas(**own: float) -> dict[str, dict[str, Answer]]:
    """Quotas of the account by code, without the hyphen; of each other one AWS says that everybody has five."""

    def get(QuotaCode: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if QuotaCode.replace("-", "") not in own:
            raise RefusedError("NoSuchResourceException", "no value of its own", 404)
        return {"Quota": {"QuotaCode": QuotaCode, "Value": own[QuotaCode.replace("-", "")]}}

    default = {"Quota": {"Value": 5.0}}
    return {"service-quotas": {"get_service_quota": get, "get_aws_default_service_quota": default}}


def in_use(
    vpcs: int = 0, addresses: int = 0, instances: int = 0, *, of: int = 40, shared: int = 0
) -> dict[str, dict[str, Answer]]:
    """`of` is how many instances there may be, `shared` how many VPCs are another account's."""
    owners = [ACCOUNT] * vpcs + ["999999999999"] * shared
    return {
        "ec2": {
            "describe_vpcs": {"Vpcs": [{"VpcId": f"vpc-{at}", "OwnerId": owner} for at, owner in enumerate(owners)]},
            "describe_addresses": {"Addresses": [{"AllocationId": f"a-{number}"} for number in range(addresses)]},
        },
        "rds": {
            "describe_account_attributes": {
                "AccountQuotas": [
                    {"AccountQuotaName": "ReservedDBInstances", "Used": 40, "Max": 40},
                    {"AccountQuotaName": "DBInstances", "Used": instances, "Max": of},
                ]
            }
        },
    }


def test_room_enough() -> None:
    assert found(counted, Wanted(STACK, addresses=1), {**quotas(), **in_use(4, 4)}) == []
    assert found(databases, Wanted(STACK, database=DATABASE), in_use(instances=38)) == []


def test_no_room_left() -> None:
    everything = {**quotas(), **in_use(5, 4, 39)}
    assert found(counted, Wanted(STACK, addresses=2), everything) == [
        "error: network.mode: 5 of 5 VPCs are in use, and 1 more are wanted;"
        " remove what is not needed, or ask for more: Service Quotas in the console (L-F678F1CE)",
        "error: network.natGateways: 4 of 5 elastic IP addresses are in use, and 2 more are wanted;"
        " remove what is not needed, or ask for more: Service Quotas in the console (L-0263D0A3)",
    ]
    assert found(databases, Wanted(STACK, database=DATABASE), everything) == [
        "error: metadataDb: 39 of 40 database instances are in use, and 2 more are wanted;"
        " remove what is not needed, or ask for more: Service Quotas in the console (L-7B6409FD)",
    ]


def test_vpcs_that_others_share_count_with_their_owners() -> None:
    assert found(counted, Wanted(STACK), {**quotas(), **in_use(1, shared=4)}) == []


def test_what_is_not_wanted_is_not_asked_for() -> None:
    assert found(counted, Wanted(STACK, existing=EXISTING), {}) == []
    assert found(databases, Wanted(STACK), {}) == []


def test_what_stands_is_counted_already() -> None:
    assert found(counted, Wanted(STACK, addresses=2), stands()) == []
    assert found(databases, Wanted(STACK, database=DATABASE), stands()) == []
    gone = {**stands("ROLLBACK_COMPLETE"), **quotas(), **in_use(vpcs=5)}
    assert len(found(counted, Wanted(STACK), gone)) == 1


@pytest.mark.parametrize(
    ("first", "most", "level"), [(4.0, 6.0, None), (4.0, 6.5, "warning"), (6.5, 8.0, "error"), (0.0, 0.0, None)]
)
def test_processors_of_fargate(first: float, most: float, level: str | None) -> None:
    lines = found(processors, Wanted(STACK, on_demand=Vcpus(first, most)), quotas(L3032A538=6.0))
    assert [line.partition(":")[0] for line in lines] == ([level] if level else [])


def test_spot_has_a_quota_of_its_own() -> None:
    assert found(processors, Wanted(STACK, spot=Vcpus(8, 8)), quotas(L36FBB829=6.0)) == [
        "error: service: the quota of Fargate Spot is 6 vCPUs, and the tasks take 8, beside what else runs"
        " in the account, and up to twice that while an update rolls;"
        " ask for more: Service Quotas in the console (L-36FBB829)"
    ]


def test_a_quota_that_nobody_knows_is_none() -> None:
    nobody = RefusedError("NoSuchResourceException", "no such quota", 404)
    unknown = {"service-quotas": {"get_service_quota": nobody, "get_aws_default_service_quota": nobody}}
    assert quota_of(asked(unknown), "vpc", VPCS) is None
    assert found(counted, Wanted(STACK), {**unknown, **in_use(vpcs=9)}) == []


def test_a_quota_without_a_value_says_why() -> None:
    reason = {"ErrorCode": "DEPENDENCY_ACCESS_DENIED_ERROR", "ErrorMessage": "not to rds:DescribeAccountAttributes"}
    inside = {"service-quotas": {"get_service_quota": {"Quota": {"QuotaCode": VPCS, "ErrorReason": reason}}}}
    with pytest.raises(ClientError, match=r"DEPENDENCY_ACCESS_DENIED_ERROR.*not to rds:DescribeAccountAttributes"):
        quota_of(asked(inside), "vpc", VPCS)


def test_who_may_not_read_quotas_hears_of_it() -> None:
    with pytest.raises(Exception, match="AccessDenied"):
        found(counted, Wanted(STACK), {"service-quotas": {"get_service_quota": DENIED}})
