"""Rules of the database's connections: each speaks of its key and says what to write."""

import pytest

from tests.generator.config.rules.shown import Shown, database, service, speaks

SHOWN: list[Shown] = [
    (
        "connections-run-out",
        database(parameters={"maxConnections": 20}) | service(workers={"desiredCount": 8}),
        "metadataDb.parameters.maxConnections",
        "hold about 16 connections, and the database takes 15",
    ),
    ("connections-run-out", service(workers={"desiredCount": 80}), "metadataDb.instanceType", "a larger instanceType"),
    (
        "connections-may-run-out",
        service(workers={"desiredCount": 8}),
        "metadataDb.instanceType",
        "may ask for 100 connections, and the database takes 74",
    ),
    (
        "connections-may-run-out",
        database(engine="aurora-postgresql", serverless={"maxCapacity": 1}) | service(workers={"desiredCount": 40}),
        "metadataDb.serverless.maxCapacity",
        "more ACU",
    ),
    (
        "connections-outgrow-memory",
        database(parameters={"maxConnections": 400}),
        "metadataDb.parameters.maxConnections",
        "made for about 79 connections",
    ),
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown[0]}: {shown[2]}")
def test_a_rule_speaks_of_its_key(shown: Shown) -> None:
    speaks(shown)
