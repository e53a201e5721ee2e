"""Which images are removed, and what is said of a policy that removes too much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.releasing import retention
from deployer.releasing.releases import Release, State
from deployer.releasing.targets import Image
from tests.deployer.scripted_cluster import CLUSTER
from tests.deployer.scripted_environment import Environment, policy


def digest(image: Image) -> str:
    return image.reference.partition("@")[2]


def released(environment: Environment, number: int, state: State = State.LIVE) -> tuple[Image, Release]:
    image = environment.image(f"n{number}")
    environment.repository.images[digest(image)].append(f"release-{number}")
    return image, environment.record(number, image, state)


def test_the_image_of_a_release_that_somebody_has_begun_since_stays() -> None:
    environment = Environment()
    environment.target = replace(environment.target, keep=1)
    _, ours = released(environment, 2)
    theirs, _ = released(environment, 3, State.ROLLING)
    tagged = environment.image("tagged")  # its record comes next
    environment.repository.images[digest(tagged)].append("release-4")
    retention.prune(environment.tools, environment.target, ours, CLUSTER)

    assert digest(theirs) in environment.repository.images
    assert digest(tagged) in environment.repository.images


def test_an_older_image_that_somebody_returns_to_at_this_moment_stays() -> None:
    environment = Environment()
    environment.target = replace(environment.target, keep=1)
    old, _ = released(environment, 2)
    _, ours = released(environment, 3)
    environment.record(4, old, State.ROLLING)
    environment.cluster.roll("something else")
    retention.prune(environment.tools, environment.target, ours, CLUSTER)

    assert digest(old) in environment.repository.images
    assert digest(environment.first) not in environment.repository.images


@pytest.mark.parametrize(("keep", "left"), [(60, 60), (100, 71)])
def test_more_images_than_are_listed_at_once_are_kept(keep: int, left: int) -> None:
    environment = Environment()
    environment.target = replace(environment.target, keep=keep)
    environment.cluster.roll("something else")
    every = [released(environment, number)[1] for number in range(2, 72)]
    retention.prune(environment.tools, environment.target, every[-1], CLUSTER)

    assert len(environment.repository.images) == left


def test_images_of_live_releases_behind_many_that_failed_stay() -> None:
    environment = Environment()
    environment.target = replace(environment.target, keep=3)
    old = [released(environment, number)[0] for number in range(2, 5)]
    for number in range(5, 65):
        environment.record(number, environment.first, State.FAILED)
    _, ours = released(environment, 65)
    retention.prune(environment.tools, environment.target, ours, CLUSTER)

    assert all(digest(image) in environment.repository.images for image in old)


WARNING = "warning: the repository's lifecycle policy may let images of releases expire, also those in service;"


@pytest.mark.parametrize(
    ("text", "warned"), [(policy("release-"), False), (policy("v"), True), (policy(), True), (None, False)]
)
def test_a_policy_of_before_there_were_releases_is_told(text: str | None, warned: bool) -> None:
    environment = Environment()
    environment.repository.policy = text
    environment.roll(environment.image("second"))

    said = [line for line in environment.said if line.startswith("warning: ")]
    assert said == [f"{WARNING} run `make airflow-deploy` first, which brings the policy that keeps them"] * warned
