"""Every setting whose description says what it costs changes the estimate: no promise without an effect."""

from __future__ import annotations

from typing import Any

import pytest

from generator.config.leaves import leaves
from generator.config.settings import Settings
from tests.generator.cost.deployments import priced, settings, under

COMPONENTS = ("webserver", "scheduler", "dagProcessor", "triggerer", "workers", "workerGroups.big", "flower")
VPC = {
    "network": {
        "mode": "existing",
        "existing": {
            "vpcId": "vpc-12345678",
            "taskSubnetIds": ["subnet-11111111"],
            "loadBalancerSubnetIds": ["subnet-11111111", "subnet-22222222"],
            "databaseSubnetIds": ["subnet-11111111", "subnet-22222222"],
        },
    }
}
AURORA = under("metadataDb.engine", "aurora-postgresql")
RUNNING = {"service": {"workerGroups": {"big": {}}, "flower": {"enabled": True}}}
# The setting, another value of it, and what must be so for it to matter.
OTHERWISE: dict[str, tuple[Any, dict[str, Any]]] = {
    "network.mode": ("isolated", {}),
    "network.natGateways": ("perZone", under("network.mode", "private")),
    "network.endpointZones": ("all", under("network.mode", "isolated")),
    "network.endpoints": (["athena"], {}),
    "network.flowLogs": (True, {}),
    "network.existing.assignPublicIp": (True, VPC),
    "network.existing.createEndpoints": (True, VPC),
    "loadBalancer.scheme": ("internal", {}),
    "loadBalancer.accessLogs": (True, {}),
    "service.architecture": ("arm64", {}),
    "service.spot": ("all", {}),
    "service.flower.enabled": (True, {}),
    "metadataDb.engine": ("aurora-postgresql", {}),
    "metadataDb.instanceType": ("db.m7g.large", {}),
    "metadataDb.serverless.minCapacity": (2, AURORA),
    "metadataDb.serverless.maxCapacity": (8, AURORA),
    "metadataDb.allocatedStorage": (50, {}),
    "metadataDb.multiAz": (True, {}),
    "celeryBackend.engine": ("sqs", {}),
    "celeryBackend.instanceType": ("cache.m7g.large", {}),
    "celeryBackend.numNodes": (2, {}),
    "kms.customerKey": (True, {}),
    "ecr.imagesLifecycleCount": (50, {}),
    "logging.target": ("cloudwatch", {}),
    "logging.retention": (365, {}),
    "cloudwatch.ecsLogGroup.retention": (365, {}),
    "cloudwatch.containerInsights": (True, {}),
    "alarms.email": ("a@example.com", {}),
    "airflow.secretsBackend": (False, {}),
}
for _name in COMPONENTS:
    _scaled = {"minCapacity": 2, "maxCapacity": 4}
    _where = f"service.{_name}"
    OTHERWISE |= {
        f"{_where}.cpu": (1024, {**RUNNING}),
        f"{_where}.memory": (2048 if _name not in ("workers", "workerGroups.big") else 4096, RUNNING),
        f"{_where}.desiredCount": (3, RUNNING),
        f"{_where}.autoscaling.minCapacity": (1, under(f"{_where}.autoscaling", _scaled)),
        f"{_where}.autoscaling.maxCapacity": (9, under(f"{_where}.autoscaling", _scaled)),
    }
# Those that an estimate of what runs does not show, and why.
ELSEWHERE = {"retainData": "costs only after the deployment has been destroyed"}


def test_every_setting_with_a_cost_is_tried_or_left_out_with_a_reason() -> None:
    costly = {leaf.dotted.replace("<name>", "big") for leaf in leaves(Settings) if leaf.cost}

    assert costly == set(OTHERWISE) | set(ELSEWHERE)


@pytest.mark.parametrize("path", sorted(OTHERWISE))
def test_the_setting_moves_the_estimate(path: str) -> None:
    value, given = OTHERWISE[path]
    before = [given]
    if path.startswith("service.flower") and path != "service.flower.enabled":
        before.append(under("service.flower.enabled", value=True))
    if path.endswith(".cpu"):
        before.append(under(path.replace(".cpu", ".memory"), 2048))

    assert settings(*before) != settings(*before, under(path, value))
    assert priced(*before).day != priced(*before, under(path, value)).day
