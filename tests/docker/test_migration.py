from collections.abc import Sequence
from pathlib import Path

import pytest
from airflow_runtime.database import Rows, UnavailableError
from airflow_runtime.migration import (
    NewerDatabaseError,
    NotMigratedError,
    Revisions,
    expected,
    pending,
    revisions,
    state,
    wait,
)

from tests.docker import migrations

WANTED = {
    "alembic_version": Revisions(frozenset({"new"}), frozenset({"new", "old"})),
    "alembic_version_fab": Revisions(frozenset({"fab"}), frozenset({"fab", "older"})),
}


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class FakeDatabase:
    """Version tables with the revisions they hold."""

    def __init__(self, **tables: Sequence[str]) -> None:
        self.tables = tables

    def query(self, sql: str, parameters: Sequence[object] = ()) -> Rows:
        if parameters:
            return [(parameters[0] if parameters[0] in self.tables else None,)]
        return [(revision,) for revision in self.tables.get(sql.rpartition(" ")[2], ())]


def unreachable(sql: str, parameters: Sequence[object]) -> Rows:
    raise UnavailableError("connection refused")


@pytest.mark.parametrize(
    ("database", "reason"),
    [
        (FakeDatabase(), "has no table alembic_version yet"),
        (FakeDatabase(alembic_version=["old"]), "alembic_version is at old, this Airflow needs new"),
        (FakeDatabase(alembic_version=[]), "is at no revision"),
        (FakeDatabase(alembic_version=["new"]), "has no table alembic_version_fab yet"),
        (FakeDatabase(alembic_version=["new"], alembic_version_fab=["older"]), "alembic_version_fab is at older"),
    ],
)
def test_says_what_is_pending(database: FakeDatabase, reason: str) -> None:
    assert reason in (pending(database.query, WANTED) or "nothing")


def test_nothing_is_pending_when_all_is_as_wanted() -> None:
    assert pending(FakeDatabase(alembic_version=["new"], alembic_version_fab=["fab"]).query, WANTED) is None


@pytest.mark.parametrize("migrates", [True, False])
def test_a_database_that_does_not_answer_is_waited_for(migrates: bool) -> None:
    assert pending(unreachable, WANTED, migrates=migrates) == "the database does not answer: connection refused"


@pytest.mark.parametrize("tables", [{}, {"alembic_version": []}, {"alembic_version": ["old"]}])
def test_the_one_that_migrates_wants_any_database_that_it_knows(tables: dict[str, list[str]]) -> None:
    assert pending(FakeDatabase(**tables).query, WANTED, migrates=True) is None


@pytest.mark.parametrize("migrates", [True, False])
@pytest.mark.parametrize(
    ("tables", "newer"),
    [
        ({"alembic_version": ["newest"]}, "alembic_version is at newest"),
        ({"alembic_version": ["old"], "alembic_version_fab": ["fab2"]}, "alembic_version_fab is at fab2"),
    ],
)
def test_a_database_that_a_newer_airflow_has_migrated_is_refused(
    tables: dict[str, list[str]], newer: str, migrates: bool
) -> None:
    with pytest.raises(NewerDatabaseError, match=newer) as caught:
        pending(FakeDatabase(**tables).query, WANTED, migrates=migrates)

    assert "Push an image with that Airflow or a newer one" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_where_the_database_is_is_told_as_the_deployer_reads_it() -> None:
    held = FakeDatabase(alembic_version=["new"], alembic_version_fab=["fab"])

    assert state(held.query) == "alembic_version=new,alembic_version_fab=fab"
    assert state(FakeDatabase(alembic_version=["b", "a"]).query) == "alembic_version=a+b"


def test_waits_until_nothing_is_pending_and_tells_each_reason_once() -> None:
    clock, said = Clock(), list[str]()
    reasons = ["no table"] * 3 + ["old revision"] * 4

    wait(lambda: reasons.pop(0) if reasons else None, 60, clock, clock.sleep, said.append)

    assert clock.now == 1007
    assert [line.rpartition(": ")[2] for line in said] == [
        "no table",
        "old revision",
        "the database is ready after 7 s",
    ]


def test_a_long_wait_shows_progress() -> None:
    clock, said = Clock(), list[str]()

    wait(lambda: "no table" if clock.now < 1035 else None, 60, clock, clock.sleep, said.append)

    assert said[1:4] == [f"waiting for the database, {seconds} of 60 s: no table" for seconds in (10, 20, 30)]


def test_gives_up_after_the_time_given_and_says_what_was_pending() -> None:
    clock = Clock()

    with pytest.raises(NotMigratedError, match="gave up after 30 s: no table"):
        wait(lambda: "no table", 30, clock, clock.sleep, lambda _: None)


def test_the_head_is_the_revision_that_none_follows() -> None:
    scripts = [
        'revision = "a"\ndown_revision = None\n',
        "revision: str = 'b'\ndown_revision: str | None = 'a'\n",
        'revision = "c"\ndown_revision = (\n    "b",\n    "a",\n)\nbranch_labels = "d"\n',
        '"""Notes.\n\nRevision ID: x\n"""\n',
    ]

    assert revisions(scripts) == Revisions(frozenset({"c"}), frozenset({"a", "b", "c"}))


def test_finds_the_migrations_of_the_airflow_on_the_path(tmp_path: Path) -> None:
    packages = migrations.write(tmp_path)

    assert expected(["", "/nowhere", str(packages)]) == {
        "alembic_version": Revisions(frozenset({"new"}), frozenset({"old", "new"})),
        "alembic_version_fab": Revisions(frozenset({"fab"}), frozenset({"fab"})),
    }


def test_without_airflow_there_is_nothing_to_wait_for_and_that_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotMigratedError, match="no Airflow among Python's packages"):
        expected([str(tmp_path)])
