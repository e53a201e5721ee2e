"""A deploy of both stacks: its lock, what it asks beforehand, what it keeps and takes back, a bucket that is gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployer.cloudformation.change_sets import ChangeSet
from deployer.cloudformation.stack_updates import Outcome
from deployer.cloudformation.stacks import Stack
from deployer.deploying import deployed
from deployer.deploying.fernet import Brought
from deployer.errors import Declined, DeployError
from deployer.tools import nothing
from tests.deployer.scenes import FOUNDATION, ROOT, Scene, rendered
from tests.deployer.scripted_cloudformation import Graph, Resource, nested
from tests.deployer.scripted_cluster import CLUSTER, Played

CHANGED = Graph((nested("Network", Resource("Vpc", version=2)),), {"Image": None}, {"Url": "http://y"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return rendered(tmp_path)


def test_a_deploy_that_changes_nothing_asks_little_and_leaves_nothing(folder: Path) -> None:
    scene = Scene()
    scene.deploy(folder, ROOT)
    before = dict(scene.s3.bodies("bucket"))
    scene.cloud.calls.clear()
    scene.s3.calls.clear()

    scene.deploy(folder, ROOT)

    assert scene.cloud.calls == [
        *("DescribeStacks", "DescribeStacks", "GetTemplate"),
        *("GetTemplateSummary", "CreateChangeSet", "DescribeChangeSet", "DescribeChangeSet", "DeleteChangeSet"),
    ], "the second look at the change set is for one that takes a second"
    assert len(scene.s3.calls) <= 4
    assert scene.cloud.change_sets == {}
    assert scene.s3.bodies("bucket") == before


def test_the_lock_is_held_before_anything_changes_and_released_at_the_end(folder: Path) -> None:
    scene = Scene()
    held: list[bool] = []
    consent = scene.consent

    def looking(change_set: ChangeSet) -> bool:
        held.append("lock.json" in scene.s3.bodies("bucket"))
        return consent(change_set)

    scene.consent = looking  # type: ignore[method-assign]
    scene.deploy(folder, ROOT)
    scene.deploy(folder, CHANGED)
    assert held == [False, True, True], "without a foundation there is no bucket yet"
    assert "lock.json" not in scene.s3.bodies("bucket")

    scene.agrees = False
    with pytest.raises(Declined):
        scene.deploy(folder, ROOT)
    assert "lock.json" not in scene.s3.bodies("bucket")


def test_while_somebody_else_is_at_work_nothing_is_begun(folder: Path) -> None:
    scene = Scene()
    scene.deploy(folder, ROOT)
    other = {
        "id": "x",
        "who": "ben",
        "doing": "push",
        "since": "2026",
        "host": "h",
        "machine": "m",
        "pid": 1,
        "beat": 0,
    }
    scene.s3.put_object(Bucket="bucket", Key="lock.json", Body=json.dumps(other).encode())
    scene.cloud.calls.clear()

    with pytest.raises(DeployError, match="push by ben"):
        scene.deploy(folder, CHANGED)
    assert set(scene.cloud.calls) == {"DescribeStacks"}


def test_a_lock_that_was_lost_while_somebody_was_asked_stops_the_change(folder: Path) -> None:
    scene = Scene()
    scene.deploy(folder, ROOT)
    consent = scene.consent

    def slow(change_set: ChangeSet) -> bool:
        scene.s3.delete_object(Bucket="bucket", Key="lock.json")
        return consent(change_set)

    scene.consent = slow  # type: ignore[method-assign]
    with pytest.raises(DeployError, match="the lock of this deploy was broken by somebody"):
        scene.deploy(folder, CHANGED)
    assert scene.cloud.status("airflow-dev") == "CREATE_COMPLETE"
    assert scene.cloud.change_sets == {}


def test_what_is_lacking_is_asked_for_new_templates_alone_and_stops_everything(folder: Path) -> None:
    scene = Scene()
    asked: list[str] = []

    def lacking() -> Callable[[], None]:
        asked.append(scene.cloud.status("airflow-dev-foundation"))
        if len(asked) == 1:
            raise DeployError("no zone offers it")
        return nothing

    with pytest.raises(DeployError, match="no zone offers it"):
        scene.deploy(folder, ROOT, ready=lacking)
    assert asked == ["nothing"]
    assert scene.cloud.stacks == {}

    scene.deploy(folder, ROOT, ready=lacking)

    scene.deploy(folder, ROOT, ready=lacking)
    assert len(asked) == 2, "the same templates were deployed"

    (folder / "network.yml").write_text("another")
    scene.deploy(folder, CHANGED, ready=lacking)
    assert len(asked) == 3


def test_what_is_missing_is_made_when_the_changes_were_agreed_to_and_before_they_begin(folder: Path) -> None:
    scene = Scene()
    made: list[str] = []

    def ready() -> Callable[[], None]:
        return lambda: made.append(scene.cloud.status("airflow-dev-foundation"))

    scene.agrees = False
    with pytest.raises(Declined):
        scene.deploy(folder, ROOT, ready=ready)
    assert made == []

    scene.agrees = True
    scene.deploy(folder, ROOT, ready=ready)
    assert made == ["REVIEW_IN_PROGRESS"]


def test_what_was_deployed_is_written_down_once(folder: Path) -> None:
    scene = Scene()
    scene.deploy(folder, ROOT, settings={"a": 1})
    last = deployed.read(scene.aws, "bucket")
    assert last is not None
    assert last.settings == {"a": 1}
    assert len(last.templates) == 64
    scene.s3.calls.clear()

    scene.deploy(folder, ROOT, settings={"a": 1})
    assert deployed.read(scene.aws, "bucket") == last
    assert scene.s3.calls.count("PutObject") == 1, "the lock"

    scene.agrees = False
    with pytest.raises(Declined):
        scene.deploy(folder, CHANGED, settings={"a": 2})
    assert deployed.read(scene.aws, "bucket") == last


class Secrets:
    """Somebody's own key, put away before the root."""

    def __init__(self) -> None:
        self.given: list[Stack | None] = []
        self.withdrawn = 0

    def __call__(self, root: Stack | None) -> Brought:
        self.given.append(root)
        return Brought({"Fernet": "arn"}, self._withdraw) if root is None else Brought()

    def _withdraw(self) -> None:
        self.withdrawn += 1


