"""Endpoint services: offered in the region, and in the zones of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from deployer.preflight.endpoints import endpoints
from deployer.preflight.wanted import Existing, Wanted
from tests.deployer.preflight.scripted import STACK, Answer, found

LOGS, ATHENA = "com.amazonaws.eu-west-1.logs", "com.amazonaws.eu-west-1.athena"


def wanted(zones: Sequence[str] = ("", ""), count: int = 1) -> Wanted:
    return Wanted(STACK, zones=zones, endpoints={"logs": LOGS, "athena": ATHENA}, endpoint_zones=count)


def offered(services: Mapping[str, str]) -> dict[str, dict[str, Answer]]:
    def describe(**asked: Any) -> dict[str, Any]:
        assert asked == {"Filters": [{"Name": "service-name", "Values": [ATHENA, LOGS]}]}
        return {
            "ServiceDetails": [
                {"ServiceName": name, "AvailabilityZones": [f"eu-west-1{zone}" for zone in zones]}
                for name, zones in services.items()
            ]
        }

    return {"ec2": {"describe_vpc_endpoint_services": describe}}


def test_without_endpoints_nothing_is_asked() -> None:
    assert found(endpoints, Wanted(STACK), {}) == []


def test_all_are_offered() -> None:
    assert found(endpoints, wanted(count=2), offered({LOGS: "abc", ATHENA: "ab"})) == []


def test_a_service_that_has_none() -> None:
    assert found(endpoints, wanted(), offered({LOGS: "abc"})) == [
        f"error: network.endpoints: athena has no endpoint service {ATHENA} in eu-west-1;"
        " take it out, or choose a mode with a way to the internet"
    ]


def test_a_zone_that_a_service_does_not_have() -> None:
    without = offered({LOGS: "abc", ATHENA: "bc"})
    said = f"network.endpoints: {ATHENA} is not offered in eu-west-1a;"
    todo = "name zones that have it (availabilityZone of the subnets)"
    assert found(endpoints, wanted(zones=["a", "b"]), without) == [f"error: {said} {todo}"]
    assert found(endpoints, wanted(zones=["b", "a"]), without) == []  # one zone, the first
    assert found(endpoints, wanted(), without) == [f"warning: {said} {todo}"]  # which zones AWS takes is assumed


def test_the_zones_of_an_existing_network_are_those_of_the_tasks_subnets() -> None:
    answers = offered({LOGS: "bc", ATHENA: "bc"})
    answers["ec2"]["describe_subnets"] = {
        "Subnets": [
            {"SubnetId": f"subnet-{zone}", "AvailabilityZone": f"eu-west-1{zone}", "VpcId": "vpc-1"} for zone in "ab"
        ]
    }

    def lines(tasks: Sequence[str], count: int) -> list[str]:
        theirs = Existing("vpc-1", "10.0.0.0/16", tasks, [], [])
        return found(endpoints, replace(wanted([], count), existing=theirs), answers)

    said = "is not offered in eu-west-1a; list subnets in zones that have it (first) in taskSubnetIds"
    both = [f"error: network.endpoints: {name} {said}" for name in (ATHENA, LOGS)]
    assert lines(["subnet-a", "subnet-b"], 1) == both
    assert lines(["subnet-b", "subnet-a"], 1) == []
    assert lines(["subnet-b", "subnet-a"], 2) == both
