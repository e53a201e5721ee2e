"""What is written and has no effect: each speaks of its key and says what to write."""

import pytest

from generator.config.environments import merge
from tests.generator.config.rules.shown import ISOLATED, Shown, broker, database, existing, service, speaks, subnets

SHOWN: list[Shown] = [
    ("without-effect", {"network": {"natGateways": "one"}}, "network.natGateways", "no NAT"),
    ("without-effect", {"network": {"endpointZones": "all"}}, "network.endpointZones", "no endpoints"),
    ("without-effect", existing() | service(cidrBlock="10.1.0.0/16"), "service.cidrBlock", "network.existing.vpcCidr"),
    ("without-effect", merge(existing(), {"network": {"flowLogs": True}}), "network.flowLogs", "somebody else keeps"),
    ("without-effect", {"network": {"existing": {}}}, "network.existing", "unless network.mode is existing"),
    ("without-effect", {"privateSubnet": subnets("1.0/24", "2.0/24", "3.0/24")}, "privateSubnet", "in mode public"),
    (
        "without-effect",
        ISOLATED | {"publicSubnet": subnets("1.0/24", "2.0/24", "3.0/24")},
        "publicSubnet",
        "internet-facing",
    ),
    (
        "without-effect",
        database(engine="aurora-postgresql", instanceType="db.t4g.small"),
        "metadataDb.instanceType",
        "with Aurora",
    ),
    ("without-effect", database(serverless={}), "metadataDb.serverless", "unless engine is aurora-postgresql"),
    ("without-effect", broker(engine="sqs", numNodes=2), "celeryBackend.numNodes", "no servers"),
    ("without-effect", broker(visibilityTimeout=600), "celeryBackend.visibilityTimeout", "unless engine is sqs"),
    ("without-effect", service(flower={"cpu": 256}), "service.flower", "until service.flower.enabled is true"),
    ("without-effect", {"secrets": {"flower": ""}}, "secrets.flower", "unless service.flower.enabled"),
    (
        "without-effect",
        {"airflow": {"image": "example.com/air:1"}, "image": {"packageIndex": "https://pypi.example.com/simple"}},
        "image.packageIndex",
        "built already",
    ),
    ("without-effect", {"alarms": {"queueAge": 60}}, "alarms.queueAge", "without alarms.email"),
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown[0]}: {shown[2]}")
def test_a_rule_speaks_of_its_key(shown: Shown) -> None:
    speaks(shown)
