"""What the last deploy of an environment was made from, written down in the foundation's bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    empty. A deploy that changes neither templates nor settings is not written down.
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


def read(aws: Aws, bucket: str) -> LastDeploy | None:
    """Read what was deployed last; None when nothing is written down, or nothing that can be understood."""
    try:
        body = aws.s3.get_object(Bucket=bucket, Key=KEY)["Body"].read()
    except ClientError as error:
        if error_code(error) in _NOTHING:
            return None
        raise
    try:
        told = json.loads(body)
        last = LastDeploy(**{each.name: told[each.name] for each in fields(LastDeploy)})
    except (ValueError, LookupError, TypeError):
        return None
    texts = (last.templates, last.time, last.who, last.commit)
    return last if isinstance(last.settings, dict) and all(isinstance(each, str) for each in texts) else None


def write(aws: Aws, bucket: str, last: LastDeploy) -> None:
    """Write down what was deployed."""
    body = json.dumps(asdict(last), sort_keys=True).encode()
    aws.s3.put_object(Bucket=bucket, Key=KEY, Body=body, ContentType="application/json")
