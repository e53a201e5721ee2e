"""What another version of Airflow would do: two of them are asked what they are, and the difference is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from deployer.dag_checks.dags import ERROR, NOTE, WARNING, DagReport, Facts
from deployer.errors import WrongUse

_NAMES = {"alembic_version": "Airflow's", "alembic_version_fab": "the log-in's (FAB)"}
VERSION = re.compile(r"3\.\d+\.\d+((a|b|rc)\d+)?")


@dataclass(frozen=True)
class Line:
    """One thing that a version changes. `where` is a line of a file, or what it is about: database, providers."""

    level: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.level}: {self.what}"


@dataclass(frozen=True)
class Upgrade:
    """The difference that going from one version to another makes; `stands_against` it are the errors."""

    of: str
    to: str
    lines: tuple[Line, ...]

    @property
    def stands_against(self) -> tuple[Line, ...]:
        """What has to be seen to first."""
        return tuple(one for one in self.lines if one.level == ERROR)

    @property
    def summary(self) -> str:
        """The answer in one line."""
        against = len(self.stands_against)
        return f"Airflow {self.of} -> {self.to}: {f'{against} against it' if against else 'nothing stands against it'}"

    def as_data(self) -> dict[str, Any]:
        """Return it as what `--json` prints."""
        return asdict(self) | {"passed": not self.stands_against}


def require_known(version: str, released: Mapping[str, str]) -> None:
    """Raise WrongUse unless there is such a version of Airflow 3, with the known ones that are nearest.

    Nothing known (no index that tells) refuses nothing but what has not the form.
    """
    if not VERSION.fullmatch(version):
        raise WrongUse(f"{version!r} is no version of Airflow 3", 'write it out, for example ARGS="--to 3.4.0"')
    if released and version not in released:
        raise WrongUse(f"there is no Airflow {version}", f"the nearest are {', '.join(nearest(version, released))}")


def nearest(version: str, released: Mapping[str, str], count: int = 3) -> list[str]:
    """Return the versions next to one that does not exist: releases, and pre-releases only if it was asked for one."""
    wanted = _key(version)
    those = [
        one for one in released if VERSION.fullmatch(one) and (one.replace(".", "").isdigit() or not _final(version))
    ]
    ordered = sorted(those, key=_key)
    behind = sum(_key(one) < wanted for one in ordered)
    return ordered[max(0, min(behind - 2, len(ordered) - count)) :][:count]


def compare(
    present: Facts,
    other: Facts,
    dags: tuple[DagReport, DagReport | str],
    options: Mapping[str, str],
    refused: str,
) -> Upgrade:
    """Return what changes from the present Airflow to another.

    `dags` are what both said of the DAGs, of the other why it could not be asked, if so; `options` say where each
    of the settings' options is set; `refused` is why docker/requirements.txt cannot be installed there, if so.
    """
    lines = [
        *_database(present["migrations"], other["migrations"], other["airflow"]),
        *_options(present["options"], other["options"], options),
        *([Line(ERROR, "docker/requirements.txt", f"cannot be installed beside it: {refused}")] if refused else []),
        *_dags(*dags),
        *_providers(present["providers"], other["providers"]),
    ]
    return Upgrade(present["airflow"], other["airflow"], tuple(lines))


def _database(present: Mapping[str, Sequence[Facts]], other: Mapping[str, Sequence[Facts]], to: str) -> Iterator[Line]:
    """Yield what becomes of the database: an Airflow runs on one whose revision it knows, which it migrates upwards.

    https://airflow.apache.org/docs/apache-airflow/stable/howto/usage-cli.html#upgrading-airflow
    """
    news = []
    for table, migrations in present.items():
        known, ours = {one["revision"] for one in other[table]}, {one["revision"] for one in migrations}
        if beyond := _heads(migrations) - known:
            what = f"it is past {to}, which does not know {_NAMES[table]} revision {', '.join(sorted(beyond))}"
            yield Line(ERROR, "database", f"{what}; the way back is a snapshot from before the migration")
        else:
            news += [one for one in other[table] if one["revision"] not in ours]
    for one in news:
        yield Line(NOTE, "database", f"migration {one['revision']}: {one['title']}")
    if news:
        what = f"{len(news)} migrations, run when the webserver starts; the way back behind them is a snapshot"
        yield Line(WARNING, "database", what)
    elif all(_heads(migrations) == _heads(other[table]) for table, migrations in present.items()):
        yield Line(NOTE, "database", "no migration is needed")


def _heads(migrations: Sequence[Facts]) -> set[str]:
    followed = {before for one in migrations for before in one["after"]}
    return {one["revision"] for one in migrations} - followed


def _options(present: Mapping[str, Facts], other: Mapping[str, Facts], where: Mapping[str, str]) -> Iterator[Line]:
    """Yield the options that the other version sees otherwise."""
    for option, now in other.items():
        if now == present.get(option) or not now:
            continue
        words = f" ({now['words']})" if now["words"] else ""
        level, what = {
            "unknown": (ERROR, f"{option} is unknown to it and would be ignored{words}"),
            "renamed": (WARNING, f"{option} has another name{words}; the old one is still understood"),
            "deprecated": (WARNING, f"{option} is deprecated{words}"),
        }[now["is"]]
        yield Line(level, where[option], what)


def _dags(present: DagReport, other: DagReport | str) -> Iterator[Line]:
    """Yield what is new about the DAGs."""
    if isinstance(other, str):
        yield Line(ERROR, "dags", f"they could not be checked with it: {other}")
        return
    before = {(one.file, one.line) for one in present.at(ERROR)}
    for finding in other.at(ERROR):
        if (finding.file, finding.line) not in before:
            yield Line(ERROR, f"{finding.file}:{finding.line}", finding.what)
    deprecated = {(one.file, one.line) for one in present.deprecations}
    for finding in other.deprecations:
        if (finding.file, finding.line) not in deprecated:
            yield Line(NOTE, f"{finding.file}:{finding.line}", finding.what)
    counts = f"deprecation warnings: {len(present.deprecations)} -> {len(other.deprecations)}"
    yield Line(NOTE, "dags", f"{other.dags} DAGs import with it, {present.dags} with the present one; {counts}")


def _providers(present: Mapping[str, str], other: Mapping[str, str]) -> Iterator[Line]:
    """Yield one line of the providers whose versions differ."""
    changed = [
        f"{name.removeprefix('apache-airflow-providers-')} {present.get(name, 'none')} -> {other.get(name, 'none')}"
        for name in sorted({*present, *other})
        if present.get(name) != other.get(name)
    ]
    if changed:
        yield Line(NOTE, "providers", ", ".join(changed))


def _final(version: str) -> bool:
    return version.replace(".", "").isdigit()


def _key(version: str) -> tuple[int, ...]:
    """Order versions: a pre-release before its release."""
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:(a|b|rc)(\d+))?", version)
    if match is None:
        return (0,)
    major, minor, patch, stage, number = match.groups()
    return int(major), int(minor), int(patch), {"a": 0, "b": 1, "rc": 2, None: 3}[stage], int(number or 0)
