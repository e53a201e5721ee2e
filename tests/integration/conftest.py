"""A fresh clone in an empty folder, as a newcomer has it."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

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


def empty_folder() -> Path:
    """A folder that every user may enter: pytest's own are closed to the user that PostgreSQL runs as under root."""
    folder = Path(tempfile.mkdtemp(prefix="airflow-clone-"))
    folder.chmod(0o755)
    return folder
