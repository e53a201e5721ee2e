"""A fresh clone in an empty folder, as a newcomer has it; and an embedded AWS apart from it."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import embedded_aws
from local.embedded_aws import Endpoint
from local.layout import Layout
from tests.integration.machine import running_in

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def clone() -> Iterator[Path]:
    """A clone of what is committed, and the assertion that nothing of it is left running at the end."""
    folder = empty_folder()
    checkout = folder / "airflow"
    subprocess.run(["git", "clone", "--quiet", str(CHECKOUT), str(checkout)], check=True)
    yield checkout
    left = running_in(checkout)
    for process in left:
        process.kill()
    shutil.rmtree(folder)
    assert not left, f"left running: {left}"


@pytest.fixture(scope="session")
def apart() -> Iterator[Layout]:
    """A copy of `local`, for an embedded AWS that is nobody else's."""
    checkout = empty_folder()
    shutil.copytree(CHECKOUT / "local", checkout / "local", ignore=shutil.ignore_patterns("__pycache__"))
    yield Layout(checkout)
    left = running_in(checkout)
    shutil.rmtree(checkout)
    assert not left, f"left running: {left}"


@pytest.fixture
def endpoint(apart: Layout) -> Iterator[Endpoint]:
    """A running embedded AWS with nothing in it."""
    yield embedded_aws.start(apart, lambda _: None)
    embedded_aws.stop(apart)


def empty_folder() -> Path:
    """A folder that every user may enter: pytest's own are closed to the user that PostgreSQL runs as under root."""
    folder = Path(tempfile.mkdtemp(prefix="airflow-clone-"))
    folder.chmod(0o755)
    return folder
