"""Zones: as many as subnets of a kind, and those that the settings name."""

from __future__ import annotations

from deployer.preflight.place import Place
from deployer.preflight.wanted import Wanted
from deployer.preflight.zones import zones
from tests.deployer.preflight.scripted import STACK, asked, found


def test_enough_zones_are_nothing_to_talk_about() -> None:
    assert found(zones, Wanted(STACK, zones=["", "", ""]), {}) == []
    assert found(zones, Wanted(STACK, zones=["a", "c"]), {}) == []


def test_too_few_zones() -> None:
    one = {"ec2": {"describe_availability_zones": {"AvailabilityZones": [{"ZoneName": "eu-west-1a"}]}}}
    assert found(zones, Wanted(STACK, zones=["", ""]), one) == [
        "error: publicSubnet: eu-west-1 has 1 zones for this account, and subnets stand in 2;"
        " write fewer subnets, or choose another region"
    ]


def test_a_zone_that_is_not_there() -> None:
    assert found(zones, Wanted(STACK, zones=["a", "f"]), {}) == [
        "error: availabilityZone: there is no zone eu-west-1f for this account; choose among a, b, c"
    ]


def test_zones_that_nobody_names_are_guessed_by_name() -> None:
    assert Place(asked({}), Wanted(STACK, zones=["", ""])).chosen_zones == ("eu-west-1a", "eu-west-1b")
    assert Place(asked({}), Wanted(STACK, zones=["c", "a"])).chosen_zones == ("eu-west-1c", "eu-west-1a")
    assert Place(asked({}), Wanted(STACK)).chosen_zones == ()
