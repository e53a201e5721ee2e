"""status, outputs and open: what they print, and with which exit status."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployer.errors import DONE, FAILED, DeployError
from deployer.verbs.reading import show_outputs, show_status, show_way_in
from generator.config.environments import load
from generator.config.settings import Settings
from tests.deployer.scripted_clients import REGION
from tests.deployer.scripted_cluster import CLUSTER
from tests.deployer.scripted_environment import ROOT, Environment

SERVICE = """
serviceName: airflow
owner: data
whitelistedIPs: [192.0.2.0/24]
environments:
  dev: {}
  isolated: {network: {mode: isolated}}
  shut: {whitelistedIPs: []}
  local: {service: {baseUrl: 'http://localhost:8080'}}
"""
OUTPUTS = {
    "AdminSecretArn": "arn:secret",
    "AdminUser": "admin",
    "ClusterName": CLUSTER,
    "LogGroup": "group",
    "Url": "https://airflow.example.com",
}
TEXT, JSON = argparse.Namespace(json=False), argparse.Namespace(json=True)


def settings(folder: Path, environment: str = "dev") -> Settings:
    (folder / "service.yml").write_text(SERVICE)
    return load(folder / "service.yml", environment)


def deployed() -> Environment:
    environment = Environment()
    root = environment.cloud._get(ROOT)
    assert root.graph
    root.graph = replace(root.graph, outputs=OUTPUTS)
    return environment


def way_in(environment: Environment, chosen: Settings, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `open` prints of an environment, once under that name."""
    environment.cloud._get(ROOT).name = chosen.stack_name
    assert show_way_in(chosen, environment.aws, JSON) == DONE
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_outputs_end_with_what_people_look_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_outputs(OUTPUTS, TEXT, settings(tmp_path), REGION)
    lines = capsys.readouterr().out.splitlines()

    assert [line.split()[0] for line in lines[-7:-2]] == [
        *("ClusterName", "LogGroup", "Url", "AdminUser", "AdminSecretArn")
    ]
    assert lines[-1] == "The password is in that secret, under `password`: make airflow-password"
    for component in ("webserver", "scheduler", "dag-processor", "triggerer", "workers"):
        assert any(f"execute-command --region {REGION}" in line and component in line for line in lines)
        assert any(f"--log-stream-name-prefix {component}/" in line for line in lines)


@pytest.mark.parametrize(("name", "said"), [("dev", False), ("local", False), ("isolated", True), ("shut", True)])
def test_outputs_say_where_nobody_may_come(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, *, said: bool
) -> None:
    show_outputs(OUTPUTS, TEXT, settings(tmp_path, name), REGION)
    last = capsys.readouterr().out.splitlines()[-1]
    way = "Nobody can come to that address from outside of the network: make airflow-open leads there"
    assert (last == way) is said


def test_outputs_as_data_keep_their_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_outputs(OUTPUTS, JSON, settings(tmp_path), REGION)
    told = json.loads(capsys.readouterr().out)

    assert {name: told[name] for name in OUTPUTS} == OUTPUTS
    assert told["Commands"]["password"] == "make airflow-password"
    assert set(told["Commands"]["components"]["webserver"]) == {"shell", "logs"}


def test_on_the_laptop_there_is_no_shell_to_paste(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_outputs(OUTPUTS, TEXT, settings(tmp_path, "local"), REGION)
    assert "aws " not in capsys.readouterr().out


def test_whoever_may_come_from_the_internet_needs_no_tunnel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environment = deployed()
    told = way_in(environment, settings(tmp_path), capsys)

    assert told == {
        "url": "https://airflow.example.com",
        "user": "admin",
        "password": "make airflow-password",
        "tunnel": None,
    }
    assert "ListTasks" not in environment.cluster.calls


@pytest.mark.parametrize("name", ["isolated", "shut"])
def test_where_nobody_may_come_there_is_a_tunnel(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    environment = deployed()
    environment.cluster.run("webserver", container={"runtimeId": "r1"})
    told = way_in(environment, settings(tmp_path, name), capsys)

    assert f"--target ecs:{CLUSTER}_task1_r1 " in told["tunnel"]["command"]
    assert told["tunnel"]["url"].startswith("http://localhost:8080/")


def test_without_a_task_the_address_is_told_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environment = deployed()
    environment.cloud._get(ROOT).name = "airflow-isolated"

    assert show_way_in(settings(tmp_path, "isolated"), environment.aws, TEXT) == DONE
    printed = capsys.readouterr()
    assert printed.out.startswith("Open      https://airflow.example.com")
    assert "no task of the webserver can be reached" in printed.err


def test_nothing_deployed_has_no_way_in(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="there is no stack airflow-shut"):
        show_way_in(settings(tmp_path, "shut"), Environment().aws, TEXT)


def test_status_tells_a_script_whether_it_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_status(settings(tmp_path, "shut"), Environment().aws, TEXT) == FAILED
    printed = capsys.readouterr()
    assert "nothing is deployed" in printed.out
    assert printed.err.strip() == f"Looked in account 123456789012 in {REGION}: was it deployed there?"

    assert show_status(settings(tmp_path), Environment().aws, JSON) == FAILED  # its tasks do not run
    told = json.loads(capsys.readouterr().out)
    assert [each["state"] for each in told["services"]] == ["tasks missing", "tasks missing"]


def test_commands_that_are_printed_mean_the_environment_that_was_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment, chosen = deployed(), settings(tmp_path)
    text = argparse.Namespace(json=False, environment="dev", settings="service.yml")

    show_outputs(OUTPUTS, text, chosen, REGION)
    assert capsys.readouterr().out.endswith("`password`: make airflow-password ENVIRONMENT=dev\n")
    assert show_way_in(chosen, environment.aws, text) == DONE
    assert "`make airflow-password ENVIRONMENT=dev` prints it" in capsys.readouterr().out
    environment.cloud._own(environment.cloud._get(ROOT), "UPDATE_IN_PROGRESS", environment.time.seconds)
    assert show_status(chosen, environment.aws, text) == FAILED
    assert "`make airflow-events ENVIRONMENT=dev ARGS=--follow`" in capsys.readouterr().out
