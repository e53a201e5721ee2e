import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from local import airflow_versions
from local.airflow_versions import Other
from local.errors import LocalError
from local.layout import Layout

INDEX = {
    "versions": ["3.3.2", "3.4.0"],
    "files": [
        {"filename": "apache_airflow-3.4.0-py3-none-any.whl", "upload-time": "2026-11-01T20:17:06.651665Z"},
        {"filename": "apache_airflow-3.4.0.tar.gz", "upload-time": "2026-11-02T00:00:00Z"},
    ],
}


class Uv:
    """Makes environments as far as can be seen here; refuses what has this word in it."""

    def __init__(self, refused: str = "") -> None:
        self.calls: list[list[str]] = []
        self._refused = refused

    def __call__(self, arguments: list[str], held: int) -> None:  # noqa: ARG002
        self.calls.append(arguments)
        if arguments[0] == "venv":
            python = Path(arguments[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.touch()
        elif self._refused and any(self._refused in word for word in arguments):
            raise LocalError("it does not fit")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    docker = tmp_path / "docker"
    docker.mkdir()
    (docker / "requirements.txt").write_text("# nothing\n")
    (docker / "requirements-laptop.in").write_text("# why\napache-airflow[celery,fab]==3.3.2\ncelery[sqs]<5.7\n")
    return Layout(tmp_path)


def silent(url: str, kind: str) -> str:
    raise OSError("no route to host")


def published(url: str, kind: str) -> str:
    assert url.startswith("https://raw.githubusercontent.com/apache/airflow/constraints-3.4.0/constraints-3.")
    return "celery==5.7.1\n"


def ensure(layout: Layout, uv: Uv, ask: airflow_versions.Fetch = silent, version: str = "3.4.0") -> Other:
    return airflow_versions.ensure(layout, version, "2026-11-01T20:17:06.651665Z", lambda _: None, uv, ask)


def test_the_published_constraints_decide_where_they_can_be_had(layout: Layout) -> None:
    uv = Uv()
    other = ensure(layout, uv, published)
    assert other.python == layout.venvs / "airflow-3.4.0" / "bin" / "python"
    assert "published constraints" in other.basis
    install = uv.calls[1]
    assert Path(install[install.index("--constraints") + 1]).read_text() == "celery==5.7.1\n"
    assert {"apache-airflow[celery,fab]==3.4.0", "celery[sqs]"} <= set(install)  # what they say of Celery is right


def test_without_them_what_is_newer_than_the_release_is_left_out(layout: Layout) -> None:
    uv = Uv()
    other = ensure(layout, uv)
    assert "could not be had" in other.basis
    install = uv.calls[1]
    assert install[install.index("--exclude-newer") + 1] == "2026-11-02T20:17:06Z"
    assert {"apache-airflow[celery,fab]==3.4.0", "celery[sqs]<5.7"} <= set(install)


def test_it_is_made_once(layout: Layout) -> None:
    ensure(layout, Uv(), published)
    uv = Uv()
    ensure(layout, uv)  # the constraints are kept, whoever answers now
    assert not uv.calls


@pytest.mark.parametrize(("version", "allowed"), [("3.4.0", False), ("3.4.0b2", True)])
def test_only_a_pre_release_may_have_pre_releases_beside_it(layout: Layout, version: str, allowed: bool) -> None:
    uv = Uv()
    ensure(layout, uv, version=version)
    assert ("--prerelease" in uv.calls[1]) is allowed


def test_the_users_requirements_are_tried_beside_it_and_a_refusal_is_remembered(layout: Layout) -> None:
    (layout.checkout / "docker" / "requirements.txt").write_text("celery<5\n")
    uv = Uv(refused="requirements.txt")
    assert ensure(layout, uv).refused == "it does not fit"
    assert "apache-airflow[celery,fab]==3.4.0" in uv.calls[-1]  # it is not to be replaced by them
    again = Uv()
    assert ensure(layout, again).refused == "it does not fit"
    assert not again.calls
    (layout.checkout / "docker" / "requirements.txt").write_text("cowsay\n")
    assert ensure(layout, Uv()).refused == ""


def test_an_airflow_that_cannot_be_installed_is_one_line(layout: Layout) -> None:
    with pytest.raises(LocalError, match=r"'airflow-3\.4\.0' could not be made: it does not fit"):
        ensure(layout, Uv(refused="apache-airflow"))


@pytest.mark.parametrize(
    ("variables", "index"),
    [({}, "https://pypi.org/simple"), ({"UV_DEFAULT_INDEX": "https://mirror/simple/"}, "https://mirror/simple")],
)
def test_the_index_in_use_is_asked_for_the_versions(variables: Mapping[str, str], index: str) -> None:
    asked: list[str] = []

    def answer(url: str, kind: str) -> str:
        asked.append(url)
        return json.dumps(INDEX)

    assert airflow_versions.released(answer, variables) == {"3.3.2": "", "3.4.0": "2026-11-01T20:17:06.651665Z"}
    assert asked == [f"{index}/apache-airflow/"]


@pytest.mark.parametrize("said", ["<html>", "[]", '{"versions": 1}', "{}"])
def test_an_index_that_answers_otherwise_tells_nothing(said: str) -> None:
    assert airflow_versions.released(lambda *_: said, {}) == {}
    assert airflow_versions.released(silent, {}) == {}
