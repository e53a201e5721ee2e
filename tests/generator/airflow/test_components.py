import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest
import yaml

import generator
from generator.airflow.components import components, secret_names
from generator.airflow.reserved import SECRET_VARIABLES
from generator.config.settings import Settings

MINIMUM: dict[str, Any] = {"environment": "dev", "serviceName": "air", "owner": "data"}
SQS = {"engine": "sqs"}


def settings(**sections: Any) -> Settings:
    return Settings.model_validate(MINIMUM | sections)


def names(chosen: Settings) -> list[str]:
    return [one.name for one in components(chosen)]


def test_groups_of_workers_are_components_and_flower_is_on_request() -> None:
    assert names(settings()) == ["webserver", "scheduler", "dag-processor", "triggerer", "workers"]
    chosen = settings(service={"workerGroups": {"big": {}}, "flower": {"enabled": True}})
    assert names(chosen)[4:] == ["workers", "workers-big", "flower"]
    (big,) = [one for one in components(chosen) if one.name == "workers-big"]
    assert (big.kind, big.title, big.command) == (
        "workers",
        "WorkersBig",
        ["workers", "airflow", "celery", "worker", "--queues", "big"],
    )


def test_every_queue_that_somebody_takes_from_is_one_that_the_scheduler_fills() -> None:
    chosen = settings(service={"workerGroups": {"big": {"queue": "large"}, "other": {}}})
    taken = frozenset().union(*(one.receives_from for one in components(chosen)))
    (sending,) = {one.sends_to for one in components(chosen) if one.sends_to}
    assert taken == sending == {"default", "large", "other"}


def test_what_runs_users_code_can_pass_for_nobody() -> None:
    for one in components(settings(service={"workerGroups": {"big": {}}})):
        if one.runs_users_code:
            assert not one.secrets & {"AIRFLOW__API_AUTH__JWT_SECRET", "ADMIN_PASSWORD", "FLOWER_PASSWORD"}, one.name


def test_with_sqs_nobody_reaches_a_broker_or_knows_a_token() -> None:
    for one in components(settings(celeryBackend=SQS)):
        assert "broker" not in one.reaches
        assert "BROKER_TOKEN" not in one.secrets


@pytest.mark.parametrize(
    ("sections", "more"),
    [
        ({}, {"broker"}),
        ({"celeryBackend": SQS}, set()),
        ({"service": {"flower": {"enabled": True}}}, {"broker", "flower"}),
    ],
)
def test_no_secret_is_made_that_nobody_needs(sections: dict[str, Any], more: set[str]) -> None:
    assert set(secret_names(settings(**sections))) == {"admin", "database", "fernet", "jwt", "session", *more}
    assert set(secret_names(settings(**sections))) <= {name for name, _ in SECRET_VARIABLES.values()}


ADDED = """
def _statistics(settings: Settings) -> Component:
    return Component(
        "statistics",
        "scheduler",
        ("scheduler",),
        Task(cpu=1024, memory=4096, desired_count=2),
        port=9102,
        reaches=frozenset({DATABASE}),
        secrets=_secrets(),
        task_logs="reads",
        looks_up=True,
    )


def secret_names("""
RENDER = """
import sys
from pathlib import Path
from generator.airflow.components import components
from generator.config.settings import Settings
from generator.cost import tasks
from generator.render import render
settings = Settings.model_validate({"environment": "dev", "serviceName": "air", "owner": "data"})
for name, text in render(settings).items():
    (Path(sys.argv[1]) / name).write_text(text)
for item in tasks.items(settings, components(settings)):
    print(item.what)
"""


def test_adding_a_component_touches_one_file(tmp_path: Path) -> None:
    """A copy of the generator, with one more component in its catalogue and nothing else changed."""
    copy = tmp_path / "generator"
    copytree(Path(generator.__file__).parent, copy, ignore=ignore_patterns("__pycache__"))
    catalogue = copy / "airflow" / "components.py"
    text = catalogue.read_text()
    with_it = text.replace("_scheduler(settings),", "_scheduler(settings),\n        _statistics(settings),", 1)
    catalogue.write_text(with_it.replace("\ndef secret_names(", ADDED, 1))
    done = subprocess.run(
        [sys.executable, "-c", RENDER, str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    resources = {
        f"{path.stem}: {name}": resource
        for path in tmp_path.glob("*.yml")
        for name, resource in yaml.safe_load(path.read_text())["Resources"].items()
    }
    made = {name for name in resources if "Statistics" in name}
    assert made == {
        "firewall: StatisticsSecurityGroup",
        "firewall: StatisticsToDatabaseAdmitted",
        "firewall: StatisticsToDatabaseOpened",
        "roles: StatisticsExecutionRole",
        "roles: StatisticsTaskRole",
        "services: StatisticsService",
        "services: StatisticsTaskDefinition",
    }
    definition = resources["services: StatisticsTaskDefinition"]["Properties"]
    assert (definition["Cpu"], definition["Memory"]) == ("1024", "4096")
    (container,) = definition["ContainerDefinitions"]
    assert container["PortMappings"] == [{"ContainerPort": 9102}]
    assert {one["Name"] for one in container["Secrets"]} == {"DATABASE_PASSWORD", "FERNET_KEY"}
    assert {"statistics: vCPU", "statistics: GB of memory"} <= set(done.stdout.splitlines()), "it has no price"
