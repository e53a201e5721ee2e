"""Releases: which image ran with which settings, since when, by whom; and how far the database has come by them.

Each is an object `releases/<number>.json` in the foundation's bucket, made by a conditional write, so that no number is
ever given twice (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html). What keeps two from
changing the services at once is the environment's lock (`deployer.locking.lock`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.errors import DeployError, error_code
from deployer.images.facts import ImageFacts, as_text, parse

_PREFIX = "releases/"
_READ = 50  # the newest of them; nobody goes back further
HOW_TO_LOOK = "stop the webserver's task: the next one logs where the database is, which the next command reads"
"""What makes a migration that nobody knows of known (`history.settled`)."""
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}


class State(StrEnum):
    """What has become of a release."""

    ROLLING = "rolling"
    LIVE = "live"
    FAILED = "failed"


class Migrated(StrEnum):
    """Whether a release has brought the database to another revision."""

    YES = "true"
    NO = "false"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Release:
    """An image with settings, as it was rolled out.

    `image` is its reference by digest, `tag` what its content is known by (empty: the image was given by reference),
    `settings` a hash of the templates, `facts` what the image says of itself (None: it was never asked), `time` in UTC
    (ISO 8601), `who` an ARN. `deployed`: the root stack has come to it, whatever became of it then. `unproven` says why
    nobody has seen it run (empty: it was seen). `ended` is when it was closed, in UTC.
    """

    number: int
    image: str
    tag: str
    settings: str
    airflow: str
    facts: ImageFacts | None
    time: str
    who: str
    state: State = State.ROLLING
    migrated: Migrated = Migrated.UNKNOWN
    deployed: bool = False
    unproven: str = ""
    ended: str = ""

    @property
    def digest(self) -> str:
        """The image's digest, `sha256:...`; empty when it was given by a tag."""
        return digest_of(self.image)

    @property
    def moves_database(self) -> bool:
        """Whether the database may be where this release's image wants it."""
        return self.state is State.LIVE or self.migrated is not Migrated.NO


def digest_of(reference: str) -> str:
    """The digest in a reference `repository@sha256:...`; empty when it names none."""
    return reference.partition("@")[2]


def read(aws: Aws, bucket: str, most: int = _READ) -> tuple[Release, ...]:
    """Read the newest releases, newest first. Raises DeployError naming a record that cannot be read."""
    return tuple(islice(newest(aws, bucket), max(most, _READ)))


def newest(aws: Aws, bucket: str) -> Iterator[Release]:
    """Read releases one after the other, newest first. Raises DeployError naming a record that cannot be read."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=_PREFIX)
    for key in sorted((each["Key"] for page in pages for each in page.get("Contents", [])), reverse=True):
        yield _read(aws, bucket, key)


def begin(aws: Aws, bucket: str, release: Release) -> None:
    """Write a new record. Raises DeployError when somebody else has just begun a release of this number.

    A request that is repeated, because its answer was lost, finds its own record there.
    """
    try:
        aws.s3.put_object(
            Bucket=bucket,
            Key=_key(release.number),
            Body=_body(release),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except ClientError as error:
        if error_code(error) not in _TAKEN:
            raise
        if error_code(error) == "PreconditionFailed" and _read(aws, bucket, _key(release.number)) == release:
            return
        raise DeployError(
            f"somebody else has begun release {release.number} at this moment",
            "wait until it is done, then run it again",
        ) from error


def write(aws: Aws, bucket: str, release: Release) -> None:
    """Write the record of a release that has begun once more, as it is by now."""
    aws.s3.put_object(Bucket=bucket, Key=_key(release.number), Body=_body(release), ContentType="application/json")


def live(releases: Sequence[Release]) -> Release | None:
    """The newest release that is live; those given are newest first."""
    return next((each for each in releases if each.state is State.LIVE), None)


def deployed(releases: Sequence[Release]) -> Release | None:
    """The release that came last to the root stack, whatever became of it then; those given are newest first."""
    return next((each for each in releases if each.deployed or each.state is State.LIVE), None)


def is_proven(release: Release | None, reference: str) -> bool:
    """Whether a release is of an image, and was seen to run."""
    return release is not None and release.image == reference and release.state is State.LIVE and not release.unproven


def of_image(releases: Sequence[Release], reference: str) -> Release | None:
    """The newest release with an image, rather one that was live; those given are newest first."""
    same = [each for each in releases if reference and each.image == reference]
    return live(same) or next(iter(same), None)


def last_to_migrate(releases: Sequence[Release]) -> Release | None:
    """The release whose image the database was last brought up for, or may have been; None when nothing is known."""
    return next((each for each in releases if each.moves_database), None)


def serves(last: Release, facts: ImageFacts | None, airflow: str) -> bool:
    """Whether an image can work with the database as a release has left it.

    Where one of the two images was never asked what it knows, the same Airflow is good enough and another one is not.
    """
    if facts is not None and last.facts is not None:
        return facts.serves(last.facts.heads)
    return airflow == last.airflow


def require_serves(releases: Sequence[Release], what: str, facts: ImageFacts | None, airflow: str, bucket: str) -> None:
    """Raise DeployError, with the ways on, when an image cannot work with the database as it is by now."""
    last = last_to_migrate(releases)
    if last is None or serves(last, facts, airflow):
        return
    which = f"release {last.number} (Airflow {last.airflow})"
    if facts is not None and last.facts is not None:
        told = (
            f"{which}: the database {_is(last)} at {revisions(last.facts.heads)}, which Airflow {airflow} does not know"
        )
    else:
        told = f"{which}: nobody knows whether Airflow {airflow} can work with a database of Airflow {last.airflow}"
    raise DeployError(
        f"{what}: the database {_has(last)} migrated past it with {told}",
        f"{HOW_TO_LOOK}; or "
        * (last.migrated is Migrated.UNKNOWN)
        + f"push an image with Airflow {last.airflow} or newer (make airflow-push-image); or restore the database from"
        f" a snapshot of before {last.time} (metadataDb.snapshotIdentifier), and remove the records of release"
        f" {last.number} and later from s3://{bucket}/{_PREFIX}",
    )


def revisions(heads: Mapping[str, str]) -> str:
    """Revisions by version table, as the image logs them: `alembic_version=a1b2`."""
    return ",".join(f"{table}={revision}" for table, revision in sorted(heads.items()))


def as_data(release: Release) -> dict[str, Any]:
    """A release as plain data, as it is kept."""
    return asdict(replace(release, facts=None)) | {"facts": release.facts and json.loads(as_text(release.facts))}


def _is(last: Release) -> str:
    return "may be" if last.migrated is Migrated.UNKNOWN else "is"


def _has(last: Release) -> str:
    return "may have" if last.migrated is Migrated.UNKNOWN else "has"


def _key(number: int) -> str:
    return f"{_PREFIX}{number:06}.json"


def _body(release: Release) -> bytes:
    return json.dumps(as_data(release), sort_keys=True).encode()


def _read(aws: Aws, bucket: str, key: str) -> Release:
    body = aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        told = json.loads(body)
        told.pop("at_work", None)  # in records of before there was a lock
        facts = told.pop("facts")
        read_facts = parse(json.dumps(facts)) if facts else None
        state, migrated = State(told.pop("state")), Migrated(told.pop("migrated"))
        return Release(**told, facts=read_facts, state=state, migrated=migrated)
    except (ValueError, LookupError, TypeError, AttributeError, DeployError) as error:
        raise DeployError(f"s3://{bucket}/{key} is no record of a release", "move it away, if you know why") from error
