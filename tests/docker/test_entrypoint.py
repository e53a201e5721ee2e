import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from airflow_runtime import entrypoint, exits
from airflow_runtime.components import Component

from tests.docker import migrations

RUNTIME = Path(entrypoint.__file__).parents[1]
STAND_IN = Path(__file__).parent / "stand_in"


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
DATABASE_ALIKE = {
    **WORKER,
    "MIGRATION_TIMEOUT": "1",
    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
    "AIRFLOW__API_AUTH__JWT_SECRET": "j" * 64,
    "ADMIN_USER": "admin",
    "ADMIN_EMAIL": "admin@example.com",
    "ADMIN_PASSWORD": "admin-secret",
}


def start_with_tables(packages: Path, component: str, tables: dict[str, list[str]]) -> subprocess.CompletedProcess[str]:
    """Start a component of the Airflow in `packages` beside a database with these version tables."""
    variables = {
        **DATABASE_ALIKE,
        "PYTHONPATH": f"{RUNTIME}:{STAND_IN}:{migrations.write(packages)}",
        "TABLES": json.dumps(tables),
    }
    return start(component, "echo", "started", **variables)


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


def test_in_the_image_the_cpp_library_is_loaded_first_as_by_the_official_entrypoint(tmp_path: Path) -> None:
    library = tmp_path / f"{platform.machine()}-linux-gnu" / "libstdc++.so.6"
    image = {"AIRFLOW_USER_HOME_DIR": "/home/airflow"}

    assert entrypoint.preloaded(image, tmp_path) == {}, "there is none"
    library.parent.mkdir()
    library.touch()
    assert entrypoint.preloaded(image, tmp_path) == {"LD_PRELOAD": str(library)}
    assert entrypoint.preloaded({}, tmp_path) == {}, "a laptop"
    assert entrypoint.preloaded({**image, "LD_PRELOAD": ""}, tmp_path) == {}, "the user's own word"


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


@pytest.mark.parametrize("component", ["webserver", "scheduler", "dag-processor", "triggerer"])
def test_a_database_of_a_newer_airflow_is_refused_at_once_with_a_status_of_its_own(
    component: str, tmp_path: Path
) -> None:
    done = start_with_tables(tmp_path, component, {"alembic_version": ["newest"], "alembic_version_fab": ["fab"]})

    assert done.returncode == exits.NEWER_DATABASE
    (line,) = done.stderr.splitlines()
    assert f"{component}: the database is newer than this image: alembic_version is at newest" in line
    assert "started" not in done.stdout


def test_a_database_that_is_not_migrated_yet_is_waited_for(tmp_path: Path) -> None:
    done = start_with_tables(tmp_path, "scheduler", {"alembic_version": ["old"], "alembic_version_fab": ["fab"]})

    assert done.returncode == exits.WAITED_TOO_LONG
    assert "alembic_version is at old, this Airflow needs new" in done.stderr


def test_a_migrated_database_lets_it_start(tmp_path: Path) -> None:
    done = start_with_tables(tmp_path, "scheduler", {"alembic_version": ["new"], "alembic_version_fab": ["fab"]})

    assert (done.returncode, done.stdout) == (0, "started\n")


def test_statuses_differ_from_each_other() -> None:
    numbers = [value for name, value in vars(exits).items() if name.isupper()]
    assert len(numbers) == len({*numbers}) > 5
