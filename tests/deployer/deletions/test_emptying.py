from __future__ import annotations

from typing import Any

import pytest

from deployer.cloudformation.inventory import Resource
from deployer.cloudformation.template_text import Fate
from deployer.deletions import emptying
from deployer.errors import DeployError
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_storage import ScriptedEcr, ScriptedS3

BUCKET = Resource("app", "Logs", "bucket", "AWS::S3::Bucket", Fate.GOES)
REPOSITORY = Resource("app", "Images", "images", "AWS::ECR::Repository", Fate.GOES)


def test_all_versions_go_page_by_page() -> None:
    s3 = ScriptedS3("bucket", page=2)
    s3.fill("bucket", "a", "a", "b", "c", "a")

    emptying.empty(scripted({"s3": s3}), BUCKET)

    assert s3.buckets["bucket"] == []


def test_what_cannot_be_deleted_is_named() -> None:
    s3 = ScriptedS3("bucket")
    s3.fill("bucket", "a", "b")
    s3.locked.add("b")

    with pytest.raises(
        DeployError, match="bucket bucket: 1 objects could not be deleted, the first is b: AccessDenied"
    ):
        emptying.empty(scripted({"s3": s3}), BUCKET)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([], None),
        (["a"], "1 object version"),
        (["a", "b"], "2 object versions"),
        (["a"] * 3, "more than 2 object versions"),
    ],
)
def test_what_is_in_a_bucket_is_counted_as_far_as_it_is_cheap(keys: list[str], expected: str | None) -> None:
    s3 = ScriptedS3("bucket", page=2)
    s3.fill("bucket", *keys)

    found = emptying.content(scripted({"s3": s3}), BUCKET)

    assert (str(found) if found else None) == expected


def test_images_go_after_the_lists_that_refer_to_them() -> None:
    ecr = ScriptedEcr(images=["sha256:arm", "sha256:list", "sha256:intel"])
    ecr.lists = {"sha256:arm": "sha256:list", "sha256:intel": "sha256:list"}

    emptying.empty(scripted({"ecr": ecr}), REPOSITORY)

    assert ecr.repositories == {"images": []}


def test_an_image_with_two_tags_counts_once() -> None:
    ecr = ScriptedEcr(images=["sha256:one"])

    assert str(emptying.content(scripted({"ecr": ecr}), REPOSITORY)) == "1 image"


def test_images_that_do_not_go_are_told_and_not_tried_for_ever() -> None:
    ecr = ScriptedEcr(images=["sha256:held"])
    ecr.lists = {"sha256:held": "sha256:held"}

    with pytest.raises(DeployError, match="repository images: 1 images could not be deleted"):
        emptying.empty(scripted({"ecr": ecr}), REPOSITORY)


def test_what_is_gone_already_is_empty() -> None:
    aws = scripted({"s3": ScriptedS3(), "ecr": ScriptedEcr()})

    for resource in (BUCKET, REPOSITORY):
        assert emptying.content(aws, resource) is None
        emptying.empty(aws, resource)


def test_a_repository_that_goes_while_it_is_emptied_is_empty() -> None:
    ecr = ScriptedEcr(images=["sha256:one"])
    delete = ecr.batch_delete_image

    def late(**asked: Any) -> Any:
        ecr.repositories.clear()
        return delete(**asked)

    ecr.batch_delete_image = late  # type: ignore[method-assign, assignment]
    emptying.empty(scripted({"ecr": ecr}), REPOSITORY)
    assert ecr.calls.count("ListImages") == 2


def test_other_resources_hold_nothing() -> None:
    assert emptying.content(scripted({}), Resource("app", "Q", "q", "AWS::SQS::Queue", Fate.GOES)) is None


def test_what_the_deployer_keeps_itself_is_no_data() -> None:
    s3 = ScriptedS3("bucket", page=2)
    s3.fill(
        "bucket",
        "templates/a.yml",
        "releases/1.json",
        "images/1.json",
        "operations/1.json",
        "deployed.json",
        "lock.json",
    )
    aws = scripted({"s3": s3})

    assert [emptying.content(aws, BUCKET, records).records for records in ("bucket", "another")] == [True, False]  # type: ignore[union-attr]
    s3.fill("bucket", "zeroes.csv")
    found = emptying.content(aws, BUCKET, "bucket")
    assert found is not None
    assert (found.count, found.records) == (7, False)
