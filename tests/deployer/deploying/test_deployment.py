from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deployer import standing
from deployer.cloudformation.stack_updates import Outcome, Result
from deployer.cloudformation.stacks import StackNames
from deployer.deploying import deployment, packaging
from deployer.deploying.deployment import Deployed, Desired
from deployer.errors import DeployError
from deployer.releasing.releases import Migrated, State
from deployer.releasing.targets import Image, Target
from tests.deployer.images.scripted import URI
from tests.deployer.scenes import FOUNDATION, ROOT, AnyUrl, Scene, drained, rendered
from tests.deployer.scripted_cloudformation import Graph, Resource, nested
from tests.deployer.scripted_cluster import CLUSTER, Played
from tests.deployer.scripted_environment import Environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return rendered(tmp_path)


def test_the_root_gets_what_the_foundation_gives_it_by_name(folder: Path) -> None:
    scene = Scene()
    given = Graph(FOUNDATION.resources, outputs={"TemplatesBucket": "bucket", "KeyArn": "arn:key"})
    scene.cloud.templates = AnyUrl({"foundation": given}, Graph(ROOT.resources, {"KeyArn": None}, {"Url": "x"}))
    desired = Desired(StackNames("airflow", "dev"), folder, inherited=("KeyArn",))
    drained(deployment.deploy(scene.tools, desired, scene.consent))
    values = {stack.name: stack.values for stack in scene.cloud.stacks.values()}
    assert values["airflow-dev"] == {"KeyArn": "arn:key"}

    lacking = Desired(StackNames("airflow", "stage"), folder, inherited=("OtherArn",))
    with pytest.raises(DeployError, match="airflow-stage-foundation has no output OtherArn"):
        drained(deployment.deploy(scene.tools, lacking, scene.consent))


def test_created_changed_and_unchanged(folder: Path) -> None:
    scene = Scene()

    first = scene.deploy(folder, ROOT)
    assert first.foundation == Result("airflow-dev-foundation", Outcome.CREATED, {"TemplatesBucket": "bucket"})
    assert first.root == Result("airflow-dev", Outcome.CREATED, {"Url": "http://x"})
    assert sum(key.startswith("templates/") for key in scene.s3.bodies("bucket")) == 2
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
    assert scene.cloud.change_sets == {}


def test_what_the_stack_has_already_is_used_again(folder: Path) -> None:
    scene = Scene()
    scene.deploy(folder, ROOT)
    scene.deploy(folder, Graph((Resource("Queue"), *ROOT.resources), ROOT.parameters))

    assert scene.cloud._get("airflow-dev").values == {"Image": "img:1"}


def test_a_root_that_cannot_be_deployed_is_found_before_the_foundation_is_touched(folder: Path) -> None:
    scene = Scene()
    scene.cloud.put("airflow-dev", "DELETE_FAILED")

    with pytest.raises(DeployError, match="airflow-dev was not removed, it is in DELETE_FAILED"):
        scene.deploy(folder, ROOT)
    assert scene.cloud.status("airflow-dev-foundation") == "nothing"


def test_a_foundation_without_bucket_is_told(folder: Path) -> None:
    scene = Scene()
    stack = scene.cloud.put("airflow-dev-foundation", "CREATE_COMPLETE", Graph(FOUNDATION.resources))
    stack.tags = {"owner": "ada"}

    with pytest.raises(DeployError, match="airflow-dev-foundation has no output TemplatesBucket"):
        scene.deploy(folder, ROOT)


def test_templates_that_are_not_rendered_are_told(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"foundation\.yml is missing; .*make airflow-render"):
        Scene().deploy(tmp_path, ROOT)


