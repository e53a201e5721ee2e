import os
import subprocess
import sys
from pathlib import Path

import pytest
from airflow_runtime import entrypoint, exits
from airflow_runtime.components import Component

RUNTIME = Path(entrypoint.__file__).parents[1]


def start(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the entrypoint as the container does, with these variables and no others."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(RUNTIME), **variables}
    command = [sys.executable, "-m", "airflow_runtime.entrypoint", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)


WORKER = {
    "DATABASE_HOST": "127.0.0.1",
    "DATABASE_PORT": "1",
    "DATABASE_NAME": "airflow",
    "DATABASE_USER": "airflow",
    "DATABASE_PASSWORD": "database-secret",
    "BROKER_HOST": "127.0.0.1",
    "BROKER_PORT": "1",
    "BROKER_TOKEN": "broker-secret",
    "FERNET_KEY": "k" * 43,
    "AIRFLOW__API__SECRET_KEY": "api-secret",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://127.0.0.1:8080/execution/",
    "AIRFLOW__CORE__HOSTNAME_CALLABLE": "airflow_runtime.host.loopback",
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": "[]",
    "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
    "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "s3://logs",
    "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": "airflow_runtime.worker.CONFIG",
}


def test_becomes_the_command_with_the_composed_environment(tmp_path: Path) -> None:
    stale = tmp_path / "worker-heartbeat"
    stale.touch()

    done = start("workers", "sh", "-c", 'env; exit "$1"', "sh", "7", **WORKER, AIRFLOW_HOME=str(tmp_path))

    assert done.returncode == 7
    assert f"AIRFLOW__CORE__FERNET_KEY={'k' * 43}=\n" in done.stdout
    assert "AIRFLOW__CELERY__BROKER_URL=rediss://:broker-secret@127.0.0.1:1/0" in done.stdout
    assert "DATABASE_PASSWORD" not in done.stdout
    assert not stale.exists(), "an old heartbeat would make the new worker look healthy"


def test_names_all_that_is_missing_and_shows_no_secret() -> None:
    given = {name: value for name, value in WORKER.items() if name not in {"BROKER_HOST", "FERNET_KEY"}}

    done = start("workers", "true", **given)

    assert done.returncode == exits.MISCONFIGURED
    assert "workers: BROKER_HOST is missing or empty" in done.stderr
    assert "workers: FERNET_KEY is missing or empty" in done.stderr
    assert "secret@" not in done.stderr
    assert "database-secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_program_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    done = start("workers", "no-such-program", **WORKER, AIRFLOW_HOME=str(tmp_path))

    assert done.returncode == exits.NO_COMMAND
    assert "cannot execute no-such-program: No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "say which component to start"),
        (["scheduler"], "say which component to start"),
        (["airflow", "scheduler"], "airflow is no component"),
    ],
)
def test_a_command_without_a_component_is_wrong_use(arguments: list[str], complaint: str) -> None:
    with pytest.raises(entrypoint.StartError, match=complaint) as caught:
        entrypoint.parsed(arguments)

    assert caught.value.status == exits.USAGE
    assert "webserver, scheduler, dag-processor, triggerer, workers, flower" in str(caught.value)


def test_the_first_word_is_the_component_and_the_rest_the_command() -> None:
    assert entrypoint.parsed(["dag-processor", "airflow", "dag-processor"]) == (
        Component.DAG_PROCESSOR,
        ["airflow", "dag-processor"],
    )
