"""Who has lost the environment's lock, as a laptop that slept, begins nothing more."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployer.consent import Question
from deployer.deploying import deployed
from deployer.deploying.deployed import LastDeploy
from deployer.errors import DeployError
from deployer.releasing import releases
from deployer.releasing.releases import State
from deployer.releasing.targets import Image, Target
from tests.deployer.deploying.test_deployment import deploy_by_hand, redeployed
from tests.deployer.deploying.test_ways_out import stuck
from tests.deployer.pushing import published, push, return_to
from tests.deployer.scenes import ROOT, Scene, rendered
from tests.deployer.scripted_cloudformation import Graph, Resource
from tests.deployer.scripted_cluster import CLUSTER, Played
from tests.deployer.scripted_environment import BUCKET, Environment
from tests.deployer.test_two_at_once import once


def taken(environment: Environment) -> None:
    """Let somebody else have the lock."""
    body = json.loads(environment.bucket.bodies(BUCKET)["lock.json"])
    other = json.dumps(body | {"id": "other", "who": "ben"}).encode()
    environment.bucket.put_object(Bucket=BUCKET, Key="lock.json", Body=other)


def pushing(environment: Environment) -> None:
    published(environment)
    push(environment)


def going_back(environment: Environment) -> None:
    return_to(environment, 1)


@pytest.mark.parametrize("work", [pushing, going_back])
def test_no_release_is_begun(work: Callable[[Environment], None]) -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played())
    if work is going_back:
        environment.roll(environment.image("second"))
    create, before = environment.cloud.create_change_set, environment.releases()

    def slow(**asked: Any) -> Any:
        taken(environment)
        return create(**asked)

    environment.cloud.create_change_set = slow  # type: ignore[method-assign]
    environment.cloud.calls.clear()
    with pytest.raises(DeployError, match=r"the lock of this .* was taken by .* by ben"):
        work(environment)
    assert "ExecuteChangeSet" not in environment.cloud.calls
    assert environment.releases() == before


def test_the_release_that_somebody_else_is_proving_is_not_told_to_be_interrupted(tmp_path: Path) -> None:
    environment, folder = Environment(), rendered(tmp_path)
    environment.roll(environment.image("theirs"))
    desired = redeployed(environment, folder)
    make = desired.image
    assert make

    def slow(target: Target) -> Image:
        taken(environment)
        releases.write(environment.aws, BUCKET, replace(environment.releases()[0], state=State.ROLLING, ended=""))
        return make(target)

    with pytest.raises(DeployError, match=r"the lock of this deploy was taken by .* by ben"):
        deploy_by_hand(environment, replace(desired, image=slow))
    assert environment.releases()[0].state is State.ROLLING
    assert not [line for line in environment.said if "interrupted" in line]


@pytest.mark.parametrize("work", [pushing, going_back])
def test_what_does_not_run_is_not_gone_back_from(work: Callable[[Environment], None]) -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played(desired=0))
    if work is going_back:
        environment.roll(environment.image("second"))
    before = environment.deployed
    environment.cluster.services["worker"].wakes = "ends"
    once(environment, lambda: taken(environment))
    environment.cloud.calls.clear()

    with pytest.raises(DeployError, match=r"and going back to .* failed: the lock of this .* was taken by .* by ben"):
        work(environment)

    assert environment.cloud.calls.count("ExecuteChangeSet") == 1
    assert environment.deployed != before
    assert environment.releases()[0].state is State.FAILED
    assert environment.cloud.change_sets.keys() == {c for c in environment.cloud.change_sets if "nested-" in c}


def lost(scene: Scene, *, after: int) -> None:
    """Let the lock be lost after so many times that somebody was asked."""

    def require() -> None:
        if len(scene.questions) >= after:
            raise DeployError("the lock was lost")

    scene.tools = replace(scene.tools, require=require)


def test_no_stack_is_removed() -> None:
    scene = Scene()
    scene.cloud.put("app", "ROLLBACK_COMPLETE", Graph((Resource("Queue"),)))
    lost(scene, after=1)

    with pytest.raises(DeployError, match="the lock was lost"):
        scene.settle()
    assert "DeleteStack" not in scene.cloud.calls


def test_no_rollback_goes_on() -> None:
    scene = stuck()
    lost(scene, after=1)

    with pytest.raises(DeployError, match="the lock was lost"):
        scene.settle()
    assert "ContinueUpdateRollback" not in scene.cloud.calls


def test_a_deploy_that_lost_it_while_somebody_was_asked_removes_no_stack(tmp_path: Path) -> None:
    scene = Scene()
    folder = rendered(tmp_path)
    with pytest.raises(DeployError, match="ROLLBACK_COMPLETE"):
        scene.deploy(folder, replace(ROOT, resources=(Resource("Queue", fails="too big"),)))
    ask = scene.ask

    def slow(question: Question) -> bool:
        scene.s3.delete_object(Bucket="bucket", Key="lock.json")
        return ask(question)

    scene.ask = slow  # type: ignore[method-assign]
    with pytest.raises(DeployError, match="the lock of this deploy was broken by somebody"):
        scene.deploy(folder, ROOT)
    assert scene.cloud.status("airflow-dev") == "ROLLBACK_COMPLETE"


def asleep_during_the_update(scene: Scene) -> None:
    """Let a laptop sleep while CloudFormation is at work: somebody else takes the lock, and deploys."""
    sleep, done = scene.time.sleep, list[int]()

    def sleeping(seconds: float) -> None:
        sleep(seconds)
        if not done and scene.cloud.status("airflow-dev") == "UPDATE_IN_PROGRESS":
            done.append(1)
            body = json.loads(scene.s3.bodies("bucket")["lock.json"])
            other = json.dumps(body | {"id": "other", "who": "ben"}).encode()
            scene.s3.put_object(Bucket="bucket", Key="lock.json", Body=other)
            deployed.write(scene.aws, "bucket", THEIRS)
            scene.cluster.services["new"] = Played(desired=1, first="3")

    scene.tools = replace(scene.tools, clock=replace(scene.tools.clock, sleep=sleeping))


THEIRS = LastDeploy("of-ben", {}, "2026-01-01T00:00:00Z", "arn:ben", "commit-of-ben")


def test_what_somebody_else_has_deployed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    scene, folder = Scene(), rendered(tmp_path)
    scene.deploy(folder, ROOT)
    asleep_during_the_update(scene)

    with pytest.raises(DeployError, match=r"the lock of this deploy was taken by .* by ben"):
        scene.deploy(folder, replace(ROOT, resources=(*ROOT.resources, Resource("Queue"))))
    assert scene.cloud.status("airflow-dev") == "UPDATE_COMPLETE"
    assert deployed.read(scene.aws, "bucket") == THEIRS


def test_no_service_is_counted(tmp_path: Path) -> None:
    scene, folder = Scene(), rendered(tmp_path)
    first = replace(ROOT, outputs={"ClusterName": CLUSTER})
    scene.deploy(folder, first)
    asleep_during_the_update(scene)

    with pytest.raises(DeployError, match=r"the lock of this deploy was taken by .* by ben"):
        scene.deploy(folder, replace(first, resources=(*first.resources, Resource("Queue"))))
    assert scene.cluster.services["new"].desired == 1


@pytest.mark.parametrize("when", ["while the stack changes", "while it is proven"])
def test_no_release_is_concluded(when: str) -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played(desired=0, scales=(0, 0), wakes="HEALTHY"))
    if when == "while the stack changes":
        environment.during = lambda: taken(environment)
    else:
        once(environment, lambda: taken(environment))

    with pytest.raises(DeployError, match=r"the lock of this push was taken by .* by ben"):
        pushing(environment)

    assert environment.deployed != environment.first.reference
    assert [each.state for each in environment.releases()] == [State.ROLLING, State.LIVE]
    assert bool(environment.cluster.started) is (when == "while it is proven")
