"""The image of a deploy: built, or named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.errors import DeployError, WrongUse
from deployer.images.facts import store
from deployer.verbs import image_sources
from tests.deployer.pushing import GOOD, published, settings
from tests.deployer.scripted_environment import BUCKET, NEWER, OLDER, Environment

DIGEST = "sha256:" + "0123456789abcdef" * 4


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


@pytest.mark.parametrize("reference", [f"mine@{DIGEST}", f"host:5000/mine:3@{DIGEST}", "host:5000/mine:3.3.2-mine"])
def test_an_image_by_reference_is_deployed_as_it_is(reference: str) -> None:
    environment = Environment()
    image = image_sources.image_of(settings(), reference, environment.tools, None)(environment.target)
    assert (image.reference, image.airflow, image.facts) == (reference, settings().airflow.version, None)
    assert environment.cloud.calls == []


@pytest.mark.parametrize("reference", ["foo", "mine@sha256:1", "host:5000/foo", "mine@", "a b@sha256:" + "0" * 64])
def test_what_names_no_image_is_refused_before_anything_is_deployed(reference: str) -> None:
    environment = Environment()
    with pytest.raises(WrongUse, match="names no image"):
        image_sources.image_of(settings(), reference, environment.tools, None)
    assert environment.cloud.calls == []


def test_the_steps_before_the_changes_are_shown_do_not_count_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINER_CLI", "no-such-program")
    environment, heard = Environment(), list[str]()
    published(environment)
    tools = replace(environment.tools, step=heard.append, done=lambda: heard.append("done"))
    image_sources.require_good_dags(settings(), tools, lambda _, __: GOOD)
    image_sources.image_of(settings(), "", tools, lambda _, __: GOOD)(environment.target)
    assert heard == ["checking the DAGs", "done", "building and pushing the image", "done"]


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
