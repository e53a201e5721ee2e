"""NAT gateways: how many there are, and which private subnet goes out by which."""

import pytest

from generator.stacks import nat
from tests.generator.stacks.alone import Body, alone, properties, settings_with

TABLES = {f"zone-{n}": f"rtb-{n}" for n in (1, 2, 3)}


def rendered(*zones: int) -> Body:
    inputs = nat.Inputs({f"zone-{n}": f"subnet-{n}" for n in zones}, TABLES)
    return alone(nat.build, inputs, settings_with({"network": {"mode": "private"}}))


@pytest.mark.parametrize(("zones", "by"), [((1,), [1, 1, 1]), ((1, 2, 3), [1, 2, 3])])
def test_every_zone_goes_out_by_its_own_gateway_or_by_the_only_one(zones: tuple[int, ...], by: list[int]) -> None:
    body = rendered(*zones)
    routes = [properties(body, f"Zone{n}Route") for n in (1, 2, 3)]
    assert [route["NatGatewayId"]["Ref"] for route in routes] == [f"Zone{n}Nat" for n in by]
    assert [route["RouteTableId"]["Ref"] for route in routes] == [f"Zone{n}RouteTableId" for n in (1, 2, 3)]
    assert {route["DestinationCidrBlock"] for route in routes} == {"0.0.0.0/0"}


def test_each_gateway_has_an_address_of_its_own_and_stands_in_its_subnet() -> None:
    body = rendered(1, 2, 3)
    for n in (1, 2, 3):
        gateway = properties(body, f"Zone{n}Nat")
        assert gateway["SubnetId"] == {"Ref": f"Zone{n}NatSubnetId"}
        assert gateway["AllocationId"] == {"Fn::GetAtt": [f"Zone{n}Address", "AllocationId"]}
        assert properties(body, f"Zone{n}Address")["Domain"] == "vpc"
