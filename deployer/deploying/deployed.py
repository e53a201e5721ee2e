"""What the last deploy of an environment was made from, and where one began that has not come through.

Both are written down in one object of the foundation's bucket.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.errors import error_code

KEY = "deployed.json"
"""The object that holds it."""

# Who may not list a bucket is told of a missing object that it is forbidden:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (permissions)
_NOTHING = {"404", "NoSuchKey", "NoSuchBucket", "NotFound", "403", "AccessDenied"}


@dataclass(frozen=True)
class LastDeploy:
    """`templates` is the hash of the packaged root, `settings` the effective settings (they hold no secret).

    `time` is in UTC (ISO 8601), `who` an ARN, `commit` git's (with `-dirty` when files had been changed since), or
    empty. A deploy that changes nothing is not written down.
    """

    templates: str
    settings: Mapping[str, Any]
    time: str
    who: str
    commit: str = ""

    @property
    def short_commit(self) -> str:
        """The commit as people name it, for example `585ae97a-dirty`."""
        sha, _, dirty = self.commit.partition("-")
        return f"{sha[:8]}-{dirty}" if dirty else sha[:8]

    def repeats(self, other: LastDeploy | None) -> bool:
        """Whether `other` was of the same templates and settings."""
        return other is not None and (self.templates, self.settings) == (other.templates, other.settings)


@dataclass(frozen=True)
class Written:
    """All that is written down. `last` came through; None before the first one did.

    `before`: ARNs of the services that stood when the first of those deploys began that have not come through since;
    None where all have. Services that are not among them have yet to be given their first count.
    """

    last: LastDeploy | None = None
    before: frozenset[str] | None = None

    @property
    def is_blank(self) -> bool:
        """Whether no deploy has ever begun."""
        return self.last is None and self.before is None


def read(aws: Aws, bucket: str) -> LastDeploy | None:
    """Read what was deployed last; None when nothing is written down, or nothing that can be understood."""
    return look_up(aws, bucket).last


def look_up(aws: Aws, bucket: str) -> Written:
    """Read all that is written down; what cannot be understood is as if it were not."""
    try:
        body = aws.s3.get_object(Bucket=bucket, Key=KEY)["Body"].read()
    except ClientError as error:
        if error_code(error) in _NOTHING:
            return Written()
        raise
    try:
        told = json.loads(body)
        before = told.get("before")
        return Written(_understood(told), None if before is None else frozenset(map(str, before)))
    except (ValueError, AttributeError, TypeError):
        return Written()


def begin(aws: Aws, bucket: str, last: LastDeploy | None, before: Collection[str]) -> None:
    """Write down, beside the `last` deploy, that one begins where the services of `before` stand."""
    _put(aws, bucket, {**(asdict(last) if last else {}), "before": sorted(before)})


def write(aws: Aws, bucket: str, last: LastDeploy) -> None:
    """Write down what was deployed, now that it has come through."""
    _put(aws, bucket, asdict(last))


def _put(aws: Aws, bucket: str, told: Mapping[str, Any]) -> None:
    body = json.dumps(told, sort_keys=True).encode()
    aws.s3.put_object(Bucket=bucket, Key=KEY, Body=body, ContentType="application/json")


def _understood(told: Mapping[str, Any]) -> LastDeploy | None:
    try:
        last = LastDeploy(**{each.name: told[each.name] for each in fields(LastDeploy)})
    except KeyError:
        return None
    texts = (last.templates, last.time, last.who, last.commit)
    return last if isinstance(last.settings, dict) and all(isinstance(each, str) for each in texts) else None
