"""Parameters of database and broker."""

from typing import Any

import pytest

from generator.stacks import parameter_groups
from tests.generator.stacks.alone import Body, alone, output, properties, settings_with


def rendered(overrides: dict[str, Any] | None = None) -> Body:
    return alone(parameter_groups.build, parameter_groups.Inputs(), settings_with(overrides))


def database(**wanted: object) -> dict[str, Any]:
    return {"metadataDb": wanted}


def test_the_database_refuses_connections_without_tls() -> None:
    found = properties(rendered(), "DatabaseParameters")
    assert (found["Family"], found["Parameters"]) == ("postgres17", {"rds.force_ssl": "1"})
    assert output(rendered(), "DatabaseParameterGroup") == {"Ref": "DatabaseParameters"}


def test_aurora_refuses_them_for_the_whole_cluster() -> None:
    body = rendered(database(engine="aurora-postgresql", engineVersion="16"))
    cluster = properties(body, "DatabaseClusterParameters")
    assert (cluster["Family"], cluster["Parameters"]) == ("aurora-postgresql16", {"rds.force_ssl": "1"})
    assert properties(body, "DatabaseParameters")["Family"] == "aurora-postgresql16"
    assert "rds.force_ssl" not in properties(body, "DatabaseParameters").get("Parameters", {})
    assert output(body, "DatabaseClusterParameterGroup") == {"Ref": "DatabaseClusterParameters"}


@pytest.mark.parametrize("engine", ["postgres", "aurora-postgresql"])
def test_other_connections_make_another_group_with_which_the_database_restarts(engine: str) -> None:
    few, many = (
        properties(rendered(database(engine=engine, parameters={"maxConnections": most})), "DatabaseParameters")
        for most in (50, 100)
    )
    assert (few["Parameters"]["max_connections"], many["Parameters"]["max_connections"]) == ("50", "100")
    assert few["Description"] != many["Description"], "only a new description replaces the group"
    assert few["Family"] == many["Family"]


def test_no_group_bears_a_name_so_that_a_new_one_stands_before_the_old_one_goes() -> None:
    body = rendered(database(engine="aurora-postgresql"))
    names = {"DBParameterGroupName", "DBClusterParameterGroupName", "CacheParameterGroupName"}
    assert not [name for name in body["Resources"] if names & set(properties(body, name))]


@pytest.mark.parametrize(
    ("broker", "family"),
    [
        ({}, "valkey8"),
        ({"engine": "valkey", "engineVersion": "7.2"}, "valkey7"),
        ({"engine": "redis"}, "redis7"),
        ({"engine": "redis", "engineVersion": "6.2"}, "redis6.x"),
    ],
)
def test_the_broker_forgets_no_task(broker: dict[str, Any], family: str) -> None:
    found = properties(rendered({"celeryBackend": broker}), "BrokerParameters")
    assert (found["CacheParameterGroupFamily"], found["Properties"]) == (family, {"maxmemory-policy": "noeviction"})


def test_queues_need_no_parameters() -> None:
    body = rendered({"celeryBackend": {"engine": "sqs"}})
    assert set(body["Resources"]) == {"DatabaseParameters"}
    assert "BrokerParameterGroup" not in body["Outputs"]
