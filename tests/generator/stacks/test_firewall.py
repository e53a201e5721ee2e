"""The firewall: rules come from what components say of themselves, and are such as AWS takes."""

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from generator.airflow.components import BROKER, DATABASE, Component, components
from generator.config.tasks import Task
from generator.stacks import firewall
from generator.stacks.firewall import Connection, connections
from tests.generator.stacks.alone import Body, alone, properties, settings_with

CERTIFICATE = {"certificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/abc"}
GROUPS = {f"g{n}": {"queue": f"q{n}"} for n in range(10)}
FULL = {
    "whitelistedIPs": [f"203.0.113.{n}/32" for n in range(50)],
    "https": CERTIFICATE,
    "network": {"mode": "isolated", "egress": [{"cidrBlock": f"198.51.100.{n}/32", "port": 22} for n in range(50)]},
    "service": {"flower": {"enabled": True}, "workerGroups": GROUPS},
}
NOTHING = [{"IpProtocol": "-1", "CidrIp": "127.0.0.1/32", "Description": "Nothing"}]


def rendered(overrides: dict[str, Any] | None = None) -> Body:
    return alone(firewall.build, firewall.Inputs("vpc-1"), settings_with(overrides))


def outputs(overrides: dict[str, Any] | None = None) -> set[str]:
    return set(rendered(overrides)["Outputs"])


def rules(body: Body) -> list[tuple[str, str, dict[str, Any]]]:
    """Every rule: its group, its direction, what it says."""
    found = []
    for name, resource in body["Resources"].items():
        told = resource["Properties"]
        kind = resource["Type"].removeprefix("AWS::EC2::SecurityGroup")
        if kind:
            found.append((told["GroupId"]["Ref"], kind, told))
        else:
            for way in ("Ingress", "Egress"):
                found += [(name, way, rule) for rule in told.get(f"SecurityGroup{way}", [])]
    return found


def test_there_is_a_group_for_each_thing_in_the_network() -> None:
    usual = {"Webserver", "Scheduler", "DagProcessor", "Triggerer", "Workers", "Database", "LoadBalancer"}
    assert outputs() == {f"{name}SecurityGroupId" for name in usual | {"Broker"}}
    queues = {"network": {"mode": "isolated"}, "celeryBackend": {"engine": "sqs"}}
    assert outputs(queues) == {f"{name}SecurityGroupId" for name in usual | {"Endpoints"}}
    more = {"service": {"flower": {"enabled": True}, "workerGroups": {"big": {}}}, "https": CERTIFICATE}
    entrances = {"RedirectEntranceSecurityGroupId", "FlowerEntranceSecurityGroupId"}
    assert outputs(more) - outputs() == {"WorkersBigSecurityGroupId", "FlowerSecurityGroupId", *entrances}


@pytest.mark.parametrize("name", ["Database", "Broker", "Endpoints"])
def test_what_only_answers_may_open_nothing(name: str) -> None:
    body = rendered({"network": {"mode": "isolated"}})
    assert [rule for group, way, rule in rules(body) if group == f"{name}SecurityGroup" and way == "Egress"] == NOTHING


def test_both_ends_of_a_connection_name_its_port() -> None:
    body = rendered({"metadataDb": {"port": 6543}})
    admitted = properties(body, "SchedulerToDatabaseAdmitted")
    opened = properties(body, "SchedulerToDatabaseOpened")
    assert admitted["SourceSecurityGroupId"] == opened["GroupId"] == {"Ref": "SchedulerSecurityGroup"}
    assert opened["DestinationSecurityGroupId"] == admitted["GroupId"] == {"Ref": "DatabaseSecurityGroup"}
    assert {admitted["FromPort"], admitted["ToPort"], opened["FromPort"], opened["ToPort"]} == {6543}
    assert admitted["IpProtocol"] == opened["IpProtocol"] == "tcp"


def test_the_allow_list_is_let_in_at_each_door_once() -> None:
    twice = ["203.0.113.0/24", "203.0.113.0/255.255.255.0", "198.51.100.7/32"]
    wanted = {"whitelistedIPs": twice, "https": CERTIFICATE, "service": {"flower": {"enabled": True, "port": 5556}}}
    body = rendered(wanted)
    for name, port in {"": 443, "Redirect": 80, "Flower": 5556}.items():
        admitted = properties(body, f"LoadBalancer{name}SecurityGroup")["SecurityGroupIngress"]
        assert [rule["CidrIp"] for rule in admitted] == ["203.0.113.0/24", "198.51.100.7/32"]
        assert {(rule["FromPort"], rule["ToPort"]) for rule in admitted} == {(port, port)}


def test_an_empty_allow_list_lets_nobody_in() -> None:
    assert "SecurityGroupIngress" not in properties(rendered(), "LoadBalancerSecurityGroup")


def test_networks_are_named_by_the_load_balancers_groups_alone() -> None:
    named = {group for group, way, rule in rules(rendered(FULL)) if way == "Ingress" and "CidrIp" in rule}
    assert named == {f"LoadBalancer{name}SecurityGroup" for name in ("", "Redirect", "Flower")}


def test_users_code_opens_what_it_likes_unless_it_is_told_what() -> None:
    (everything,) = properties(rendered(), "WorkersSecurityGroup")["SecurityGroupEgress"]
    assert (everything["IpProtocol"], everything["CidrIp"]) == ("-1", "0.0.0.0/0")
    listed = [{"cidrBlock": "198.51.100.0/24", "port": 22}, {"cidrBlock": "0.0.0.0/0", "port": 443}]
    body = rendered({"network": {"egress": listed}})
    opened = properties(body, "WorkersSecurityGroup")["SecurityGroupEgress"]
    assert [(one["CidrIp"], one["FromPort"]) for one in opened] == [("0.0.0.0/0", 443), ("198.51.100.0/24", 22)]
    assert {"WorkersToDatabaseOpened", "WorkersToBrokerOpened", "WorkersToWebserverOpened"} <= set(body["Resources"])
    assert len(properties(body, "SchedulerSecurityGroup")["SecurityGroupEgress"]) == 1


@pytest.mark.parametrize("overrides", [{}, FULL])
def test_aws_takes_the_rules(overrides: dict[str, Any]) -> None:
    """At most 60 in a group and direction, none twice, and descriptions in few characters.

    https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
    """
    found = rules(rendered(overrides))
    assert max(Counter((group, way) for group, way, _ in found).values()) <= 60
    said = [(group, way, *sorted(map(str, {**rule, "Description": ""}.items()))) for group, way, rule in found]
    assert len(said) == len(set(said))
    for _, _, rule in found:
        assert re.fullmatch(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}", rule["Description"])


def test_a_component_that_nobody_knows_yet_gets_its_rules() -> None:
    """Nothing here goes by components' names."""
    settings = settings_with()
    known = components(settings)
    gate = Component("gate", "gate", (), Task(), 9000, reaches=frozenset({DATABASE, "workers"}), in_front=True)
    visitor = replace(gate, name="visitor", kind="visitor", port=None, reaches=frozenset({"gate", BROKER}))
    assert set(connections([*known, gate, visitor], settings)) - set(connections(known, settings)) == {
        Connection("gate", "database", 5432),
        Connection("gate", "workers", 8793),
        Connection("load-balancer", "gate", 9000),
        Connection("visitor", "broker", 6379),
        Connection("visitor", "gate", 9000),
    }
