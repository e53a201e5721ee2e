"""`make airflow-local ARGS=--docker` in a fresh clone: builds the image, runs containers of it, leaves none behind."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.engine import Engine
from tests.integration.airflow import Airflow
from tests.integration.commands import READY, Laptop, make
from tests.integration.conftest import clone
from tests.integration.machine import running_in

pytestmark = pytest.mark.nightly

__all__ = ["clone"]  # a fixture
COMPONENTS = {"webserver", "scheduler", "dag-processor", "triggerer", "workers"}
BUILDING = "building airflow-local:content-"
OF_THE_ENGINE = ("DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_BUILDKIT", "PATH")


@pytest.fixture(scope="module")
def variables(engine: Engine, base_image: str, build_options: str) -> dict[str, str]:
    """What a shell has in which this engine is used."""
    own = {name: engine.environment[name] for name in OF_THE_ENGINE}
    return {**own, "BUILD_OPTIONS": build_options}


def started(checkout: Path, variables: dict[str, str], log: str, arguments: str = "--docker") -> Laptop:
    return Laptop.start(checkout, checkout.parent / log, variables={**variables, "ARGS": arguments})


def containers(engine: Engine, checkout: Path) -> set[str]:
    """Components of this checkout that are containers now."""
    label = f"label=airflow-local.run={checkout}/.local/run"
    told = engine.run("ps", "--all", "--filter", label, "--format", "{{.Names}}").stdout.split()
    return {name.split("-", 3)[3] for name in told}


@pytest.fixture(scope="module")
def laptop(clone: Path, engine: Engine, variables: dict[str, str]) -> Iterator[Laptop]:
    """Started where another was killed, together with make, when its containers had begun."""
    killed = started(clone, variables, "killed.log")
    killed.wait(re.compile(r"workers +healthy"))
    assert BUILDING in killed.text()
    os.killpg(killed.process.pid, signal.SIGKILL)
    killed.process.wait()
    assert containers(engine, clone) == COMPONENTS
    laptop = started(clone, variables, "docker.log")
    yield laptop
    laptop.interrupt()


def test_containers_of_the_built_image_run_what_is_deployed(laptop: Laptop, engine: Engine, clone: Path) -> None:
    said = laptop.wait(READY)
    assert "removing the containers that an earlier run left" in laptop.text()
    assert BUILDING not in laptop.text(), "its content has not changed since the killed run"
    assert containers(engine, clone) == COMPONENTS
    password = make(clone, "airflow-password", "ENVIRONMENT=local").stdout.strip()
    airflow = Airflow.log_in(said["url"], said["user"], password)
    airflow.wait_for_dags({"hello_workers"})
    assert airflow.wait("hello_workers", airflow.trigger("hello_workers")) == "success"
    assert not (clone / ".local" / "venvs" / "airflow").exists(), "no Airflow is installed beside the image"


def test_interrupted_it_leaves_nothing(laptop: Laptop, engine: Engine, clone: Path) -> None:
    laptop.wait(READY)
    assert laptop.interrupt() == -signal.SIGINT
    assert "Stopped: nothing is left running." in laptop.text()
    assert containers(engine, clone) == set()
    assert running_in(clone) == []


def test_what_it_cannot_start_with_is_one_line(clone: Path, variables: dict[str, str], tmp_path: Path) -> None:
    cases = {
        "no-cli": ({"CONTAINER_CLI": "no-such-cli"}, "--docker --image some:1", "no-such-cli: cannot be run"),
        "no-engine": ({"DOCKER_HOST": f"unix://{tmp_path}/none"}, "--docker --image some:1", "does not answer"),
        "no-image": ({}, "--docker --image gone:1", "image 'gone:1': is not here"),
        "no-engine-to-build": ({"DOCKER_HOST": f"unix://{tmp_path}/none"}, "--docker", "Docker daemon"),
    }
    for name, (different, arguments, said) in cases.items():
        laptop = started(clone, variables | different, f"{name}.log", arguments)
        assert laptop.process.wait(120) == 2, laptop.text()
        complaints = [line for line in laptop.text().splitlines() if said in line]
        assert len(complaints) == 1, laptop.text()
        assert "Traceback" not in laptop.text()
        assert running_in(clone) == []
