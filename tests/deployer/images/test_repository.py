from __future__ import annotations

import pytest

from deployer.aws import Aws
from deployer.errors import DeployError
from deployer.images import repository
from tests.deployer.images.scripted import REGISTRY, TOKEN, URI, ScriptedRepository
from tests.deployer.scripted_clients import scripted


@pytest.fixture
def ecr() -> ScriptedRepository:
    return ScriptedRepository()


@pytest.fixture
def aws(ecr: ScriptedRepository) -> Aws:
    return scripted({"ecr": ecr})


@pytest.mark.parametrize("suffix", ["", ".cn"])
def test_registry_and_name_are_read_from_the_uri_in_every_partition(suffix: str) -> None:
    uri = f"123456789012.dkr.ecr.cn-north-1.amazonaws.com{suffix}/team/airflow"

    assert repository.registry(uri) == f"123456789012.dkr.ecr.cn-north-1.amazonaws.com{suffix}"
    assert repository.name(uri) == "team/airflow"


def test_the_token_is_user_and_password_and_is_not_shown(aws: Aws) -> None:
    given = repository.credentials(aws, URI)

    assert (given.registry, given.user, given.password) == (REGISTRY, "AWS", TOKEN)
    assert TOKEN not in repr(given)


def test_a_tag_names_a_digest_or_nothing(aws: Aws, ecr: ScriptedRepository) -> None:
    digest = ecr.push(f"{URI}:one")

    assert repository.digest_of(aws, URI, "one") == digest
    assert repository.digest_of(aws, URI, "two") is None


def test_images_come_newest_first_with_every_tag(aws: Aws, ecr: ScriptedRepository) -> None:
    older, newer = ecr.push(f"{URI}:one"), ecr.push(f"{URI}:two")
    repository.add_tag(aws, URI, older, "release-000001")

    assert [(image.digest, image.tags) for image in repository.images(aws, URI)] == [
        (newer, ("two",)),
        (older, ("one", "release-000001")),
    ]


def test_a_tag_may_be_added_twice(aws: Aws, ecr: ScriptedRepository) -> None:
    digest = ecr.push(f"{URI}:one")

    for _ in range(2):
        repository.add_tag(aws, URI, digest, "release-000001")

    assert ecr.images[digest] == ["one", "release-000001"]


def test_a_tag_of_another_image_is_not_taken_from_it(aws: Aws, ecr: ScriptedRepository) -> None:
    first, second = ecr.push(f"{URI}:one"), ecr.push(f"{URI}:two")

    with pytest.raises(DeployError, match=f":one names another image already, {first}"):
        repository.add_tag(aws, URI, second, "one")


def test_an_image_that_is_gone_gets_no_tag(aws: Aws) -> None:
    with pytest.raises(DeployError, match="@sha256:0 is no longer in the repository; push the image again"):
        repository.add_tag(aws, URI, "sha256:0", "release-000001")


def test_images_are_deleted_by_the_hundred_and_may_be_gone_already(aws: Aws, ecr: ScriptedRepository) -> None:
    digests = [ecr.push(f"{URI}:{number}") for number in range(150)]

    repository.delete(aws, URI, [*digests[:120], "sha256:0"])

    assert list(ecr.images) == digests[120:]
    assert ecr.calls.count("BatchDeleteImage") == 2


def test_an_image_that_stays_is_named(aws: Aws, ecr: ScriptedRepository) -> None:
    digest = ecr.push(f"{URI}:one")
    ecr.held.add(digest)

    with pytest.raises(DeployError, match=f"1 images could not be deleted, the first is {digest}: so it is"):
        repository.delete(aws, URI, [digest])


def test_every_question_says_that_the_repository_is_missing(aws: Aws) -> None:
    uri = f"{REGISTRY}/other"

    for ask in (
        lambda: repository.digest_of(aws, uri, "one"),
        lambda: repository.images(aws, uri),
        lambda: repository.add_tag(aws, uri, "sha256:0", "one"),
        lambda: repository.delete(aws, uri, ["sha256:0"]),
    ):
        with pytest.raises(DeployError, match=f"there is no image repository {uri}; `make airflow-deploy` makes it"):
            ask()
