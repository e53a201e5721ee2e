"""Waits until the webserver has brought the database to the revision this image's Airflow expects.

As exact as `airflow db check-migrations`, which compares the same revisions, but 40 ms a look instead of 5 CPU
seconds: on a quarter vCPU that is 20 s of every component's start.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from airflow_runtime.database import Query, UnavailableError

MIGRATIONS = {
    "alembic_version": "airflow/migrations/versions",
    "alembic_version_fab": "airflow/providers/fab/migrations/versions",
}
"""The table that holds each migrated part's revision, and the folder of its migrations among Python's packages."""

_ASSIGNED = re.compile(r"^(revision|down_revision)\s*(?::[^=\n]*)?=\s*(.*)$", re.MULTILINE)
_NAMES = re.compile(r"[\"']([^\"']+)[\"']")

POLL_SECONDS = 1.0
REPORT_SECONDS = 10.0


class NotMigratedError(Exception):
    """The database was not migrated within the time given, or what to wait for cannot be told."""


def heads(scripts: Iterable[str]) -> frozenset[str]:
    """The revisions no other one follows, from the text of the migrations (what Alembic finds by importing them)."""
    revisions: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for script in scripts:
        for kind, value in _ASSIGNED.findall(script):
            revisions[kind].update(_NAMES.findall(value))
    return frozenset(revisions["revision"] - revisions["down_revision"])


def expected(search_path: Iterable[str] = sys.path) -> dict[str, frozenset[str]]:
    """The revision each version table must hold for the Airflow on `search_path`; NotMigratedError without one."""
    folders = [Path(entry) for entry in search_path if entry]
    found = {}
    for table, migrations in MIGRATIONS.items():
        folder = next((base / migrations for base in folders if (base / migrations).is_dir()), None)
        if folder:
            found[table] = heads(script.read_text("utf-8") for script in folder.glob("*.py"))
    if "alembic_version" not in found:
        raise NotMigratedError("no Airflow among Python's packages: which revision to wait for is unknown")
    return found


def pending(query: Query, wanted: Mapping[str, frozenset[str]]) -> str | None:
    """Say why the database is not ready yet, or None when every version table holds what is wanted."""
    try:
        query("SELECT 1", [])  # the webserver wants no revision, only a database to migrate
        for table, revisions in wanted.items():
            if query("SELECT to_regclass(%s)", [table]) == [(None,)]:
                return f"the database has no table {table} yet"
            found = frozenset(str(row[0]) for row in query(f"SELECT version_num FROM {table}", []))  # noqa: S608
            if found != revisions:
                return f"{table} is at {_names(found)}, this Airflow needs {_names(revisions)}"
    except UnavailableError as error:
        return f"the database does not answer: {error}"
    return None


def _names(revisions: Iterable[str]) -> str:
    return ", ".join(sorted(revisions)) or "no revision"


def wait(
    look: Callable[[], str | None],
    seconds: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    report: Callable[[str], None],
) -> None:
    """Look again until nothing is pending, saying now and then what is; NotMigratedError after `seconds`."""
    start = clock()
    told = (-REPORT_SECONDS, "")
    while reason := look():
        waited = clock() - start
        if waited >= seconds:
            raise NotMigratedError(f"gave up after {waited:.0f} s: {reason}")
        if reason != told[1] or waited - told[0] >= REPORT_SECONDS:
            report(f"waiting for the database, {waited:.0f} of {seconds:.0f} s: {reason}")
            told = (waited, reason)
        sleep(POLL_SECONDS)
    report(f"the database is ready after {clock() - start:.0f} s")
