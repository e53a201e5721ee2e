"""What was deployed last, as it is kept; and that nothing else is taken for it."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from deployer.aws import Aws
from deployer.deploying import deployed
from deployer.deploying.deployed import LastDeploy, Written
from deployer.errors import DeployError, explained
from tests.deployer.scripted_clients import RefusedError, scripted

LAST = LastDeploy("hash", {"serviceName": "air"}, "2026-01-01T00:00:00Z", "arn:aws:iam::123456789012:user/ada", "abc")


class Store:
    """An S3 that holds one object, or refuses."""

    def __init__(self, body: bytes | None = None, refusal: str = "NoSuchKey") -> None:
        self.calls: list[str] = []
        self.body, self.refusal = body, refusal

    def put_object(self, **asked: Any) -> None:
        assert (asked["Bucket"], asked["Key"]) == ("b", "deployed.json")
        self.body = asked["Body"]

    def get_object(self, **asked: Any) -> dict[str, Any]:
        assert (asked["Bucket"], asked["Key"]) == ("b", "deployed.json")
        if self.body is None:
            raise RefusedError(self.refusal, "no", 404)
        return {"Body": BytesIO(self.body)}


def reach(store: Store) -> Aws:
    return scripted({"s3": store})


def test_what_was_written_is_read_again() -> None:
    aws = reach(Store())
    assert deployed.read(aws, "b") is None
    for last in (LAST, replace(LAST, commit="")):
        deployed.write(aws, "b", last)
        assert deployed.read(aws, "b") == last


def test_a_deploy_that_begins_is_told_from_one_that_came_through() -> None:
    aws = reach(Store())
    assert deployed.look_up(aws, "b").is_blank

    deployed.begin(aws, "b", None, [])
    assert deployed.look_up(aws, "b") == Written(None, frozenset())
    assert not deployed.look_up(aws, "b").is_blank
    deployed.write(aws, "b", LAST)
    assert deployed.look_up(aws, "b") == Written(LAST)

    deployed.begin(aws, "b", LAST, ["one", "two"])
    assert deployed.look_up(aws, "b") == Written(LAST, frozenset({"one", "two"}))
    assert deployed.read(aws, "b") == LAST


@pytest.mark.parametrize("refusal", ["NoSuchKey", "NoSuchBucket", "AccessDenied"])
def test_what_is_not_there_or_not_to_be_read_is_nothing(refusal: str) -> None:
    assert deployed.read(reach(Store(refusal=refusal)), "b") is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'"text"',
        b'{"templates": 1, "settings": {}, "time": "", "who": "", "commit": ""}',
        b'{"templates": "", "settings": [], "time": "", "who": "", "commit": ""}',
        b'{"before": 1}',
    ],
)
def test_what_somebody_else_has_put_there_is_nothing(body: bytes) -> None:
    assert deployed.look_up(reach(Store(body)), "b").is_blank


def test_other_refusals_are_told() -> None:
    with pytest.raises(DeployError, match="AWS is throttling GetObject"), explained():
        deployed.read(reach(Store(refusal="SlowDown")), "b")
