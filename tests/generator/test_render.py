"""Templates on disk: the same settings give the same bytes, and a folder is replaced whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generator import render
from generator.config.environments import load

CHECKOUT = Path(__file__).parents[2]
RENDER = """
from pathlib import Path; from generator.config.environments import load; from generator.render import render
import hashlib; print(hashlib.sha256(repr(render(load(Path("service.yml"), "dev"))).encode()).hexdigest())
"""


@pytest.mark.parametrize("environment", ["dev", "local"])
def test_the_committed_templates_are_those_of_service_yml(environment: str) -> None:
    settings = load(CHECKOUT / "service.yml", environment)
    committed = render.current(CHECKOUT / "templates" / environment)
    assert committed == render.render(settings), f"run `make airflow-render ENVIRONMENT={environment}`"


def test_the_same_settings_give_the_same_bytes_whatever_the_hash_seed() -> None:
    def digest(seed: str) -> str:
        variables = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(
            [sys.executable, "-c", RENDER], cwd=CHECKOUT, env=variables, capture_output=True, text=True, check=True
        ).stdout

    assert digest("1") == digest("2") != ""


def made(content: str) -> str:
    return render.NOTICE + content


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "dev"
    assert render.write({"a.yml": made("1"), "b.yml": made("2")}, folder) is True
    assert render.write({"a.yml": made("3")}, folder) is True
    assert render.current(folder) == {"a.yml": made("3")}
    assert [path.name for path in folder.parent.iterdir()] == ["dev"]


def test_an_unchanged_folder_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "dev"
    render.write({"a.yml": made("1")}, folder)
    before = folder.stat().st_ino
    assert render.write({"a.yml": made("1")}, folder) is False
    assert folder.stat().st_ino == before


def test_a_folder_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "dev"
    render.write({"a.yml": made("1")}, folder)
    with pytest.raises(OSError, match="File name too long"):
        render.write({"a.yml": made("2"), "x" * 300: made("3")}, folder)
    assert render.current(folder) == {"a.yml": made("1")}
    assert [path.name for path in tmp_path.iterdir()] == ["dev"]


def test_what_was_not_rendered_is_never_replaced(tmp_path: Path) -> None:
    thesis, folder = tmp_path / "mine" / "thesis.txt", tmp_path / "mine"
    folder.mkdir()
    thesis.write_text("years of work")
    (tmp_path / "link").symlink_to(folder)
    for place, words in ((folder, "it holds thesis.txt"), (thesis, "no folder"), (tmp_path / "link", "no folder")):
        with pytest.raises(OSError, match=words):
            render.write({"a.yml": made("1")}, place)
    thesis.rename(folder / "own.yml")
    with pytest.raises(OSError, match=r"it holds own\.yml"):
        render.write({"a.yml": made("1")}, folder)
    assert (folder / "own.yml").read_text() == "years of work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "mine"]


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    assert render.write({"a.yml": made("1")}, tmp_path / "made") is True
    (tmp_path / "empty").mkdir()
    assert render.write({"a.yml": made("1")}, tmp_path / "empty") is True
