"""The root: what waits for what, and that every value arrives."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from generator.stacks import root
from tests.generator.stacks.alone import plain, settings_with

Body = dict[str, Any]
Rendered = Mapping[str, Body]
Graph = Mapping[str, set[str]]

SQS = {"celeryBackend": {"engine": "sqs"}}
SCALED = {"service": {"workers": {"autoscaling": {"maxCapacity": 3, "cpu": {"target": 50}}}}}
EXISTING = {
    "network": {
        "mode": "existing",
        "existing": {
            "vpcId": "vpc-0123456789abcdef0",
            "vpcCidr": "10.0.0.0/16",
            "taskSubnetIds": ["subnet-0123456789abcdef0"],
            "loadBalancerSubnetIds": ["subnet-0123456789abcdef1", "subnet-0123456789abcdef2"],
            "databaseSubnetIds": ["subnet-0123456789abcdef3", "subnet-0123456789abcdef4"],
        },
    }
}
WATCHED = {"alarms": {"email": "who@example.com"}}
KEYED = {"kms": {"customerKey": True}}
AURORA = {"metadataDb": {"engine": "aurora-postgresql"}}
NETWORKS = [pytest.param({"network": {"mode": mode}}, id=mode) for mode in ("public", "private", "isolated")]
NETWORKS.append(pytest.param(EXISTING, id="existing"))
SHAPES = [
    *NETWORKS,
    pytest.param({**SQS, **WATCHED, **KEYED}, id="sqs-alarms-key"),
    pytest.param({**AURORA, **SCALED, **WATCHED}, id="aurora-scaling-alarms"),
    pytest.param({"metadataDb": {"snapshotIdentifier": "snap"}, **KEYED}, id="restored-key"),
    pytest.param(
        {"logging": {"target": "cloudwatch"}, "service": {"flower": {"enabled": True}}}, id="cloudwatch-flower"
    ),
]
# What database and broker may wait for: a few seconds' work each, or work beside them.
BEFORE_DATA = {"Network", "Firewall", "Secrets", "ParameterGroups"}


def rendered(settings: Body) -> Rendered:
    """The root and its children, as data."""
    return _rendered(json.dumps(settings))


@cache
def _rendered(settings: str) -> Rendered:
    templates = root.build(settings_with(json.loads(settings)))
    return {name: plain(template) for name, template in templates.items()}


def stacks(templates: Rendered) -> Mapping[str, Body]:
    resources: Mapping[str, Body] = templates["root.yml"]["Resources"]
    assert {resource["Type"] for resource in resources.values()} == {"AWS::CloudFormation::Stack"}
    return resources


def graph(templates: Rendered) -> Graph:
    """What each nested stack takes from others, or is told to wait for."""
    return {
        name: {*re.findall(r'"Fn::GetAtt": \["(\w+)"', json.dumps(stack)), *stack.get("DependsOn", [])}
        for name, stack in stacks(templates).items()
    }


def waits_for(name: str, edges: Graph) -> set[str]:
    """All that must be finished before a stack begins."""
    direct = edges[name]
    return direct.union(*(waits_for(other, edges) for other in direct))


@pytest.mark.parametrize("settings", SHAPES)
def test_every_parameter_of_every_child_is_given_and_no_other(settings: Body) -> None:
    templates = rendered(settings)
    for name, stack in stacks(templates).items():
        child = templates[stack["Properties"]["TemplateURL"]]
        assert set(stack["Properties"].get("Parameters", {})) == set(child.get("Parameters", {})), name


@pytest.mark.parametrize("settings", SHAPES)
def test_every_output_that_is_read_is_there(settings: Body) -> None:
    templates = rendered(settings)
    read = re.findall(r'"Fn::GetAtt": \["(\w+)", "Outputs\.(\w+)"\]', json.dumps(templates["root.yml"]))
    assert read
    for stack, name in read:
        child = templates[stacks(templates)[stack]["Properties"]["TemplateURL"]]
        assert name in child["Outputs"], f"{stack}.{name}"


@pytest.mark.parametrize("settings", SHAPES)
def test_no_template_is_left_over(settings: Body) -> None:
    templates = rendered(settings)
    named = {stack["Properties"]["TemplateURL"] for stack in stacks(templates).values()}
    assert named == set(templates) - {"root.yml"}


@pytest.mark.parametrize("settings", SHAPES)
def test_database_and_broker_wait_for_nothing_slow(settings: Body) -> None:
    edges = graph(rendered(settings))
    assert waits_for("Database", edges) <= BEFORE_DATA
    assert waits_for("Broker", edges) <= BEFORE_DATA
    assert {"Firewall", "Secrets", "ParameterGroups"} <= waits_for("Database", edges)


def test_queues_wait_for_nothing_at_all() -> None:
    assert graph(rendered(SQS))["Broker"] == set()


@pytest.mark.parametrize("settings", SHAPES)
@pytest.mark.parametrize("name", ["Secrets", "Storage", "ParameterGroups", "Roles"])
def test_what_needs_no_network_is_made_beside_it(settings: Body, name: str) -> None:
    assert waits_for(name, graph(rendered(settings))) <= {"Secrets", "Storage", "Broker"} - (
        {"Broker"} if "celeryBackend" not in settings else set()
    )


@pytest.mark.parametrize("settings", SHAPES)
def test_services_wait_for_all_that_they_need_to_start_and_for_nothing_that_only_watches(settings: Body) -> None:
    edges = graph(rendered({**SCALED, **WATCHED, **settings}))
    before = waits_for("Services", edges)
    assert {"Database", "Broker", "Roles", "Cluster", "LoadBalancer", "Storage", "Secrets", "Firewall"} <= before
    assert {"Nat", "Endpoints"} & set(edges) <= before, "the image is pulled through them"
    assert not {"Alarms", "Scaling"} & before


@pytest.mark.parametrize(
    ("settings", "there", "absent"),
    [
        ({}, {"Network", "Endpoints"}, {"Nat", "Scaling", "Alarms"}),
        ({"network": {"mode": "private"}}, {"Network", "Nat"}, set()),
        (EXISTING, {"Firewall"}, {"Network", "Nat", "Endpoints"}),
        (SCALED, {"Scaling"}, set()),
        (WATCHED, {"Alarms"}, set()),
    ],
)
def test_there_are_the_stacks_that_are_wanted(settings: Body, there: set[str], absent: set[str]) -> None:
    found = set(graph(rendered(settings)))
    assert there <= found
    assert not absent & found


def test_secrets_that_exist_already_are_named_at_the_door() -> None:
    declared = rendered({"service": {"flower": {"enabled": True}}})["root.yml"]["Parameters"]
    names = ("Admin", "Broker", "Database", "Fernet", "Flower", "Jwt", "Session")
    assert {name: declared[name].get("Default") for name in declared} == {
        "Image": None,
        **{f"{name}SecretArn": "" for name in names},
    }


def test_the_customers_key_is_asked_for_where_there_is_one() -> None:
    assert "KeyArn" not in rendered({})["root.yml"]["Parameters"]
    templates = rendered({**KEYED, **WATCHED})
    assert "Default" not in templates["root.yml"]["Parameters"]["KeyArn"]
    given = {name: stack["Properties"].get("Parameters", {}).get("KeyArn") for name, stack in stacks(templates).items()}
    takers = {name for name, value in given.items() if value == {"Ref": "KeyArn"}}
    assert takers == {"Secrets", "Storage", "Database", "Broker", "Roles", "Alarms"}


def test_people_are_told_what_they_ask_for_first() -> None:
    outputs = rendered({})["root.yml"]["Outputs"]
    assert {"Url", "AdminUser", "AdminSecretArn", "ClusterName", "LogGroup", "TaskLogs"} <= set(outputs)
    assert outputs["AdminUser"]["Value"] == "admin"
    assert outputs["AdminSecretArn"]["Value"] == {"Fn::GetAtt": ["Secrets", "Outputs.AdminSecretArn"]}
