"""The network: which subnets there are, who stands in which, and where their routes lead."""

from typing import Any

import pytest

from generator.stacks import network
from tests.generator.stacks.alone import Body, alone, output, policies, properties, settings_with, skipped

THREE = {
    "publicSubnet": {str(n): {"cidrBlock": f"10.0.{n}.0/24"} for n in (1, 2, 3)},
    "privateSubnet": {str(n): {"cidrBlock": f"10.0.1{n}.0/24"} for n in (1, 2, 3)},
}
PUBLIC, PRIVATE = ["PublicSubnet1", "PublicSubnet2"], ["PrivateSubnet1", "PrivateSubnet2"]
EXISTING = {
    "vpcId": "vpc-0123456789abcdef0",
    "vpcCidr": "10.0.0.0/16",
    "taskSubnetIds": ["subnet-00000001", "subnet-00000002"],
    "loadBalancerSubnetIds": ["subnet-00000003", "subnet-00000004"],
    "databaseSubnetIds": ["subnet-00000005", "subnet-00000006"],
    "routeTableIds": ["rtb-00000001"],
}


def rendered(overrides: dict[str, Any] | None = None, key: str | None = None) -> Body:
    return alone(network.build, network.Inputs(key), settings_with(overrides))


def mode(name: str, **more: Any) -> dict[str, Any]:
    return {"network": {"mode": name, **more}}


def referred(body: Body, name: str) -> list[str]:
    """Logical ids in an output that is one joined text."""
    separator, values = output(body, name)["Fn::Join"]
    assert separator == ","
    return [value["Ref"] for value in values]


def of_type(body: Body, kind: str) -> dict[str, dict[str, Any]]:
    resources: dict[str, dict[str, Any]] = body["Resources"]
    return {name: one["Properties"] for name, one in resources.items() if one["Type"] == f"AWS::EC2::{kind}"}


def places(body: Body) -> dict[str, list[str]]:
    """Subnets of tasks, database and load balancer."""
    return {what: referred(body, f"{what}SubnetIds") for what in ("Task", "Database", "LoadBalancer")}


INTERNAL = {"loadBalancer": {"scheme": "internal"}}
FACING = {"loadBalancer": {"scheme": "internet-facing"}}


@pytest.mark.parametrize(
    ("overrides", "inner", "front"),
    [
        (mode("public"), PUBLIC, PUBLIC),
        (mode("public") | INTERNAL, PUBLIC, PUBLIC),
        (mode("private"), PRIVATE, PUBLIC),
        (mode("private") | INTERNAL, PRIVATE, PRIVATE),
        (mode("isolated"), PRIVATE, PRIVATE),
        (mode("isolated") | FACING, PRIVATE, PUBLIC),
    ],
)
def test_each_stands_where_its_mode_says(overrides: dict[str, Any], inner: list[str], front: list[str]) -> None:
    assert places(rendered(overrides)) == {"Task": inner, "Database": inner, "LoadBalancer": front}


@pytest.mark.parametrize("overrides", [mode("public"), mode("private"), mode("isolated") | FACING])
def test_the_default_route_is_of_public_subnets_alone(overrides: dict[str, Any]) -> None:
    body = rendered(overrides)
    (route,) = of_type(body, "Route").values()
    assert route["DestinationCidrBlock"] == "0.0.0.0/0"
    assert route["GatewayId"] == {"Ref": "InternetGateway"}
    associations = of_type(body, "SubnetRouteTableAssociation").values()
    public = [one["SubnetId"]["Ref"] for one in associations if one["RouteTableId"] == route["RouteTableId"]]
    assert public == PUBLIC


def test_an_isolated_network_has_no_gateway_and_no_route_at_all() -> None:
    kinds = {one["Type"].removeprefix("AWS::EC2::") for one in rendered(mode("isolated"))["Resources"].values()}
    assert kinds == {"VPC", "Subnet", "RouteTable", "SubnetRouteTableAssociation"}


@pytest.mark.parametrize("overrides", [mode("public"), mode("private"), mode("isolated") | FACING])
def test_no_subnet_hands_out_public_addresses(overrides: dict[str, Any]) -> None:
    assert {one["MapPublicIpOnLaunch"] for one in of_type(rendered(overrides), "Subnet").values()} == {False}


def test_zones_are_the_letters_that_are_written_and_else_in_the_order_of_aws() -> None:
    lettered = {"1": {"cidrBlock": "10.0.1.0/24", "availabilityZone": "f"}, "2": {"cidrBlock": "10.0.2.0/24"}}
    subnets = of_type(rendered({"publicSubnet": lettered}), "Subnet")
    assert subnets["PublicSubnet1"]["AvailabilityZone"] == {"Fn::Sub": "${AWS::Region}f"}
    assert subnets["PublicSubnet2"]["AvailabilityZone"] == {"Fn::Select": [1, {"Fn::GetAZs": ""}]}


