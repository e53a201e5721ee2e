"""What is known of an operation that failed, kept after its stack has gone back and ECS has forgotten its tasks.

Each is an object `operations/<when it began>.json` in the foundation's bucket; the newest few are kept. They hold what
AWS and the last lines of logs have said, and no secret: what looks like one is blanked (`secrecy.without_secrets`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from deployer.aws import Aws
from deployer.cloudformation import undeleted
from deployer.cloudformation.events import Operation
from deployer.ecs.task_ends import StoppedTask
from deployer.errors import AWS_ERRORS
from deployer.secrecy import without_secrets

PREFIX = "operations/"
_KEPT = 20


@dataclass(frozen=True)
class Evidence:
    """An operation that failed, or could not delete all that it took away.

    `ended` is in UTC (ISO 8601), `cause` and `hint` are a line each. Without a `status` nobody has seen its end: then
    it is what was known by then. `tasks` are those that have ended, the first ones; `words` is what ECS said of
    services that failed, and each thing that could not be deleted.
    """

    stack: str
    ended: str
    status: str
    cause: str
    hint: str
    tasks: Sequence[StoppedTask] = ()
    words: Sequence[str] = ()


def of_undeleted(stack: str, operation: Operation) -> Evidence | None:
    """Tell what an operation that came through could not delete; None where it has left nothing."""
    if not (left := undeleted.found(stack, operation)):
        return None
    ended = operation.events[-1].time.isoformat()
    return Evidence(stack, ended, operation.status, left.line, left.hint, words=left.each)


def keep(aws: Aws, bucket: str, evidence: Evidence, name: str = "") -> None:
    """Write it down, in place of what has this name. That it cannot be written down does not hide what has happened.

    Names are times in UTC (ISO 8601), for the newest are kept; without one it is that of the end.
    """
    if not bucket:
        return
    try:
        key, body = f"{PREFIX}{name or evidence.ended}.json", _body(evidence)
        aws.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
        for key in _keys(aws, bucket)[_KEPT:]:
            aws.s3.delete_object(Bucket=bucket, Key=key)
    except AWS_ERRORS:
        return


def last(aws: Aws, bucket: str, stack: str) -> Evidence | None:
    """Read what was kept last of a root stack; None when there is nothing, or nothing that can be read."""
    try:
        for key in _keys(aws, bucket):
            found = _read(aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
            if found and found.stack == stack:
                return found
    except AWS_ERRORS:
        return None
    return None


def as_data(evidence: Evidence) -> dict[str, Any]:
    """Put it into plain data, as it is kept."""
    tasks = [asdict(each) | {"at": each.at.isoformat()} for each in evidence.tasks]
    return asdict(evidence) | {"tasks": tasks, "words": list(evidence.words)}


def _keys(aws: Aws, bucket: str) -> list[str]:
    """Keys of what is kept, newest first."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
    return sorted((each["Key"] for page in pages for each in page.get("Contents", [])), reverse=True)


def _body(evidence: Evidence) -> bytes:
    told = as_data(evidence) | {"cause": without_secrets(evidence.cause)}
    return json.dumps(told, indent=1, sort_keys=True).encode()


def _read(body: bytes) -> Evidence | None:
    try:
        told = json.loads(body)
        return Evidence(**told | {"tasks": tuple(map(_task, told["tasks"])), "words": tuple(told["words"])})
    except (ValueError, LookupError, TypeError, AttributeError):  # foreign, or of another version
        return None


def _task(told: dict[str, Any]) -> StoppedTask:
    return StoppedTask(**told | {"at": datetime.fromisoformat(told["at"]), "log": tuple(told["log"])})
