"""A bucket that was removed by hand comes back where its region says."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.deploying import lost_bucket
from deployer.errors import Declined
from deployer.tools import Tools
from tests.deployer.scripted_clients import scripted


class Buckets:
    def __init__(self) -> None:
        self.calls: list[str] = []
        self.made: list[dict[str, Any]] = []

    def create_bucket(self, **asked: Any) -> None:
        self.made.append(asked)


@pytest.mark.parametrize(
    ("region", "where"),
    [
        ("eu-west-1", {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}),
        ("us-east-1", {}),
    ],
)
def test_the_first_region_is_not_named(region: str, where: dict[str, Any]) -> None:
    s3, said = Buckets(), list[str]()
    lost_bucket.restore(Tools(scripted({"s3": s3}, region), said.append), "mine", lambda _: True)
    assert s3.made == [{"Bucket": "mine"} | where]
    assert said == ["the bucket mine was created again, and is empty"]


def test_without_consent_it_stays_away() -> None:
    s3 = Buckets()
    with pytest.raises(Declined, match="the bucket mine was not created again"):
        lost_bucket.restore(Tools(scripted({"s3": s3})), "mine", lambda _: False)
    assert s3.made == []