WITH_KEY = replace(ROOT, parameters={"Image": None, "Fernet": ""})


def test_a_brought_secret_reaches_the_root_and_stays(folder: Path) -> None:
    scene, secrets = Scene(), Secrets()
    scene.deploy(folder, WITH_KEY, secrets=secrets)
    scene.deploy(folder, WITH_KEY, secrets=secrets)

    assert scene.cloud._get("airflow-dev").values == {"Image": "img:1", "Fernet": "arn"}
    assert [each and each.name for each in secrets.given] == [None, "airflow-dev"]
    assert secrets.withdrawn == 0


@pytest.mark.parametrize("how", ["declined", "rejected", "interrupted"])
def test_a_brought_secret_is_taken_back_when_no_stack_comes_of_it(folder: Path, how: str) -> None:
    scene, secrets = Scene(), Secrets()
    consent = scene.consent

    def on_root(change_set: ChangeSet) -> bool:
        consent(change_set)
        if change_set.stack == "airflow-dev" and how == "interrupted":
            raise KeyboardInterrupt
        return change_set.stack != "airflow-dev" or how != "declined"

    scene.consent = on_root  # type: ignore[method-assign]
    scene.cloud.invalid = {"Vpc": ["bad"]} if how == "rejected" else {}
    with pytest.raises(KeyboardInterrupt if how == "interrupted" else DeployError):
        scene.deploy(folder, WITH_KEY, secrets=secrets)
    assert secrets.withdrawn == 1


def test_a_brought_secret_stays_with_a_creation_that_has_begun(folder: Path) -> None:
    scene, secrets = Scene(), Secrets()
    failing = replace(WITH_KEY, resources=(Resource("Queue", fails="too big"),))
    with pytest.raises(DeployError, match="too big"):
        scene.deploy(folder, failing, secrets=secrets)
    assert secrets.withdrawn == 0


