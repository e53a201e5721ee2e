"""Rules of joined names: each speaks of its key and says what to write."""

import pytest

from tests.generator.config.rules.shown import SQS, Shown, service, speaks

SHOWN: list[Shown] = [
    ("groups-collide", service(workerGroups={"x-1": {}, "x1": {}}), "service.workerGroups.x1", "rename one"),
    (
        "queues-collide",
        SQS | service(workerGroups={"big": {"queue": "a_b"}, "huge": {"queue": "a-B"}}),
        "service.workerGroups.huge",
        "queues a-B and a_b",
    ),
    ("environment-reserved", {"environment": "foundation"}, "environment", "name it differently"),
    ("environment-ambiguous", {"environment": "pre-prod"}, "environment", "serviceName air-pre"),
    (
        "certificate-name-long",
        {"https": {"domainName": f"{'a' * 60}.example.com"}},
        "https.domainName",
        "has 72 characters",
    ),
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown[0]}: {shown[2]}")
def test_a_rule_speaks_of_its_key(shown: Shown) -> None:
    speaks(shown)
