from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest

from deployer import deployment
from deployer.change_sets import ChangeSet, StackRequest, Template
from deployer.deployment import Deployed, Desired, Outcome, Result
from deployer.errors import Declined, DeployError
from deployer.events import StackEvent
from deployer.stacks import StackNames
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cloudformation import Graph, Resource, ScriptedCloudFormation, VirtualTime, nested
from tests.deployer.scripted_storage import ScriptedS3

Ended = TypeVar("Ended")
FOUNDATION = Graph((Resource("Templates", "AWS::S3::Bucket"),), outputs={"TemplatesBucket": "bucket"})
ROOT = Graph((nested("Network", Resource("Vpc")),), {"Image": None}, {"Url": "http://x"})


def drained(operation: Generator[StackEvent, None, Ended]) -> tuple[list[StackEvent], Ended]:
    told = []
    while True:
        try:
            told.append(next(operation))
        except StopIteration as end:
            return told, end.value


class Scene:
    def __init__(self) -> None:
        self.time = VirtualTime()
        self.cloud = ScriptedCloudFormation(self.time)
        self.s3 = ScriptedS3("bucket")
        self.aws = scripted({"cloudformation": self.cloud, "s3": self.s3})
        self.asked: list[ChangeSet] = []

    def consent(self, change_set: ChangeSet) -> bool:
        self.asked.append(change_set)
        return True

    def deploy_stack(self, graph: Graph, **parameters: str) -> tuple[list[StackEvent], Result]:
        self.cloud.templates["body"] = graph
        request = StackRequest("app", Template(body="body"), parameters)
        return drained(deployment.deploy_stack(self.aws, request, self.consent, self.time.clock()))

    def deploy(self, folder: Path, root: Graph, **parameters: str) -> Deployed:
        """Deploy the folder; whatever URL its root gets, `root` is what it stands for."""
        self.cloud.templates = _AnyUrl({"foundation": FOUNDATION}, root)
        desired = Desired(StackNames("airflow", "dev"), folder, parameters, {"owner": "ada"})
        return drained(deployment.deploy(self.aws, desired, self.consent, self.time.clock()))[1]


class _AnyUrl(dict[str, Graph]):
    def __init__(self, known: dict[str, Graph], other: Graph) -> None:
        super().__init__(known)
        self._other = other

    def __missing__(self, key: str) -> Graph:
        assert key.startswith("https://s3.eu-west-1.amazonaws.com/bucket/templates/")
        return self._other


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "foundation.yml").write_text("foundation")
    (tmp_path / "root.yml").write_text("      TemplateURL: network.yml\n")
    (tmp_path / "network.yml").write_text("network")
    return tmp_path


def test_the_root_gets_what_the_foundation_gives_it_by_name(folder: Path) -> None:
    scene = Scene()
    given = Graph(FOUNDATION.resources, outputs={"TemplatesBucket": "bucket", "KeyArn": "arn:key"})
    scene.cloud.templates = _AnyUrl({"foundation": given}, Graph(ROOT.resources, {"KeyArn": None}, {"Url": "x"}))
    desired = Desired(StackNames("airflow", "dev"), folder, inherited=("KeyArn",))
    drained(deployment.deploy(scene.aws, desired, scene.consent, scene.time.clock()))
    values = {stack.name: stack.values for stack in scene.cloud.stacks.values()}
    assert values["airflow-dev"] == {"KeyArn": "arn:key"}

    lacking = Desired(StackNames("airflow", "stage"), folder, inherited=("OtherArn",))
    with pytest.raises(DeployError, match="airflow-stage-foundation has no output OtherArn"):
        drained(deployment.deploy(scene.aws, lacking, scene.consent, scene.time.clock()))


def test_created_changed_and_unchanged(folder: Path) -> None:
    scene = Scene()

    first = scene.deploy(folder, ROOT, Image="img:1")
    assert first.foundation == Result("airflow-dev-foundation", Outcome.CREATED, {"TemplatesBucket": "bucket"})
    assert first.root == Result("airflow-dev", Outcome.CREATED, {"Url": "http://x"})
    assert len(scene.s3.bodies("bucket")) == 2
    assert [each.stack for each in scene.asked] == ["airflow-dev-foundation", "airflow-dev"]

    scene.asked.clear()
    changed = Graph((nested("Network", Resource("Vpc", version=2)),), {"Image": None}, {"Url": "http://y"})
    second = scene.deploy(folder, changed)
    assert (second.foundation.outcome, second.root.outcome) == (Outcome.UNCHANGED, Outcome.UPDATED)
    assert second.root.outputs == {"Url": "http://y"}
    assert [change.path for each in scene.asked for change in each.changes] == [
        "airflow-dev/Network",
        "airflow-dev/Network/Vpc",
    ]

    scene.asked.clear()
    third = scene.deploy(folder, changed)
    assert (third.foundation.outcome, third.root.outcome) == (Outcome.UNCHANGED, Outcome.UNCHANGED)
    assert third.root.outputs == {"Url": "http://y"}
    assert scene.asked == []
    assert [e for e in scene.cloud.change_sets.values() if not e.id.count("nested-")] == []