def test_after_a_first_creation_that_failed_only_the_root_is_made_again(folder: Path) -> None:
    scene = Scene()
    with pytest.raises(DeployError, match="ROLLBACK_COMPLETE"):
        scene.deploy(folder, replace(ROOT, resources=(Resource("Queue", fails="too big"),)))
    foundation = scene.cloud._get("airflow-dev-foundation").id

    again = scene.deploy(folder, ROOT)

    assert [each.option for each in scene.questions] == ["--recreate"]
    assert (again.foundation.outcome, again.root.outcome) == (Outcome.UNCHANGED, Outcome.CREATED)
    assert scene.cloud._get("airflow-dev-foundation").id == foundation


def test_a_run_after_one_that_was_killed_takes_up_what_is_there(folder: Path) -> None:
    scene = Scene()
    slow = replace(ROOT, resources=(Resource("Queue", seconds=300),), outputs={"ClusterName": CLUSTER})
    scene.cluster.services = {"worker": Played(desired=1, first="3")}
    sleep = scene.time.sleep

    def killed(seconds: float) -> None:
        if scene.cloud.status("airflow-dev") == "CREATE_IN_PROGRESS":
            raise SystemExit
        sleep(seconds)

    tools = scene.tools
    scene.tools = replace(tools, clock=replace(tools.clock, sleep=killed))
    with pytest.raises(SystemExit):
        scene.deploy(folder, slow)

    scene.tools = tools
    again = scene.deploy(folder, slow)

    assert any("an operation is at work on it, and is watched until it has ended" in line for line in scene.said)
    assert again.root.outcome is Outcome.UNCHANGED
    assert scene.cloud.status("airflow-dev") == "CREATE_COMPLETE"
    assert scene.questions == []
    assert scene.cluster.services["worker"].desired == 3, "the first counts had not been given"

    scene.cluster.services["worker"].desired = 2
    scene.deploy(folder, slow)
    assert scene.cluster.services["worker"].desired == 2, "from then on people and autoscaling say"


def test_a_foundation_that_failed_is_made_again(folder: Path) -> None:
    scene = Scene()
    with pytest.raises(DeployError, match="airflow-dev-foundation was not created"):
        scene.deploy(folder, ROOT, replace(FOUNDATION, resources=(Resource("Templates", fails="no"),)))

    assert scene.deploy(folder, ROOT).foundation.outcome is Outcome.CREATED
    assert [each.text for each in scene.questions] == ["Remove airflow-dev-foundation and create it again?"]


def test_a_bucket_that_was_removed_by_hand_comes_back_before_anything_else_is_done(folder: Path) -> None:
    scene = Scene()
    scene.deploy(folder, ROOT)
    scene.s3.buckets.clear()
    scene.cloud.drifted = {"Templates": {"/VersioningConfiguration": ("Enabled", "null")}}
    scene.asked.clear()
    asked: list[dict[str, Any]] = []
    create = scene.cloud.create_change_set

    def creating(**told: Any) -> dict[str, Any]:
        asked.append(told)
        return create(**told)

    scene.cloud.create_change_set = creating  # type: ignore[method-assign]
    again = scene.deploy(folder, CHANGED)

    assert [(each.text, each.option) for each in scene.questions] == [("Create it again?", "--yes")]
    assert "releases of before cannot be returned to" in scene.questions[0].shown
    assert [each.get("DeploymentMode", "") for each in asked] == ["REVERT_DRIFT", ""]
    assert [each["IncludeNestedStacks"] for each in asked] == [False, True], "the foundation has no nested stacks"
    assert "/VersioningConfiguration" in "".join(scene.asked[0].by_hand)
    assert (again.foundation.outcome, again.root.outcome) == (Outcome.UPDATED, Outcome.UPDATED)
    assert "the bucket bucket was created again, and is empty" in scene.said
    assert [key for key in scene.s3.bodies("bucket") if key.startswith("templates/")]


def test_a_bucket_that_shall_not_come_back_stops_the_deploy(folder: Path) -> None:
    scene = Scene()
    scene.deploy(folder, ROOT)
    scene.s3.buckets.clear()
    scene.agrees = False

    with pytest.raises(Declined, match="the bucket bucket was not created again"):
        scene.deploy(folder, CHANGED)
    assert scene.s3.buckets == {}
