"""No root is needed: an ordinary user, whose home is empty, clones, starts, logs in, runs a DAG and stops."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.airflow import Airflow
from tests.integration.commands import READY, Laptop, bare_environment
from tests.integration.conftest import CHECKOUT, empty_folder
from tests.integration.machine import running_in

USER = "nobody"
PYTHONS = ("/usr/bin/python3", "/usr/local/bin/python3")

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs these tests: every other one shows it"),
]


@pytest.fixture
def home() -> Iterator[Path]:
    folder = empty_folder()
    subprocess.run(["git", "clone", "--quiet", str(CHECKOUT), str(folder / "airflow")], check=True)
    account = pwd.getpwnam(USER)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    yield folder
    left = running_in(folder)
    for process in left:
        process.kill()
    shutil.rmtree(folder)
    assert not left


def python() -> str:
    """A Python that the ordinary user may run; root's own may lie in a home closed to others."""
    for candidate in PYTHONS:
        check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
        command = ["setpriv", f"--reuid={USER}", "--clear-groups", candidate, "-c", check]
        if Path(candidate).exists() and not subprocess.run(command, capture_output=True, check=False).returncode:
            return candidate
    pytest.skip(f"none of {PYTHONS} is a Python of 3.11 or newer, with venv, that {USER} may run")


def test_an_ordinary_user_runs_all_of_it(home: Path) -> None:
    identity = ("setpriv", f"--reuid={USER}", "--regid=nogroup", "--clear-groups")
    own = {
        "HOME": str(home),
        "PYTHON": python(),
        "UV_CACHE_DIR": str(home / "cache"),
        "PIP_CACHE_DIR": str(home / "pip"),
    }
    laptop = Laptop.start(home / "airflow", home / "log", *identity, variables=own)
    try:
        said = laptop.wait(READY)
        assert {process.username() for process in running_in(home / "airflow")} == {USER}
        command = [*identity, "make", "--silent", "airflow-password", "ENVIRONMENT=local"]
        password = subprocess.run(
            command, cwd=home / "airflow", env=bare_environment() | own, capture_output=True, text=True, check=True
        ).stdout.strip()
        airflow = Airflow.log_in(said["url"], said["user"], password)
        airflow.wait_for_dags({"hello_workers"})
        assert airflow.wait("hello_workers", airflow.trigger("hello_workers")) == "success"
    finally:
        laptop.interrupt()
    laptop.wait(re.compile("Stopped: nothing is left running."), 1)
    assert running_in(home / "airflow") == []
