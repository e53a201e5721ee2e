"""What is said of a release that has failed: what runs by now, what became of the database, and how to go on."""

from __future__ import annotations

from collections.abc import Sequence

from deployer.releasing import releases
from deployer.releasing.releases import HOW_TO_LOOK, Migrated, Release

PUSH = "push again (make airflow-push-image)"
DEPLOY = "deploy again (make airflow-deploy)"
GOES_ON = "AWS goes on with it by itself; `make airflow-rollback` lists what has become of it"


def what_runs(history: Sequence[Release], image: str) -> str:
    """Name what the services run, by its release where one is known; `image` is what the root has."""
    last = releases.of_image(history, image)
    return f"the services run release {last.number}" if last else "the services run what they ran"


def was(release: Release) -> str:
    """Whether the database was migrated, as far as one knows."""
    return "has been" if release.migrated is Migrated.YES else "may have been"


def behind(release: Release, last: Release | None, again: str) -> str:
    """The paragraph for old code on a newer database: what is so, what not to count on, and the way on.

    `again` is how to try once more: PUSH or DEPLOY.
    """
    old = f"release {last.number}" if last else "the release before"
    at = f" (to {releases.revisions(release.facts.heads)})" if release.facts else ""
    look = f" To know whether it has: {HOW_TO_LOOK}." if release.migrated is Migrated.UNKNOWN else ""
    return (
        f"BUT the database {was(release)} migrated for it{at}, while AWS has put the code of {old} back: what runs"
        f" of that goes on, and none of it can be started again on the newer database.{look} The way on is forward:"
        f" mend the cause and {again}, with Airflow {release.airflow} or newer. One cannot return to {old}"
        " or to those before it, unless the database is restored from a snapshot of before"
        f" {release.time} (metadataDb.snapshotIdentifier)"
    )
