from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from deployer.console import ways_in as drawn
from deployer.ecs.ways_in import Tunnel, dig, way_in
from deployer.errors import DeployError
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cloudformation import VirtualTime
from tests.deployer.scripted_cluster import CLUSTER, Played, ScriptedCluster

OUTPUTS = {"Url": "http://internal-a.elb", "AdminUser": "admin", "AdminSecretArn": "arn", "ClusterName": CLUSTER}


class Scene:
    def __init__(self) -> None:
        self.cluster = ScriptedCluster(VirtualTime(), {"webserver": Played()})
        self.cluster.roll("image")
        self.aws = scripted({"ecs": self.cluster})

    def run(self, runtime: str, agent: str = "RUNNING", **told: Any) -> None:
        agents = [{"name": "ExecuteCommandAgent", "lastStatus": agent}] if agent else []
        container: Mapping[str, Any] = {"runtimeId": runtime, "managedAgents": agents}
        self.cluster.run("webserver", container=dict(container), **told)

    def dig(self) -> Tunnel:
        return dig(self.aws, OUTPUTS, "airflow-dev-webserver", "webserver", 8080)


def test_the_tunnel_goes_to_a_healthy_task_whose_agent_runs() -> None:
    scene = Scene()
    scene.run("r1", agent="STOPPED", healthStatus="HEALTHY")
    scene.run("r2", healthStatus="UNKNOWN")
    scene.run("r3", healthStatus="HEALTHY")
    scene.run("r4", lastStatus="PENDING", healthStatus="HEALTHY")

    assert f"ecs:{CLUSTER}_task3_r3 " in scene.dig().command


def test_where_ecs_tells_of_no_agent_it_is_tried() -> None:
    scene = Scene()
    scene.run("r1", agent="")

    assert "_r1 " in scene.dig().command


def test_without_a_task_there_is_no_tunnel() -> None:
    with pytest.raises(DeployError, match=r"no task of the webserver can be reached .* `make airflow-status`"):
        Scene().dig()


def test_before_there_is_an_address_there_is_no_way_in() -> None:
    with pytest.raises(DeployError, match="no web interface yet"):
        way_in({"ClusterName": CLUSTER})


def test_the_way_in_is_told_with_its_log_in() -> None:
    assert drawn.way_in(way_in(OUTPUTS)).splitlines() == [
        "Open      http://internal-a.elb",
        "User      admin",
        "Password  `make airflow-password` prints it",
    ]


def test_a_tunnel_is_told_with_what_it_needs() -> None:
    scene = Scene()
    scene.run("r1")
    told = drawn.way_in(way_in(OUTPUTS, scene.dig()))

    assert "  aws ssm start-session --region eu-west-1 --target ecs:cluster_task1_r1 --document-name" in told
    assert "Then open http://localhost:8080/auth/login/ and log in" in told
    assert "session-manager-working-with-install-plugin" in told
    assert "ssm:StartSession" in told
    assert "`service: {baseUrl: 'http://localhost:8080'}`" in told
