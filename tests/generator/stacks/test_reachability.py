"""In every kind of network each component reaches exactly what it needs, and nobody else reaches anything."""

from typing import Any

import pytest

from generator.airflow.calls import of_run, of_start
from generator.airflow.components import components
from tests.models.expectations import NETWORKS, SERVICES, TRIED, USERS_CODE, Scenario, inside, problems, services
from tests.models.reachability import BALANCER
from tests.models.resources import Place, resources

BROKERS = [("valkey", False), ("valkey", True), ("redis", False), ("redis", True), ("sqs", False)]


@pytest.mark.parametrize(("broker", "flower"), BROKERS)
@pytest.mark.parametrize("network", NETWORKS)
def test_each_reaches_what_it_needs_and_nothing_else(network: str, broker: str, flower: bool) -> None:
    scenario = Scenario(NETWORKS[network], broker, flower)
    assert not list(problems(scenario.world(), scenario))


THREE_ZONES = {
    "publicSubnet": {str(n): {"cidrBlock": f"10.0.{n}.0/24"} for n in (1, 2, 3)},
    "privateSubnet": {str(n): {"cidrBlock": f"10.0.1{n}.0/24", "availabilityZone": "abf"[n - 1]} for n in (1, 2, 3)},
}
CERTIFICATE = {"https": {"certificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/abc"}}


@pytest.mark.parametrize(
    ("more", "doors"),
    [
        (CERTIFICATE, {443, 80}),
        ({**CERTIFICATE, "service": {"port": 8443}}, {8443, 80}),
        ({"service": {"port": 8000}}, {8000}),
        ({"metadataDb": {"engine": "aurora-postgresql"}}, {80}),
        (THREE_ZONES, {80}),
    ],
)
@pytest.mark.parametrize("network", ["public", "private-per-zone", "isolated-facing"])
def test_doors_databases_and_zones_change_nothing_of_it(network: str, more: dict[str, Any], doors: set[int]) -> None:
    scenario = Scenario(NETWORKS[network], flower=True, more=more, doors=frozenset(doors))
    assert not list(problems(scenario.world(), scenario))


def test_an_empty_allow_list_is_nobody() -> None:
    scenario = Scenario(NETWORKS["public"], more={"whitelistedIPs": []})
    world = scenario.world()
    assert world.networks_admitted(world.things[BALANCER]) == set()


def test_narrowed_egress_leaves_users_code_what_is_listed_and_aws() -> None:
    narrowed = {"network": {"mode": "private", "egress": [{"cidrBlock": "198.51.100.0/24", "port": 22}]}}
    scenario = Scenario(NETWORKS["private-one"], more=narrowed)
    world = scenario.world()
    for name in sorted(USERS_CODE):
        reached = {port for port in TRIED if world.internet(world.things[name], port, surely=False)}
        assert reached == {22, 443}
    for name in ("webserver", "scheduler"):
        assert not world.internet(world.things[name], 22, surely=False)
    assert not list(inside(world, scenario))
    assert not list(services(world, scenario))


@pytest.mark.parametrize(
    ("place", "exceptions"),
    [
        (Place("us-east-1", "aws"), set()),
        (Place("us-gov-west-1", "aws-us-gov"), set()),
        (Place("cn-north-1", "aws-cn"), {"ecr.api", "ecr.dkr", "sqs"}),
        (Place("cn-northwest-1", "aws-cn"), {"ecr.api", "ecr.dkr", "sqs"}),
    ],
)
def test_endpoints_have_the_name_that_their_partition_gives_them(place: Place, exceptions: set[str]) -> None:
    scenario = Scenario(NETWORKS["isolated"], "sqs", more={"kms": {"customerKey": True}}, place=place)
    wanted = (SERVICES - {"s3"}) | {"sqs", "kms"}
    expected = {f"{'cn.' if service in exceptions else ''}com.amazonaws.{place.region}.{service}" for service in wanted}
    made = resources(scenario.files(), place)
    named = {one.properties["ServiceName"] for one in made if one.type == "AWS::EC2::VPCEndpoint"}
    assert named == expected | {f"com.amazonaws.{place.region}.s3"}
    assert not list(problems(scenario.world(), scenario))


@pytest.mark.parametrize(
    "more",
    [
        {"logging": {"target": "cloudwatch"}, "alarms": {"email": "who@example.com"}},
        {"celeryBackend": {"engine": "sqs"}, "kms": {"customerKey": True}},
        {"airflow": {"secrets": {"TOKEN": "arn:aws:ssm:us-east-1:111122223333:parameter/token"}}},
    ],
)
def test_whatever_components_call_of_aws_has_a_way_where_nothing_leads_out(more: dict[str, Any]) -> None:
    scenario = Scenario(NETWORKS["isolated"], more=more)
    settings, world = scenario.settings(), scenario.world()
    for component in components(settings):
        calls = [*of_start(component, settings), *of_run(component, settings)]
        called = {action.split(":")[0] for one in calls for action in one.actions}
        for service in (called - {"ecr"}) | {"ecr.api", "ecr.dkr"}:
            assert world.service(world.things[component.name], service), f"{component.name}: {service}"
