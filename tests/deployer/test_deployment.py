from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from deployer import deployment, packaging
from deployer.change_sets import ChangeSet, StackRequest, Template
from deployer.deployment import Deployed, Desired
from deployer.errors import Declined, DeployError
from deployer.events import StackEvent
from deployer.releases import Migrated, State
from deployer.stack_updates import Outcome, Result, deploy_stack
from deployer.stacks import StackNames
from deployer.targets import Image, Target
from deployer.tools import Tools
from tests.deployer.images.scripted import URI
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cloudformation import Graph, Resource, ScriptedCloudFormation, VirtualTime, nested
from tests.deployer.scripted_cluster import CLUSTER, Played
from tests.deployer.scripted_environment import Environment
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
        return drained(deploy_stack(self.aws, request, self.consent, self.time.clock()))

    def deploy(self, folder: Path, root: Graph, **parameters: str) -> Deployed:
        """Deploy the folder; whatever URL its root gets, `root` is what it stands for."""
        self.cloud.templates = _AnyUrl({"foundation": FOUNDATION}, root)
        desired = Desired(StackNames("airflow", "dev"), folder, parameters, {"owner": "ada"})
        return drained(deployment.deploy(Tools(self.aws, clock=self.time.clock()), desired, self.consent))[1]


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
    drained(deployment.deploy(Tools(scene.aws, clock=scene.time.clock()), desired, scene.consent))
    values = {stack.name: stack.values for stack in scene.cloud.stacks.values()}
    assert values["airflow-dev"] == {"KeyArn": "arn:key"}

    lacking = Desired(StackNames("airflow", "stage"), folder, inherited=("OtherArn",))
    with pytest.raises(DeployError, match="airflow-stage-foundation has no output OtherArn"):
        drained(deployment.deploy(Tools(scene.aws, clock=scene.time.clock()), lacking, scene.consent))


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
        drained(deploy_stack(scene.aws, request, consent, scene.time.clock()))

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


def test_the_image_is_made_between_foundation_and_root_and_becomes_a_release(folder: Path) -> None:
    environment = Environment(fresh=True)
    cloud, seen = environment.cloud, []
    cloud.stacks = {}
    given = Graph(
        (Resource("Templates", "AWS::S3::Bucket"),), outputs={"TemplatesBucket": "bucket", "RepositoryUri": URI}
    )
    services = nested("Services", *(Resource(name, "AWS::ECS::Service") for name in ("webserver", "worker")))
    root = Graph((services,), {"Image": None}, {"ClusterName": CLUSTER})
    cloud.templates = _AnyUrl({"foundation": given}, root)

    def make(target: Target) -> Image:
        seen.append((cloud.status("airflow-dev-foundation"), cloud.status("airflow-dev"), target.repository))
        return environment.first

    environment.cluster.services["worker"].desired = 0  # wanted later, by its tag: it has run once by then
    desired = Desired(StackNames("airflow", "dev"), folder, image=make)
    told = _deployed(environment, desired)
    assert seen == [("CREATE_COMPLETE", "nothing", URI)]
    assert told.release is not None
    assert (told.release.number, told.release.state, told.release.image) == (1, State.LIVE, environment.first.reference)
    assert told.release.settings == packaged(folder)
    assert environment.cluster.started == [], "what has just been created has run already"
    assert cloud._get("airflow-dev").values == {"Image": environment.first.reference}

    again = _deployed(environment, desired)
    assert (again.root.outcome, again.release) == (Outcome.UNCHANGED, None)

    cloud.templates = _AnyUrl(
        {"foundation": given}, Graph((services, Resource("Queue")), {"Image": None}, root.outputs)
    )
    changed = _deployed(environment, desired)
    assert changed.release is not None
    assert changed.release.number == 2
    assert len(environment.cluster.started) == 1, "what stood at zero before was rehearsed"


