"""What git knows of templates, and that a machine deploys none that were not committed. With a real git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from deployer.errors import DeployError, WrongUse
from deployer.plans import revisions
from deployer.plans.committed import committed, require_committed
from deployer.plans.revisions import Git, git_in

FOLDER = Path("templates/dev")


def run(place: Path, *words: str) -> None:
    own = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "-C", str(place), *words], check=True, capture_output=True, env=os.environ | own | nobody)


def put(place: Path, text: str) -> None:
    (place / FOLDER).mkdir(parents=True, exist_ok=True)
    (place / FOLDER / "root.yml").write_text(text)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkout in a subfolder of a repository, with templates of two commits."""
    run(tmp_path, "init", "--quiet", "--initial-branch=main")
    place = tmp_path / "airflow"
    put(place, "first\n")
    run(tmp_path, "add", ".")
    run(tmp_path, "commit", "--quiet", "--message=one")
    run(tmp_path, "tag", "one")
    put(place, "zwölf\n")
    run(tmp_path, "commit", "--quiet", "--all", "--message=two")
    return place


@pytest.fixture
def git(place: Path) -> Git:
    return git_in(place)


def test_a_folder_and_a_file_of_a_revision(git: Git) -> None:
    one, main = (revisions.commit(git, name) for name in ("one", "main"))

    assert revisions.folder(git, one, "templates/dev") == {"root.yml": "first\n"}
    assert revisions.folder(git, main, "templates/dev") == {"root.yml": "zwölf\n"}
    assert revisions.text(git, one, "templates/dev/root.yml") == "first\n"
    assert len(one) == 40


def test_what_was_not_there_is_nothing(git: Git) -> None:
    one = revisions.commit(git, "one")
    assert revisions.folder(git, one, "templates/prod") == {}
    assert revisions.text(git, one, "service.yml") is None


@pytest.mark.parametrize("name", ["nowhere", "--output=x", "", "templates"])
def test_what_is_no_revision_is_said(git: Git, name: str) -> None:
    with pytest.raises(WrongUse, match="is neither a folder of templates nor a revision of git"):
        revisions.commit(git, name)


def test_without_a_repository_there_is_no_revision(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="neither"):
        revisions.commit(git_in(tmp_path), "main")


def test_what_is_committed_counts_and_not_what_was_rendered_since(place: Path, git: Git) -> None:
    put(place, "fresh\n")
    for folder in (FOLDER, place / FOLDER, Path("../airflow") / FOLDER):
        assert committed(place, folder, {"root.yml": "fresh\n"}, git) == {"root.yml": "zwölf\n"}


def test_a_folder_elsewhere_in_the_repository_is_found(place: Path, git: Git) -> None:
    assert committed(place, Path("../other"), {"root.yml": "disk"}, git) == {}
    assert committed(place / FOLDER, Path(), {}, git_in(place / FOLDER)) == {"root.yml": "zwölf\n"}
    assert committed(place / "templates", Path("../templates/dev"), {}, git_in(place / "templates")) == {
        "root.yml": "zwölf\n"
    }


def test_outside_of_a_repository_what_is_on_the_disk_counts(
    place: Path, git: Git, tmp_path_factory: pytest.TempPathFactory
) -> None:
    disk, elsewhere = {"root.yml": "disk"}, tmp_path_factory.mktemp("no-repository")
    assert committed(elsewhere, FOLDER, disk, git_in(elsewhere)) == disk
    assert committed(place, elsewhere, disk, git) == disk
    assert committed(place, Path("../../../../elsewhere"), disk, git) == disk


def test_a_repository_that_git_does_not_read_is_no_reason_to_deploy_what_is_on_the_disk(place: Path) -> None:
    def refuses(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(arguments, 128, "", "fatal: detected dubious ownership in repository\n")

    with pytest.raises(DeployError, match="is not known: fatal: detected dubious ownership in repository"):
        committed(place, FOLDER, {"root.yml": "fresh\n"}, refuses)


def test_what_is_checked_out_is_a_commit_and_whether_something_was_changed_since(
    place: Path, git: Git, tmp_path_factory: pytest.TempPathFactory
) -> None:
    main = revisions.commit(git, "main")
    (place / "new.txt").write_text("git does not know it")
    assert revisions.head(git) == main
    put(place, "fresh\n")
    assert revisions.head(git) == f"{main}-dirty"
    assert revisions.head(git_in(tmp_path_factory.mktemp("no-repository"))) == ""


def test_templates_that_differ_are_named() -> None:
    had = dict.fromkeys(("a.yml", "b.yml", "c.yml", "same.yml"), "x")
    fresh = dict.fromkeys(("a.yml", "b.yml", "d.yml"), "y") | {"same.yml": "x"}

    require_committed(FOLDER, fresh, fresh)
    with pytest.raises(DeployError) as caught:
        require_committed(FOLDER, had, fresh)
    assert caught.value.line == (
        "templates/dev: what is committed differs from what service.yml renders now: a.yml, b.yml, c.yml and 1 more"
    )
    assert "make airflow-render" in caught.value.hint
