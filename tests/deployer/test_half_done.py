"""A deploy after one that ended midway, or beside what others do to the foundation and the root at the same time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployer.cloudformation import change_sets
from deployer.cloudformation.change_sets import ChangeSet, StackRequest, Template
from deployer.cloudformation.stack_updates import Outcome
from deployer.cloudformation.stacks import Stack
from deployer.deploying.fernet import Brought
from deployer.errors import Declined, DeployError
from tests.deployer.scenes import FOUNDATION, ROOT, Scene, rendered
from tests.deployer.scripted_cloudformation import Graph, Resource
from tests.deployer.scripted_cluster import CLUSTER, Played

NAME = "airflow-dev-foundation"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return rendered(tmp_path)


def bereft(scene: Scene, folder: Path, *, root: bool) -> None:
    """Deploy, then remove the bucket by hand; and the root where it shall not be there."""
    scene.deploy(folder, ROOT)
    if not root:
        scene.cloud.delete_stack("airflow-dev")
        scene.time.sleep(60)
    scene.s3.buckets.clear()


def removed(scene: Scene, *, blocked: str) -> None:
    """Begin to remove the foundation."""
    scene.cloud.blocked = lambda _: blocked
    scene.cloud.delete_stack(NAME)
    scene.time.sleep(1)


def with_its_bucket(scene: Scene) -> None:
    """Let CloudFormation make the bucket, as whoever executes a change set that creates the foundation sees."""
    execute = scene.cloud.execute_change_set

    def executing(**asked: Any) -> None:
        creates = scene.cloud.change_sets[asked["ChangeSetName"]].creates
        execute(**asked)
        if creates:
            scene.s3.buckets.setdefault("bucket", [])

    scene.cloud.execute_change_set = executing  # type: ignore[method-assign, assignment]


def test_beside_a_foundation_that_is_being_removed_no_bucket_is_made(folder: Path) -> None:
    scene = Scene()
    bereft(scene, folder, root=False)
    removed(scene, blocked="")
    with_its_bucket(scene)

    again = scene.deploy(folder, ROOT)

    assert scene.questions == []
    assert (again.foundation.outcome, again.root.outcome) == (Outcome.CREATED, Outcome.CREATED)


def test_beside_a_foundation_whose_removal_stopped_midway_no_bucket_is_made(folder: Path) -> None:
    scene = Scene()
    bereft(scene, folder, root=False)
    removed(scene, blocked="it is in use")
    scene.time.sleep(60)

    with pytest.raises(
        DeployError, match=f"{NAME} was not removed, it is in DELETE_FAILED: .*; `make airflow-destroy`"
    ):
        scene.deploy(folder, ROOT)
    assert scene.questions == []
    assert scene.s3.buckets == {}


def test_a_root_that_cannot_be_deployed_is_refused_before_the_bucket_comes_back(folder: Path) -> None:
    scene = Scene()
    bereft(scene, folder, root=True)
    scene.cloud.remove_by_hand("airflow-dev")
    scene.cloud.put("airflow-dev", "DELETE_FAILED", ROOT)

    with pytest.raises(DeployError, match="airflow-dev was not removed, it is in DELETE_FAILED"):
        scene.deploy(folder, ROOT)
    assert scene.questions == []
    assert scene.s3.buckets == {}


def modes(scene: Scene) -> list[str]:
    """How change sets will be made from now on."""
    made: list[str] = []
    create = scene.cloud.create_change_set

    def creating(**asked: Any) -> dict[str, Any]:
        made.append(asked.get("DeploymentMode", ""))
        return create(**asked)

    scene.cloud.create_change_set = creating  # type: ignore[method-assign]
    return made


@pytest.mark.parametrize("how", ["declined", "killed"])
def test_a_bucket_that_came_back_gets_what_its_stack_says_of_it_in_the_end(folder: Path, how: str) -> None:
    scene = Scene()
    bereft(scene, folder, root=True)
    scene.cloud.drifted = {"Templates": {"/VersioningConfiguration": ("Enabled", "null")}}
    consent = scene.consent

    def stopped(change_set: ChangeSet) -> bool:
        if how == "killed":
            raise SystemExit
        return False

    scene.consent = stopped  # type: ignore[method-assign]
    with pytest.raises(SystemExit if how == "killed" else Declined):
        scene.deploy(folder, ROOT)
    assert "bucket" in scene.s3.buckets

    scene.consent, made = consent, modes(scene)  # type: ignore[method-assign]
    again = scene.deploy(folder, ROOT)
    assert again.foundation.outcome is Outcome.UPDATED
    assert made[0] == "REVERT_DRIFT"

    scene.cloud.drifted = {}
    made.clear()
    scene.deploy(folder, ROOT)
    assert made == [""], "the root's"


def test_nothing_is_restored_of_a_foundation_that_is_yet_to_be_made(folder: Path) -> None:
    scene = Scene()
    scene.cloud.put("airflow-dev", "CREATE_COMPLETE", ROOT).values = {"Image": "img:1"}
    made = modes(scene)

    assert scene.deploy(folder, ROOT).foundation.outcome is Outcome.CREATED
    assert made == ["", ""]


def test_a_root_that_a_killed_run_left_in_review_goes_with_a_no(folder: Path) -> None:
    scene = Scene()
    scene.cloud.put(NAME, "CREATE_COMPLETE", FOUNDATION)
    scene.cloud.templates["left"] = Graph((Resource("Queue"),))
    left = change_sets.propose(scene.aws, StackRequest("airflow-dev", Template(body="left")), None, scene.tools.clock)
    assert left is not None
    scene.consent = lambda change_set: change_set.stack == NAME  # type: ignore[method-assign]

    with pytest.raises(Declined):
        scene.deploy(folder, ROOT)
    assert scene.cloud.status("airflow-dev") == "nothing"


def killed_while(scene: Scene, status: str, then: Callable[[], object]) -> Callable[[float], None]:
    def sleeping(seconds: float) -> None:
        if scene.cloud.status("airflow-dev") == status:
            then()
            raise SystemExit
        scene.time.sleep(seconds)

    return sleeping


@pytest.mark.parametrize("edited", [False, True])
def test_new_services_of_an_update_that_was_killed_get_their_first_count(folder: Path, edited: bool) -> None:
    scene = Scene()
    first = replace(ROOT, outputs={"ClusterName": CLUSTER})
    scene.cluster.services = {"old": Played(desired=2, first="2")}
    scene.deploy(folder, first)
    (folder / "network.yml").write_text("another")
    second = replace(first, resources=(*first.resources, Resource("New", seconds=100)))

    def service() -> None:
        scene.cluster.services["new"] = Played(desired=1, first="3")

    tools = scene.tools
    scene.tools = replace(tools, clock=replace(tools.clock, sleep=killed_while(scene, "UPDATE_IN_PROGRESS", service)))
    with pytest.raises(SystemExit):
        scene.deploy(folder, second)

    scene.tools = tools
    if edited:
        (folder / "network.yml").write_text("a third")
        second = replace(second, resources=(*second.resources, Resource("Newer")))
    again = scene.deploy(folder, second)
    assert again.root.outcome is (Outcome.UPDATED if edited else Outcome.UNCHANGED)
    assert {name: each.desired for name, each in scene.cluster.services.items()} == {"old": 2, "new": 3}

    scene.cluster.services["new"].desired = 1
    scene.deploy(folder, second)
    assert scene.cluster.services["new"].desired == 1, "from then on people and autoscaling say"


def test_a_root_that_somebody_made_while_the_foundation_was_waited_for_is_seen(folder: Path) -> None:
    scene = Scene()
    slow = replace(FOUNDATION, resources=(Resource("Templates", "AWS::S3::Bucket", seconds=60),))
    scene.cloud.begin_creation(NAME, slow)
    sleep = scene.time.sleep

    def meanwhile(seconds: float) -> None:
        sleep(seconds)
        if scene.time.seconds > 20 and scene.cloud.status("airflow-dev") == "nothing":
            scene.cloud.put("airflow-dev", "CREATE_COMPLETE", ROOT).values = {"Image": "img:1"}

    scene.tools = replace(scene.tools, clock=replace(scene.tools.clock, sleep=meanwhile))
    given: list[Stack | None] = []

    def secrets(root: Stack | None) -> Brought:
        given.append(root)
        return Brought()

    again = scene.deploy(folder, Graph((*ROOT.resources, Resource("Queue")), {"Image": None}), slow, secrets=secrets)

    assert again.root.outcome is Outcome.UPDATED
    assert [each and each.name for each in given] == ["airflow-dev"]
