from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from deployer.aws import Aws
from deployer.ecs.task_ends import StoppedTask
from deployer.operations import evidence
from deployer.operations.evidence import Evidence
from tests.deployer.scripted_clients import RefusedError, scripted
from tests.deployer.scripted_storage import ScriptedS3

TASK = StoppedTask("worker", "1", datetime(2026, 1, 1, tzinfo=UTC), "exited", 78, "", ("first", "last"))


def told(ended: str, stack: str = "app", cause: str = "why") -> Evidence:
    return Evidence(stack, ended, "ROLLBACK_COMPLETE", cause, "what to do", (TASK,), ("Worker: breaker",))


class Scene:
    def __init__(self) -> None:
        self.bucket = ScriptedS3("bucket")
        self.aws: Aws = scripted({"s3": self.bucket})

    def keep(self, *kept: Evidence) -> None:
        for each in kept:
            evidence.keep(self.aws, "bucket", each)


def test_what_was_kept_last_of_a_stack_comes_back_whole() -> None:
    scene = Scene()
    scene.keep(told("2026-01-01T00:00:00Z"), told("2026-01-03T00:00:00Z"), told("2026-01-04T00:00:00Z", "other"))

    assert evidence.last(scene.aws, "bucket", "app") == told("2026-01-03T00:00:00Z")
    assert evidence.last(scene.aws, "bucket", "nothing") is None


def test_the_newest_twenty_are_kept_and_nothing_else_is_touched() -> None:
    scene = Scene()
    scene.bucket.fill("bucket", "templates/x", "operations.txt")
    scene.keep(*(told(f"2026-01-01T00:00:{second:02}Z") for second in range(25)))

    kept = sorted(scene.bucket.bodies("bucket"))
    assert [key for key in kept if key.startswith("operations/")] == [
        f"operations/2026-01-01T00:00:{second:02}Z.json" for second in range(5, 25)
    ]
    assert {"templates/x", "operations.txt"} <= set(kept)


def test_what_is_known_by_the_end_takes_the_place_of_what_was_known_before() -> None:
    scene = Scene()
    for cause in ("a task has ended", "all of it"):
        evidence.keep(scene.aws, "bucket", told("2026-01-01T00:05:00Z", cause=cause), "2026-01-01T00:00:00Z")

    assert list(scene.bucket.bodies("bucket")) == ["operations/2026-01-01T00:00:00Z.json"]
    found = evidence.last(scene.aws, "bucket", "app")
    assert found is not None
    assert found.cause == "all of it"


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket"])
def test_what_cannot_be_kept_or_read_hides_nothing(code: str) -> None:
    scene = Scene()

    def refuse(**_: object) -> None:
        raise RefusedError(code, "no")

    scene.bucket.put_object = refuse  # type: ignore[method-assign, assignment]
    scene.bucket.list_objects_v2 = refuse  # type: ignore[method-assign, assignment]
    scene.keep(told("2026-01-01T00:00:00Z"))
    assert evidence.last(scene.aws, "bucket", "app") is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"tasks": [{}]}', b'{"tasks": [], "words": [], "more": 1}'])
def test_what_somebody_else_has_put_there_is_passed_over(body: bytes) -> None:
    scene = Scene()
    scene.keep(told("2026-01-01T00:00:00Z"))
    scene.bucket.put_object(Bucket="bucket", Key="operations/2027.json", Body=body)

    assert evidence.last(scene.aws, "bucket", "app") == told("2026-01-01T00:00:00Z")


def test_no_secret_is_kept() -> None:
    scene = Scene()
    scene.keep(told("2026-01-01T00:00:00Z", cause="cannot reach postgresql://airflow:hunter2@db:5432/airflow"))

    (body,) = scene.bucket.bodies("bucket").values()
    assert b"hunter2" not in body
    assert json.loads(body)["cause"] == "cannot reach postgresql://***@db:5432/airflow"