def test_a_first_creation_that_fails_tells_why_its_tasks_did_not_run(folder: Path) -> None:
    environment = Environment(fresh=True)
    environment.cloud.stacks = {}
    given = Graph(FOUNDATION.resources, outputs={"TemplatesBucket": "bucket", "RepositoryUri": URI})
    services = nested("Services", Resource("Worker", "AWS::ECS::Service", fails="it was triggered", seconds=60))
    environment.cloud.templates = _AnyUrl({"foundation": given}, Graph((services,), {"Image": None}))
    desired = Desired(StackNames("airflow", "dev"), folder, image=lambda _: environment.first)
    with pytest.raises(DeployError, match="release 1 is not live: airflow-dev was not created, it is in ROLLBACK"):
        _deployed(environment, desired)
    newest = environment.releases()[0]
    assert (newest.state, newest.migrated) == (State.FAILED, Migrated.NO), "its database has gone with it"


def _redeployed(environment: Environment, folder: Path) -> Desired:
    """What is deployed, with another template and another image."""
    given = Graph(FOUNDATION.resources, outputs={"TemplatesBucket": "bucket", "RepositoryUri": URI})
    root = environment.cloud._get("airflow-dev").graph
    assert root
    environment.cloud.templates = _AnyUrl(
        {"foundation": given}, replace(root, resources=(*root.resources, Resource("Q")))
    )
    second = environment.image("second")
    return Desired(StackNames("airflow", "dev"), folder, image=lambda _: second)


def test_after_a_failed_proof_the_image_goes_back_and_the_templates_are_said_to_stay(folder: Path) -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played(desired=0, wakes="ends"))
    with pytest.raises(DeployError) as caught:
        _deployed(environment, _redeployed(environment, folder))
    assert "the image of release 1 runs again, with the templates that were deployed just now" in str(caught.value)
    assert environment.deployed == environment.first.reference
    newest = environment.releases()[0]
    assert (newest.state, newest.deployed, newest.settings) == (State.FAILED, True, packaged(folder))

    environment.cluster.services["worker"].wakes = "HEALTHY"
    release = environment.roll(environment.image("third"))
    assert release is not None
    assert release.settings == packaged(folder)


def test_a_first_creation_whose_proof_fails_leaves_a_database_behind(folder: Path) -> None:
    environment = Environment(fresh=True)
    environment.cloud.stacks = {}
    given = Graph(FOUNDATION.resources, outputs={"TemplatesBucket": "bucket", "RepositoryUri": URI})
    services = nested("Services", *(Resource(name, "AWS::ECS::Service") for name in ("webserver", "worker")))
    root = Graph((services,), {"Image": None}, {"ClusterName": CLUSTER})
    environment.cloud.templates = _AnyUrl({"foundation": given}, root)
    environment.cluster.services["worker"].rollout = "FAILED"
    desired = Desired(StackNames("airflow", "dev"), folder, image=lambda _: environment.first)
    with pytest.raises(DeployError, match="so nothing goes back: the new code stays"):
        _deployed(environment, desired)
    newest = environment.releases()[0]
    assert (newest.state, newest.migrated) == (State.FAILED, Migrated.UNKNOWN)


def test_a_deploy_that_changes_nothing_proves_what_was_not_proven(folder: Path) -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played(desired=0))
    desired = _redeployed(environment, folder)
    environment.cluster.services["worker"].wakes = "never starts"
    sleep = environment.time.sleep

    def interrupted(seconds: float) -> None:
        if environment.cluster.started:
            raise KeyboardInterrupt
        sleep(seconds)

    tools = environment.tools
    environment.tools = replace(tools, clock=replace(tools.clock, sleep=interrupted))
    with pytest.raises(KeyboardInterrupt):
        _deployed(environment, desired)
    assert environment.said[-1].startswith("release 2 is in the services, but could not be seen to run; run it again")

    environment.tools = tools
    environment.cluster.services["worker"].wakes = "HEALTHY"
    again = _deployed(environment, desired)
    assert again.root.outcome is Outcome.UNCHANGED
    assert again.release is not None
    assert (again.release.number, again.release.state, again.release.unproven) == (2, State.LIVE, "")


def _deployed(environment: Environment, desired: Desired) -> Deployed:
    return drained(deployment.deploy(environment.tools, desired, lambda _: True))[1]


def packaged(folder: Path) -> str:
    texts = packaging.read_folder(folder)
    planned = packaging.plan(texts, "root.yml", "https://s3.eu-west-1.amazonaws.com/bucket")
    return packaging.hash_of(planned[-1].key)
