"""One Airflow at a time on a checkout."""

from pathlib import Path

import pytest

from local.errors import LocalError
from local.layout import Layout
from local.locks import alone
from local.session import last_use


def test_while_one_runs_another_is_told_so_and_what_to_do(tmp_path: Path) -> None:
    said = pytest.raises(LocalError, match=r"already running here as process \d+; end that one first")
    with alone(tmp_path / "run"), said, alone(tmp_path / "run"):
        pass
    with alone(tmp_path / "run"):
        assert (tmp_path / "run").stat().st_mode & 0o077 == 0


def test_where_nothing_runs_there_is_nothing_to_use(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with last_use(layout) as endpoint:
        assert endpoint is None
    with alone(layout.run), pytest.raises(LocalError, match="already running"), last_use(layout):
        pass
