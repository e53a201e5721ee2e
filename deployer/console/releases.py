"""The list of releases, newest first. Text in columns. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from deployer.console.tables import columns
from deployer.releasing.releases import Migrated, Release, State

_HEAD = ("", "release", "state", "image", "content", "settings", "Airflow", "database", "time", "who")
_SHORT = 8  # characters of a hash


def table(
    releases: Sequence[Release],
    running: Release | None,
    can_return: Callable[[Release], bool],
    words: Mapping[int, str],
) -> str:
    """Return the releases one a line; `*` marks the one whose image the root has.

    `words` are for releases, by number, of which their record does not say what has become of them.
    """
    if not releases:
        return "There are no releases yet: `make airflow-deploy` or `make airflow-push-image` makes the first one."
    rows = (_row(one, one is running, can_return(one), words.get(one.number, "")) for one in releases)
    return "\n".join(columns([_HEAD, *rows]))


def _row(one: Release, runs: bool, can_return: bool, word: str) -> tuple[str, ...]:  # noqa: FBT001 - columns of a row
    image = one.digest.removeprefix("sha256:")[:_SHORT] or one.image
    return (
        "*" if runs else "",
        str(one.number),
        word or _state(one, runs=runs),
        image if can_return else f"{image} (gone)",
        one.tag.removeprefix("content-")[:_SHORT] or "-",
        one.settings[:_SHORT],
        one.airflow or "-",
        one.facts.heads.get("alembic_version", "-") if one.facts else "-",
        one.time,
        one.who.rpartition("/")[2] or one.who,
    )


def _state(one: Release, *, runs: bool) -> str:
    if one.state is State.LIVE:
        return f"{'live' if runs else 'was live'}{', not proven' if one.unproven else ''}"
    if one.state is State.ROLLING:
        return one.state
    moved = {Migrated.NO: "", Migrated.YES: ", migrated", Migrated.UNKNOWN: ", may have migrated"}[one.migrated]
    return f"failed{', but runs' if runs else ''}{moved}"
