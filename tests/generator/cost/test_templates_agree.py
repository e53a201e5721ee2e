"""The estimate counts what the templates make: the two are read from the same settings, and say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from generator.config.environments import merge
from tests.generator.cost.deployments import line, names, priced

Rendered = dict[str, dict[str, Any]]
Render = Callable[[dict[str, Any]], Rendered]
PRIVATE = {"network": {"mode": "private"}}
ISOLATED = {"network": {"mode": "isolated"}, "celeryBackend": {"engine": "sqs"}, "kms": {"customerKey": True}}
SCALED = {"minCapacity": 1, "maxCapacity": 2, "cpu": {"target": 50}}


def resources(templates: Rendered, kind: str) -> list[Mapping[str, Any]]:
    """Properties of every resource of one type; those that exist only at times are counted, too."""
    every: Iterable[Mapping[str, Any]] = (
        resource for template in templates.values() for resource in template.get("Resources", {}).values()
    )
    return [resource.get("Properties", {}) for resource in every if resource["Type"] == kind]


def count(what: str, *overlays: dict[str, Any]) -> float:
    one = priced(*overlays)
    return line(one, what).item.many.high if what in names(one) else 0


@pytest.mark.parametrize("wanted", [{}, PRIVATE, merge(PRIVATE, {"network": {"natGateways": "perZone"}}), ISOLATED])
def test_nat_gateways_and_their_addresses(rendered: Render, wanted: dict[str, Any]) -> None:
    templates = rendered(wanted)

    assert count("NAT gateways", wanted) == len(resources(templates, "AWS::EC2::NatGateway"))
    assert count("NAT gateways: public addresses", wanted) == len(resources(templates, "AWS::EC2::EIP"))


@pytest.mark.parametrize("zones", ["one", "all"])
@pytest.mark.parametrize("wanted", [{}, {"network": {"endpoints": ["athena", "dynamodb"]}}, ISOLATED])
def test_endpoints_by_zone(rendered: Render, wanted: dict[str, Any], zones: str) -> None:
    wanted = merge(wanted, {"network": {"endpointZones": zones}})
    endpoints = resources(rendered(wanted), "AWS::EC2::VPCEndpoint")
    doors = [one for one in endpoints if one.get("VpcEndpointType") == "Interface"]

    assert count("VPC endpoints", wanted) == len(doors) * (2 if zones == "all" else 1)


@pytest.mark.parametrize(
    "wanted", [{}, {"celeryBackend": {"engine": "sqs"}}, {"service": {"flower": {"enabled": True}}}]
)
def test_secrets(rendered: Render, wanted: dict[str, Any]) -> None:
    assert count("secrets", wanted) == len(resources(rendered(wanted), "AWS::SecretsManager::Secret"))


def test_alarms(rendered: Render) -> None:
    wanted = {"alarms": {"email": "a@example.com"}, "service": {"workers": {"autoscaling": SCALED}}}
    templates = rendered(wanted)
    alarms = resources(templates, "AWS::CloudWatch::Alarm")
    policies = resources(templates, "AWS::ApplicationAutoScaling::ScalingPolicy")

    assert count("alarms", wanted) == len(alarms) + 2 * len(policies)
    ours = {alarm["MetricName"] for alarm in alarms if not alarm["Namespace"].startswith("AWS/")}
    assert count("alarms: metrics of Airflow", wanted) == len(ours)


@pytest.mark.parametrize("wanted", [{}, {"service": {"workerGroups": {"big": {}}, "flower": {"enabled": True}}}])
def test_tasks(rendered: Render, wanted: dict[str, Any]) -> None:
    definitions = resources(rendered(wanted), "AWS::ECS::TaskDefinition")
    one = priced(wanted)

    billed = [item.item.many.high for item in one.lines if item.item.what.endswith(": vCPU")]
    assert sorted(billed) == sorted(int(definition["Cpu"]) / 1024 for definition in definitions)


@pytest.mark.parametrize("multi", [False, True])
def test_aurora_has_an_instance_for_each_capacity_that_is_billed(rendered: Render, multi: bool) -> None:
    wanted = {"metadataDb": {"engine": "aurora-postgresql", "multiAz": multi, "serverless": {"maxCapacity": 4}}}

    billed = count("database: ACU of Aurora Serverless v2", wanted)
    assert billed == 4 * len(resources(rendered(wanted), "AWS::RDS::DBInstance"))


def test_the_load_balancer_has_an_address_in_each_of_its_subnets(rendered: Render) -> None:
    three = {f"{number}": {"cidrBlock": f"10.0.{number}.0/24"} for number in (1, 2, 3)}
    wanted = {"publicSubnet": three}

    assert count("load balancer: public addresses", wanted) == len(resources(rendered(wanted), "AWS::EC2::Subnet"))


@pytest.mark.parametrize("spot", ["none", "workers", "all"])
@pytest.mark.parametrize("mode", ["public", "private"])
def test_who_runs_on_spot_and_who_has_a_public_address(rendered: Render, spot: str, mode: str) -> None:
    wanted = {"service": {"spot": spot, "workerGroups": {"big": {}}}, "network": {"mode": mode}}
    services = resources(rendered(wanted), "AWS::ECS::Service")
    providers = [service["CapacityProviderStrategy"][0]["CapacityProvider"] for service in services]
    addresses = [service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] for service in services]
    billed = names(priced(wanted))

    assert providers.count("FARGATE_SPOT") == sum(name.endswith(" (Spot): vCPU") for name in billed)
    assert addresses.count("ENABLED") == sum(name.endswith(": public address") for name in billed)
