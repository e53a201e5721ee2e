from __future__ import annotations

import json
import shlex

import pytest

from deployer.ecs.commands import of_components, tunnel

OUTPUTS = {"ClusterName": "airflow-dev-Cluster-1X", "LogGroup": "airflow dev;group"}


def test_a_shell_asks_for_a_task_when_it_is_opened() -> None:
    shell = of_components("eu-west-1", "airflow-dev", OUTPUTS, ["dag-processor"])["dag-processor"].shell
    assert shell == (
        "aws ecs execute-command --region eu-west-1 --cluster airflow-dev-Cluster-1X --container dag-processor "
        '--command bash --interactive --task "$(aws ecs list-tasks --region eu-west-1 '
        "--cluster airflow-dev-Cluster-1X --family airflow-dev-dag-processor --desired-status RUNNING "
        "--query 'taskArns[0]' --output text)\""
    )


def test_logs_are_those_of_one_component_alone() -> None:
    logs = of_components("eu-west-1", "airflow-dev", OUTPUTS, ["webserver"])["webserver"].logs
    assert shlex.split(logs) == [
        *("aws", "logs", "tail", "airflow dev;group", "--region", "eu-west-1"),
        *("--log-stream-name-prefix", "webserver/", "--follow"),
    ]


def test_before_there_is_a_cluster_there_is_nothing_to_paste() -> None:
    assert of_components("eu-west-1", "airflow-dev", {}, ["webserver"]) == {}


@pytest.mark.parametrize("port", [8080, 9090])
def test_a_tunnel_leads_to_the_container_of_a_task(port: int) -> None:
    words = shlex.split(tunnel("cn-north-1", "cluster", "abc", "abc-123", port, 8080))
    given = dict(zip(words[3::2], words[4::2], strict=True))
    assert words[:3] == ["aws", "ssm", "start-session"]
    assert given["--target"] == "ecs:cluster_abc_abc-123"
    assert given["--region"] == "cn-north-1"
    assert json.loads(given["--parameters"]) == {"portNumber": [str(port)], "localPortNumber": ["8080"]}