def test_what_the_stack_has_already_is_used_again(folder: Path) -> None:
    scene = Scene()
    scene.deploy(folder, ROOT, Image="img:1")
    scene.deploy(folder, Graph((Resource("Queue"), *ROOT.resources), ROOT.parameters))

    assert scene.cloud._get("airflow-dev").values == {"Image": "img:1"}


def test_a_root_that_cannot_be_deployed_is_found_before_the_foundation_is_touched(folder: Path) -> None:
    scene = Scene()
    scene.cloud.put("airflow-dev", "ROLLBACK_COMPLETE")

    with pytest.raises(DeployError, match="airflow-dev is in ROLLBACK_COMPLETE"):
        scene.deploy(folder, ROOT)
    assert scene.cloud.status("airflow-dev-foundation") == "nothing"


def test_a_foundation_without_bucket_is_told(folder: Path) -> None:
    scene = Scene()
    scene.cloud.put("airflow-dev-foundation", "CREATE_COMPLETE", Graph(FOUNDATION.resources))

    with pytest.raises(DeployError, match="airflow-dev-foundation has no output TemplatesBucket"):
        scene.deploy(folder, ROOT)


def test_templates_that_are_not_rendered_are_told(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"foundation\.yml is missing; .*make airflow-render"):
        Scene().deploy(tmp_path, ROOT)


@pytest.mark.parametrize("there", ["nothing", "REVIEW_IN_PROGRESS", "CREATE_COMPLETE"])
@pytest.mark.parametrize("interrupted", [False, True])
def test_a_no_leaves_all_as_it_was(there: str, interrupted: bool) -> None:
    scene = Scene()
    if there != "nothing":
        scene.cloud.put("app", there, Graph() if there == "CREATE_COMPLETE" else None)
    scene.cloud.templates["body"] = Graph((Resource("Queue"),))

    def consent(_: ChangeSet) -> bool:
        if interrupted:
            raise KeyboardInterrupt
        return False

    request = StackRequest("app", Template(body="body"))
    with pytest.raises(KeyboardInterrupt if interrupted else Declined):
        drained(deployment.deploy_stack(scene.aws, request, consent, scene.time.clock()))

    assert scene.cloud.change_sets == {}
    assert scene.cloud.status("app") == ("CREATE_COMPLETE" if there == "CREATE_COMPLETE" else "nothing")


def test_a_review_left_over_is_no_obstacle() -> None:
    scene = Scene()
    scene.cloud.put("app", "REVIEW_IN_PROGRESS")

    told, result = scene.deploy_stack(Graph((Resource("Queue"),)))

    assert result.outcome is Outcome.CREATED
    assert [(e.path, e.status) for e in told] == [
        ("app", "CREATE_IN_PROGRESS"),
        ("app/Queue", "CREATE_IN_PROGRESS"),
        ("app/Queue", "CREATE_COMPLETE"),
        ("app", "CREATE_COMPLETE"),
    ]


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ("ROLLBACK_COMPLETE", "its first creation failed and was undone; remove it with `make airflow-destroy`"),
        ("ROLLBACK_FAILED", "make airflow-destroy"),
        ("CREATE_FAILED", "make airflow-destroy"),
        ("DELETE_FAILED", "finish that with `make airflow-destroy`"),
        ("UPDATE_ROLLBACK_FAILED", "continue the rollback"),
        ("CREATE_IN_PROGRESS", "another operation is at work on it; wait until it has ended"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "wait until it has ended"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "wait until it has ended"),
        ("DELETE_IN_PROGRESS", "wait until it has ended"),
    ],
)
def test_a_state_no_deploy_can_start_from_is_told_with_the_way_out(status: str, hint: str) -> None:
    scene = Scene()
    scene.cloud.put("app", status, Graph())

    with pytest.raises(DeployError) as caught:
        scene.deploy_stack(Graph((Resource("Queue"),)))

    assert f"app is in {status}" in str(caught.value)
    assert hint in str(caught.value)
    assert scene.cloud.calls == ["DescribeStacks"]


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED"])
def test_from_these_states_an_update_starts(status: str) -> None:
    scene = Scene()
    scene.cloud.put("app", status, Graph())

    assert scene.deploy_stack(Graph((Resource("Queue"),)))[1].outcome is Outcome.UPDATED


def test_a_failed_creation_tells_its_first_cause() -> None:
    data = nested("Data", Resource("Database", "AWS::RDS::DBInstance", seconds=9, fails="class not offered"))

    with pytest.raises(DeployError) as caught:
        Scene().deploy_stack(Graph((data, Resource("Slow", seconds=99))))

    assert str(caught.value) == (
        "app was not created, it is in ROLLBACK_COMPLETE: "
        "app/Data/Database (AWS::RDS::DBInstance): CREATE_FAILED: class not offered"
    )


def test_a_failed_update_tells_its_first_cause() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((Resource("Queue"),)))

    with pytest.raises(
        DeployError, match=r"app was not updated, it is in UPDATE_ROLLBACK_COMPLETE: app/Queue .*: too big"
    ):
        scene.deploy_stack(Graph((Resource("Queue", fails="too big"),)))
