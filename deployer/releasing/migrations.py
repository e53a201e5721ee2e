"""Whether a release has migrated the database: what its image wants, and what webservers have logged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from deployer.errors import AWS_ERRORS, explain
from deployer.images.facts import ImageFacts
from deployer.releasing import releases
from deployer.releasing.releases import Migrated, Release, State
from deployer.tools import Tools

_LINE = re.compile(r"the database is at (?P<revisions>\w+=\S+)")  # of docker/airflow_runtime, when it has migrated
_MOST = 1000  # lines; a webserver says this once
_SKEW = timedelta(minutes=5)  # between this machine's clock and that of the logs


def may_migrate(history: Sequence[Release], facts: ImageFacts | None, airflow: str) -> bool:
    """Whether an image wants the database elsewhere than the releases before have left it.

    Where nobody knows an image's revisions its Airflow stands for them.
    """
    last = releases.last_to_migrate(history)
    if last is None:
        return True
    if last.facts is None or facts is None:
        return last.airflow != airflow
    return last.facts.heads != facts.heads


def migrated(
    tools: Tools, release: Release, history: Sequence[Release], groups: Iterable[str], *, ran: bool
) -> Migrated:
    """Whether a release that has failed has migrated the database before.

    `groups` are where its tasks log, `ran` whether any task of it was seen to run. A migration may have begun without
    a word of its end: then nobody can know. What is logged counts, whatever was seen.
    """
    if not may_migrate(history, release.facts, release.airflow):
        return Migrated.NO
    if _is_told(tools, groups, release.facts, datetime.fromisoformat(release.time) - _SKEW):
        return Migrated.YES
    return Migrated.UNKNOWN if ran else Migrated.NO


def reconsidered(tools: Tools, release: Release, history: Sequence[Release], groups: Iterable[str]) -> Migrated:
    """Whether a release that has ended has migrated the database, as far as webservers have logged it since.

    One of the code before, started since, that found the database where that code wants it proves that nothing moved.
    """
    groups = set(groups)
    if _is_told(tools, groups, release.facts, datetime.fromisoformat(release.time) - _SKEW):
        return Migrated.YES
    before = releases.last_to_migrate(history)
    since = datetime.fromisoformat(release.ended) + _SKEW
    if release.state is State.FAILED and before and _is_told(tools, groups, before.facts, since):
        return Migrated.NO
    return Migrated.UNKNOWN


def _is_told(tools: Tools, groups: Iterable[str], facts: ImageFacts | None, since: datetime) -> bool:
    wanted = facts.heads if facts else {}
    return bool(wanted) and any(_same(each, wanted) for each in _logged(tools, groups, since))


def _logged(tools: Tools, groups: Iterable[str], since: datetime) -> list[str]:
    found: list[str] = []
    for group in sorted(set(groups)):
        try:
            pages = tools.aws.logs.get_paginator("filter_log_events").paginate(
                logGroupName=group,
                filterPattern='"the database is at"',
                startTime=int(since.timestamp() * 1000),
                PaginationConfig={"MaxItems": _MOST},
            )
            messages = [event.get("message", "") for page in pages for event in page.get("events", [])]
        except AWS_ERRORS as error:
            tools.report(f"log group {group} cannot be asked whether the database was migrated: {explain(error)}")
            continue
        found += [match["revisions"] for text in messages if (match := _LINE.search(text))]
    return found


def _same(told: str, wanted: Mapping[str, str]) -> bool:
    """Whether `alembic_version=a+b,...` is what an image wants; tables that only one side knows do not matter."""
    pairs = dict(pair.split("=", 1) for pair in told.rstrip(".,;").split(",") if "=" in pair)
    both = pairs.keys() & wanted.keys()
    return bool(both) and all(set(pairs[table].split("+")) == set(wanted[table].split(",")) for table in both)