def test_the_image_is_made_between_foundation_and_root_and_becomes_a_release(folder: Path) -> None:
    environment = Environment(fresh=True)
    cloud, seen = environment.cloud, []
    cloud.stacks = {}
    given = Graph(
        (Resource("Templates", "AWS::S3::Bucket"),), outputs={"TemplatesBucket": "bucket", "RepositoryUri": URI}
    )
    services = nested("Services", *(Resource(name, "AWS::ECS::Service") for name in ("webserver", "worker")))
    root = Graph((services,), {"Image": None}, {"ClusterName": CLUSTER})
    cloud.templates = AnyUrl({"foundation": given}, root)

    def make(target: Target) -> Image:
        seen.append((cloud.status("airflow-dev-foundation"), cloud.status("airflow-dev"), target.repository))
        return environment.first

    environment.cluster.services["worker"] = Played(desired=0, scales=(0, 0), first="0")  # it has run once by then
    desired = Desired(StackNames("airflow", "dev"), folder, image=make)
    told = deploy_by_hand(environment, desired)
    assert seen == [("CREATE_COMPLETE", "nothing", URI)]
    assert told.release is not None
    assert (told.release.number, told.release.state, told.release.image) == (1, State.LIVE, environment.first.reference)
    assert told.release.settings == packaged(folder)
    assert environment.cluster.started == [], "what has just been created has run already"
    assert cloud._get("airflow-dev").values == {"Image": environment.first.reference}

    again = deploy_by_hand(environment, desired)
    assert (again.root.outcome, again.release) == (Outcome.UNCHANGED, None)

    cloud.templates = AnyUrl({"foundation": given}, Graph((services, Resource("Queue")), {"Image": None}, root.outputs))
    changed = deploy_by_hand(environment, desired)
    assert changed.release is not None
    assert changed.release.number == 2
    assert len(environment.cluster.started) == 1, "what stood at zero before was rehearsed"


def test_a_first_creation_that_fails_tells_why_its_tasks_did_not_run(folder: Path) -> None:
    environment = Environment(fresh=True)
    environment.cloud.stacks = {}
    given = Graph(FOUNDATION.resources, outputs={"TemplatesBucket": "bucket", "RepositoryUri": URI})
    services = nested("Services", Resource("Worker", "AWS::ECS::Service", fails="it was triggered", seconds=60))
    environment.cloud.templates = AnyUrl({"foundation": given}, Graph((services,), {"Image": None}))
    desired = Desired(StackNames("airflow", "dev"), folder, image=lambda _: environment.first)
    with pytest.raises(DeployError, match="release 1 is not live: airflow-dev was not created, it is in ROLLBACK"):
        deploy_by_hand(environment, desired)
    newest = environment.releases()[0]
    assert (newest.state, newest.migrated) == (State.FAILED, Migrated.NO), "its database has gone with it"


def redeployed(environment: Environment, folder: Path) -> Desired:
    """What is deployed, with another template and another image."""
    given = Graph(FOUNDATION.resources, outputs={"TemplatesBucket": "bucket", "RepositoryUri": URI})
    root = environment.cloud._get("airflow-dev").graph
    assert root
    environment.cloud.templates = AnyUrl(
        {"foundation": given}, replace(root, resources=(*root.resources, Resource("Q")))
    )
    second = environment.image("second")
    return Desired(StackNames("airflow", "dev"), folder, image=lambda _: second)


def test_after_a_failed_proof_the_image_goes_back_and_the_templates_are_said_to_stay(folder: Path) -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played(desired=0, scales=(0, 0), wakes="ends"))
    with pytest.raises(DeployError) as caught:
        deploy_by_hand(environment, redeployed(environment, folder))
    assert str(caught.value).endswith(
        "the image of release 1 runs again, with the templates that were deployed just now;"
        " mend it and deploy again (make airflow-deploy)"
    )
    assert environment.deployed == environment.first.reference
    newest = environment.releases()[0]
    assert (newest.state, newest.deployed, newest.settings) == (State.FAILED, True, packaged(folder))

    environment.cluster.services["worker"].wakes = "HEALTHY"
    release = environment.roll(environment.image("third"))
    assert release is not None
    assert release.settings == packaged(folder)


def test_a_deploy_that_failed_is_tried_again_by_a_deploy_for_a_push_brings_no_settings(folder: Path) -> None:
    environment = Environment()
    desired = redeployed(environment, folder)
    root = environment.cloud.templates["https://s3.eu-west-1.amazonaws.com/bucket/templates/root.yml"]
    broken = replace(root, resources=(*root.resources[:-1], Resource("Q", fails="no such rule")))
    environment.cloud.templates = AnyUrl(environment.cloud.templates, broken)
    with pytest.raises(DeployError) as caught:
        deploy_by_hand(environment, desired)

    said = str(caught.value)
    assert said.endswith("the services run release 1 as before; mend it and deploy again (make airflow-deploy)")
    assert "make airflow-push-image" not in said


