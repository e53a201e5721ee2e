"""Waits until the webserver has brought the database to the revision this image's Airflow expects.

As exact as `airflow db check-migrations`, which compares the same revisions, but 40 ms a look instead of 5 CPU
seconds: on a quarter vCPU that is 20 s of every component's start.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from airflow_runtime.database import Query, UnavailableError

MIGRATIONS = {
    "alembic_version": "airflow/migrations/versions",
    "alembic_version_fab": "airflow/providers/fab/migrations/versions",
}
"""The table that holds each migrated part's revision, and the folder of its migrations among Python's packages."""

_ASSIGNED = re.compile(r"^(revision|down_revision)\s*(?::[^=\n]*)?=\s*(\([^)]*\)|.*)$", re.MULTILINE)
_NAMES = re.compile(r"[\"']([^\"']+)[\"']")

POLL_SECONDS = 1.0
REPORT_SECONDS = 10.0


class NotMigratedError(Exception):
    """The database was not migrated within the time given, or what to wait for cannot be told."""


class NewerDatabaseError(Exception):
    """The database has been migrated to a revision that this image's Airflow does not know: no wait will help."""


@dataclass(frozen=True)
class Revisions:
    """What the migrations of one part of Airflow hold."""

    heads: frozenset[str]
    """The revisions that no other one follows: where the database must be."""
    known: frozenset[str]
    """Every revision: from where the database can be brought to the heads."""


def revisions(scripts: Iterable[str]) -> Revisions:
    """The revisions in the text of migrations (what Alembic finds by importing them)."""
    found: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for script in scripts:
        for kind, value in _ASSIGNED.findall(script):
            found[kind].update(_NAMES.findall(value))
    known = frozenset(found["revision"])
    return Revisions(known - found["down_revision"], known)


def expected(search_path: Iterable[str] = sys.path) -> dict[str, Revisions]:
    """The revisions of each version table for the Airflow on `search_path`; NotMigratedError without one."""
    folders = [Path(entry) for entry in search_path if entry]
    found = {}
    for table, migrations in MIGRATIONS.items():
        folder = next((base / migrations for base in folders if (base / migrations).is_dir()), None)
        if folder:
            found[table] = revisions(script.read_text("utf-8") for script in folder.glob("*.py"))
    if "alembic_version" not in found:
        raise NotMigratedError("no Airflow among Python's packages: which revision to wait for is unknown")
    return found


def pending(query: Query, wanted: Mapping[str, Revisions], *, migrates: bool = False) -> str | None:
    """Say why the database is not ready yet, or None when every version table holds what is wanted.

    One that `migrates` wants only a database, at no revision that its own migrations do not know. Raises
    NewerDatabaseError.
    """
    try:
        query("SELECT 1", [])
        held = {table: _held(query, table) for table in wanted}
    except UnavailableError as error:
        return f"the database does not answer: {error}"
    _refuse_newer(held, wanted)
    if migrates:
        return None
    for table, found in held.items():
        if found is None:
            return f"the database has no table {table} yet"
        if found != wanted[table].heads:
            return f"{table} is at {_names(found)}, this Airflow needs {_names(wanted[table].heads)}"
    return None


def state(query: Query) -> str:
    """Where the database is, as `alembic_version=<revision>,alembic_version_fab=<revision>`: the deployer reads it."""
    held = {table: _held(query, table) for table in MIGRATIONS}
    return ",".join(f"{table}={'+'.join(sorted(found))}" for table, found in held.items() if found)


def _held(query: Query, table: str) -> frozenset[str] | None:
    """The revisions in a version table; None where there is no such table."""
    if query("SELECT to_regclass(%s)", [table]) == [(None,)]:
        return None
    return frozenset(str(row[0]) for row in query(f"SELECT version_num FROM {table}", []))  # noqa: S608


def _refuse_newer(held: Mapping[str, frozenset[str] | None], wanted: Mapping[str, Revisions]) -> None:
    for table, found in held.items():
        if found and (unknown := found - wanted[table].known):
            raise NewerDatabaseError(
                f"the database is newer than this image: {table} is at {_names(unknown)}, which this Airflow does not"
                " know; most likely a newer one has migrated the database. Push an image with that Airflow or a newer"
                " one, or restore a snapshot from before (metadataDb.snapshotIdentifier)"
            )


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no revision"


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
