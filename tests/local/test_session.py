"""One Airflow at a time on a checkout."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.errors import LocalError
from local.layout import Layout
from local.locks import alone
from local.runner.records import Leader, Records
from local.session import deploying, dismantling, reading

CHECKOUT = Path(__file__).parents[2]


def test_while_one_runs_another_is_told_so_and_what_to_do(tmp_path: Path) -> None:
    said = pytest.raises(LocalError, match=r"already running here as process \d+; end that one first")
    with alone(tmp_path / "run"), said, alone(tmp_path / "run"):
        pass
    with alone(tmp_path / "run"):
        assert (tmp_path / "run").stat().st_mode & 0o077 == 0


def test_where_nothing_runs_there_is_nothing_to_use(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with dismantling(layout, print) as endpoint:
        assert endpoint is None
    with pytest.raises(LocalError, match="no AWS runs inside this machine; start one with `make airflow-local`"):
        reading(layout)


@pytest.mark.parametrize("use", [deploying, dismantling])
def test_a_running_airflow_is_not_pulled_from_under(tmp_path: Path, use: Callable[..., Any]) -> None:
    layout = Layout(tmp_path)
    with alone(layout.run), pytest.raises(LocalError, match="already running"), use(layout, print):
        pass


def test_what_a_killed_one_left_running_is_ended_first(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    said: list[str] = []
    code = (
        "import os, sys; from pathlib import Path; from local.locks import alone\n"
        "with alone(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(layout.run)], cwd=CHECKOUT, check=False)
    left = subprocess.Popen(["sleep", "600"], start_new_session=True)
    Records(layout.run / "processes").keep(Leader.of(left.pid))
    with dismantling(layout, said.append):
        assert left.wait(10) == -signal.SIGKILL
    assert said == ["ending 1 processes that an earlier run left", "an earlier run was killed: starting anew"]
    said.clear()
    with dismantling(layout, said.append):
        pass
    assert said == []


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocalError, match=r"file/run cannot be used: Not a directory"), alone(tmp_path / "file" / "run"):
        pass
