"""The image of a deploy: built, or named."""

from __future__ import annotations

import pytest

from deployer import image_sources
from deployer.errors import DeployError
from deployer.images.facts import store
from tests.deployer.pushing import GOOD, published, settings
from tests.deployer.scripted_environment import BUCKET, NEWER, OLDER, Environment


def test_a_deploy_asks_for_an_engine_before_anything_is_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINER_CLI", "no-such-program")
    environment = Environment(fresh=True)
    environment.cloud.stacks = {}
    with pytest.raises(DeployError, match="no-such-program cannot be started"):
        image_sources.image_of(settings(), "", environment.tools, lambda _, __: GOOD)


def test_a_deploy_needs_no_engine_for_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINER_CLI", "no-such-program")
    environment = Environment()
    reference = published(environment)
    image = image_sources.image_of(settings(), "", environment.tools, lambda _, __: GOOD)(environment.target)
    assert (image.reference, image.airflow, image.facts) == (reference, "3.3.2", NEWER)


def test_an_image_by_reference_is_deployed_as_it_is() -> None:
    environment = Environment()
    image = image_sources.image_of(settings(), "mine@sha256:1", environment.tools, None)(environment.target)
    assert (image.reference, image.airflow, image.facts) == ("mine@sha256:1", settings().airflow.version, None)
    assert environment.cloud.calls == []


def test_an_image_of_our_repository_by_tag_is_deployed_by_its_digest() -> None:
    environment = Environment()
    pushed = environment.image("pushed", OLDER)
    store(environment.aws, BUCKET, pushed.reference.partition("@")[2], OLDER)
    repository = environment.target.repository
    make = image_sources.image_of(settings(), f"{repository}:content-pushed", environment.tools, None)
    assert make(environment.target) == pushed
    assert image_sources.named(settings(), pushed.reference, environment.tools, environment.target).facts == OLDER
    with pytest.raises(DeployError, match=r"there is no image .*:nothing; push it, or name one that is there"):
        image_sources.named(settings(), f"{repository}:nothing", environment.tools, environment.target)