def test_a_first_creation_whose_proof_fails_leaves_a_database_behind(folder: Path) -> None:
    environment = Environment(fresh=True)
    environment.cloud.stacks = {}
    given = Graph(FOUNDATION.resources, outputs={"TemplatesBucket": "bucket", "RepositoryUri": URI})
    services = nested("Services", *(Resource(name, "AWS::ECS::Service") for name in ("webserver", "worker")))
    root = Graph((services,), {"Image": None}, {"ClusterName": CLUSTER})
    environment.cloud.templates = AnyUrl({"foundation": given}, root)
    environment.cluster.services["worker"].rollout = "FAILED"
    desired = Desired(StackNames("airflow", "dev"), folder, image=lambda _: environment.first)
    with pytest.raises(
        DeployError, match=r"the new code stays; mend it and deploy again \(make airflow-deploy\), with"
    ):
        deploy_by_hand(environment, desired)
    newest = environment.releases()[0]
    assert (newest.state, newest.migrated) == (State.FAILED, Migrated.UNKNOWN)


def test_a_first_deploy_that_was_interrupted_is_unfinished_though_the_stack_came_through(folder: Path) -> None:
    environment = Environment(fresh=True)
    environment.cloud.stacks = {}
    given = Graph(FOUNDATION.resources, outputs={"TemplatesBucket": "bucket", "RepositoryUri": URI})
    services = nested("Services", *(Resource(name, "AWS::ECS::Service") for name in ("webserver", "worker")))
    environment.cloud.templates = AnyUrl(
        {"foundation": given}, Graph((services,), {"Image": None}, {"ClusterName": CLUSTER})
    )
    desired = Desired(StackNames("airflow", "dev"), folder, image=lambda _: environment.first)
    tools = environment.tools
    environment.interrupt_when(lambda: environment.cloud.status("airflow-dev") == "CREATE_IN_PROGRESS")
    with pytest.raises(KeyboardInterrupt):
        deploy_by_hand(environment, desired)
    environment.tools = tools
    environment.time.sleep(600)

    assert environment.cloud.status("airflow-dev") == "CREATE_COMPLETE"
    assert standing.read(environment.aws, desired.names).unfinished
    deploy_by_hand(environment, desired)
    assert not standing.read(environment.aws, desired.names).unfinished


def test_a_deploy_that_changes_nothing_proves_what_was_not_proven(folder: Path) -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played(desired=0, scales=(0, 0)))
    desired = redeployed(environment, folder)
    environment.cluster.services["worker"].wakes = "never starts"
    sleep = environment.time.sleep

    def interrupted(seconds: float) -> None:
        if environment.cluster.started:
            raise KeyboardInterrupt
        sleep(seconds)

    tools = environment.tools
    environment.tools = replace(tools, clock=replace(tools.clock, sleep=interrupted))
    with pytest.raises(KeyboardInterrupt):
        deploy_by_hand(environment, desired)
    assert environment.said[-1] == (
        "release 2 is in the services, but could not be seen to run;"
        " deploy again (make airflow-deploy), which looks once more"
    )

    environment.tools = tools
    environment.cluster.services["worker"].wakes = "HEALTHY"
    again = deploy_by_hand(environment, desired)
    assert again.root.outcome is Outcome.UNCHANGED
    assert again.release is not None
    assert (again.release.number, again.release.state, again.release.unproven) == (2, State.LIVE, "")


def deploy_by_hand(environment: Environment, desired: Desired) -> Deployed:
    return drained(deployment.deploy(environment.tools, desired, lambda _: True))[1]


def packaged(folder: Path) -> str:
    texts = packaging.read_folder(folder)
    planned = packaging.plan(texts, "root.yml", "https://s3.eu-west-1.amazonaws.com/bucket")
    return packaging.hash_of(planned[-1].key)