def test_three_zones_are_three_subnets_of_each_kind() -> None:
    body = rendered(THREE | mode("private"))
    zones = [one["AvailabilityZone"]["Fn::Select"][0] for one in of_type(body, "Subnet").values()]
    assert sorted(zones) == [0, 0, 1, 1, 2, 2]
    assert len(places(body)["Task"]) == len(places(body)["LoadBalancer"]) == 3


@pytest.mark.parametrize(("gateways", "zones"), [("one", {"1"}), ("perZone", {"1", "2", "3"})])
def test_nat_gateways_stand_in_public_subnets_and_every_private_table_wants_a_route(
    gateways: str, zones: set[str]
) -> None:
    body = rendered(THREE | mode("private", natGateways=gateways))
    nat = {name: one["Value"] for name, one in body["Outputs"].items() if name.endswith("NatSubnetId")}
    assert nat == {f"Zone{zone}NatSubnetId": {"Ref": f"PublicSubnet{zone}"} for zone in zones}
    tables = {name: one["Value"] for name, one in body["Outputs"].items() if name.endswith("RouteTableId")}
    assert tables == {f"Zone{n}RouteTableId": {"Ref": f"PrivateRouteTable{n}"} for n in (1, 2, 3)}


@pytest.mark.parametrize("name", ["public", "isolated"])
def test_only_mode_private_wants_nat(name: str) -> None:
    assert not [one for one in rendered(mode(name))["Outputs"] if one.endswith(("NatSubnetId", "RouteTableId"))]


@pytest.mark.parametrize(
    ("overrides", "tables"),
    [(mode("public"), ["PublicRouteTable"]), (mode("isolated"), ["PrivateRouteTable1", "PrivateRouteTable2"])],
)
def test_the_endpoint_of_s3_gets_the_tables_of_the_tasks(overrides: dict[str, Any], tables: list[str]) -> None:
    assert referred(rendered(overrides), "RouteTableIds") == tables


def test_endpoints_stand_in_one_zone_or_in_all_where_there_are_any() -> None:
    assert referred(rendered(mode("isolated")), "EndpointSubnetIds") == PRIVATE[:1]
    assert referred(rendered(mode("isolated", endpointZones="all")), "EndpointSubnetIds") == PRIVATE
    assert referred(rendered(mode("public", endpoints=["athena"])), "EndpointSubnetIds") == PUBLIC[:1]
    assert "EndpointSubnetIds" not in rendered(mode("public", endpoints=["dynamodb"]))["Outputs"]


def test_of_a_network_that_exists_only_its_ids_are_known() -> None:
    found = network.existing(settings_with(mode("existing", existing=EXISTING)))
    assert found.vpc_id == EXISTING["vpcId"]
    assert found.task_subnet_ids == "subnet-00000001,subnet-00000002"
    assert found.load_balancer_subnet_ids == "subnet-00000003,subnet-00000004"
    assert found.database_subnet_ids == "subnet-00000005,subnet-00000006"
    assert found.route_table_ids == "rtb-00000001"
    assert found.endpoint_subnet_ids is None
    assert (found.nat_subnet_id, found.route_table_id) == ({}, {})


@pytest.mark.parametrize(("zones", "subnets"), [("one", "subnet-00000001"), ("all", "subnet-00000001,subnet-00000002")])
def test_endpoints_in_a_network_that_exists_stand_beside_the_tasks(zones: str, subnets: str) -> None:
    wanted = mode("existing", endpointZones=zones, existing={**EXISTING, "createEndpoints": True})
    assert network.existing(settings_with(wanted)).endpoint_subnet_ids == subnets


def test_flow_logs_are_on_request_and_go_with_the_stack() -> None:
    assert "FlowLog" not in rendered()["Resources"]
    logged = {"network": {"flowLogs": True}, "cloudwatch": {"ecsLogGroup": {"retention": 5}}}
    body = rendered(logged)
    assert properties(body, "FlowLogGroup") == {"RetentionInDays": 5}
    assert policies(body, "FlowLogGroup") == ("Delete", "Delete")
    assert properties(body, "FlowLog")["ResourceId"] == {"Ref": "Vpc"}
    assert "CKV_AWS_158" in skipped(body, "FlowLogGroup")
    keyed = rendered(logged | {"kms": {"customerKey": True}}, key="arn:key")
    assert properties(keyed, "FlowLogGroup")["KmsKeyId"] == {"Ref": "KeyArn"}


def test_flow_logs_write_to_their_group_and_make_none() -> None:
    (policy,) = properties(rendered(mode("public", flowLogs=True)), "FlowLogRole")["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Resource"] == [{"Fn::GetAtt": ["FlowLogGroup", "Arn"]}]
    assert set(statement["Action"]) == {"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}
