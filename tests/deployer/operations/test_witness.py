from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deployer.cloudformation.change_sets import StackRequest, Template
from deployer.cloudformation.stack_updates import deploy_stack
from deployer.cloudformation.stacks import StackNames
from deployer.consent import nobody
from deployer.deploying import deployment
from deployer.deploying.deployment import Desired
from deployer.deploying.ways_out import settle
from deployer.errors import DeployError
from deployer.operations import evidence, last_operations
from deployer.operations.witness import Witness
from tests.deployer.releasing.test_rollout import failing
from tests.deployer.scenes import FOUNDATION, AnyUrl, Scene, rendered
from tests.deployer.scripted_clients import RefusedError
from tests.deployer.scripted_cloudformation import Graph, Resource, nested
from tests.deployer.scripted_cluster import CLUSTER, Played
from tests.deployer.scripted_environment import BUCKET, ROOT, Environment, drained

QUOTA = "The maximum number of VPCs has been reached."
PULL = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref x: not found"


def changing(environment: Environment) -> None:
    """Change the root without a release."""
    witness = Witness(environment.tools, BUCKET, ROOT, CLUSTER)
    request = StackRequest(ROOT, Template(previous=True), {"Image": environment.image("second").reference})
    drained(deploy_stack(environment.aws, request, lambda _: True, environment.tools.clock, witness))


def changed(environment: Environment) -> DeployError:
    """Change the root without a release, and return why that failed."""
    with pytest.raises(DeployError) as caught:
        changing(environment)
    return caught.value


def test_a_change_that_is_no_release_fails_in_the_words_of_its_tasks() -> None:
    environment = Environment()
    failing(environment, lines=("starting", "scheduler: FERNET_KEY is missing"))

    error = changed(environment)

    assert error.line.startswith(
        "worker: task ended (exit 78): scheduler: FERNET_KEY is missing; airflow-dev was not updated, it is in "
        "UPDATE_ROLLBACK_COMPLETE: airflow-dev/Services/worker (AWS::ECS::Service): UPDATE_FAILED: "
    )
    assert error.hint == "the last lines of its log tell more, and are kept (`make airflow-events`)"


def test_where_a_task_has_left_no_word_the_hint_is_for_the_service() -> None:
    environment = Environment()
    failing(environment)

    assert "`make airflow-outputs` shows how to read it" in changed(environment).hint


def test_one_bad_start_is_no_cause_of_what_failed_elsewhere() -> None:
    environment = Environment()
    failing(environment, lines=("the database is not there yet",))
    services = environment.cloud._get(ROOT).graph
    assert services
    broken = replace(
        services, resources=(*services.resources, Resource("Vpc", "AWS::EC2::VPC", fails=QUOTA, seconds=1))
    )
    environment.fails = ""
    again = environment.cloud.again
    environment.cloud.again = lambda _, values: again(broken, values)

    error = changed(environment)
    assert error.line == (
        f"airflow-dev was not updated, it is in UPDATE_ROLLBACK_COMPLETE: airflow-dev/Vpc (AWS::EC2::VPC): "
        f"UPDATE_FAILED: {QUOTA}; besides, worker: task ended (exit 78): the database is not there yet"
    )
    assert "network.mode: existing" in error.hint


def test_credentials_that_expire_midway_are_told_with_what_goes_on() -> None:
    environment = Environment()

    def expired(**_: object) -> None:
        raise RefusedError("ExpiredToken", "The security token included in the request is expired")

    asked = environment.cloud.describe_stack_events
    environment.during = lambda: setattr(environment.cloud, "describe_stack_events", expired)
    error = changed(environment)
    environment.cloud.describe_stack_events = asked  # type: ignore[method-assign]

    assert error.line.endswith("; CloudFormation goes on with airflow-dev by itself")
    assert error.hint.endswith("run it again: that takes up what is there by then")


def test_the_hint_is_for_what_says_most() -> None:
    environment = Environment()
    failing(environment, container={"reason": PULL}, startedAt=None)

    assert changed(environment).hint.startswith("the registry does not have this image")


def test_what_a_program_logs_of_its_own_accord_gets_no_hint_of_aws() -> None:
    environment = Environment()
    failing(environment, lines=("AccessDenied: not authorized to perform: sqs:SendMessage",))

    assert "airflow-permissions" not in changed(environment).hint


def test_what_is_found_is_kept_though_nobody_sees_the_end() -> None:
    environment = Environment()
    failing(environment, lines=("no",))
    environment.interrupt_when(lambda: any("task ended" in line for line in environment.said))
    with pytest.raises(KeyboardInterrupt):
        changing(environment)

    environment.time.sleep(600)
    environment.cluster.tasks.clear()
    latest = last_operations.find(environment.aws, StackNames("airflow", "dev"))
    assert latest is not None
    why = last_operations.why(environment.aws, latest, last_operations.read(environment.aws, latest))
    assert why is not None
    assert why.cause.startswith("worker: task ended (exit 78): no; airflow-dev/Services/worker (AWS::ECS::Service): ")
    assert (why.status, why.tasks[0].log) == ("UPDATE_ROLLBACK_COMPLETE", ("no",))


def test_what_a_task_has_suffered_is_not_the_why_of_a_change_that_came_through() -> None:
    environment = Environment()
    failing(environment, lines=("no",))
    environment.fails = ""
    changing(environment)

    latest = last_operations.find(environment.aws, StackNames("airflow", "dev"))
    assert latest is not None
    assert evidence.last(environment.aws, BUCKET, ROOT) is not None
    assert last_operations.why(environment.aws, latest, last_operations.read(environment.aws, latest)) is None


def test_a_release_that_fails_after_another_is_not_blamed_for_its_tasks() -> None:
    environment = Environment()
    failing(environment, lines=("of release 2",))
    with pytest.raises(DeployError, match="of release 2"):
        environment.roll(environment.image("second"))
    environment.time.sleep(600)
    environment.during, environment.fails = lambda: None, "The target group does not exist"
    with pytest.raises(DeployError) as caught:
        environment.roll(environment.image("third"))

    assert "task ended" not in str(caught.value)
    kept = evidence.last(environment.aws, BUCKET, ROOT)
    assert kept is not None
    assert "The target group does not exist" in kept.cause
    assert kept.tasks == ()


def test_a_release_that_was_not_seen_to_run_keeps_why() -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played(desired=0, wakes="ends"))
    environment.logs.streams["worker/worker/rehearsal1"] = ["ImportError: no module named pandas"]
    with pytest.raises(DeployError, match="it was rehearsed"):
        environment.roll(environment.image("second"))

    latest = last_operations.find(environment.aws, StackNames("airflow", "dev"))
    assert latest is not None
    why = last_operations.why(environment.aws, latest, last_operations.read(environment.aws, latest))
    assert why is not None
    assert why.cause.startswith("release 2 is not live: it was rehearsed, and worker: task ended (exit 1)")
    assert list(why.words) == ["ImportError: no module named pandas"]


def test_a_cluster_that_somebody_removed_stops_no_change() -> None:
    environment = Environment()
    environment.cluster.gone = True

    changing(environment)
    assert environment.cloud.status(ROOT) == "UPDATE_COMPLETE"


def test_what_is_known_is_kept_after_the_stack_has_gone_back() -> None:
    environment = Environment()
    failing(environment, lines=("postgresql://airflow:hunter2@db/airflow refused",))

    error = changed(environment)
    environment.cluster.tasks.clear()
    kept = evidence.last(environment.aws, BUCKET, ROOT)

    assert kept is not None
    assert (kept.cause, kept.hint) == (error.line, error.hint)
    assert (kept.stack, kept.status) == (ROOT, "UPDATE_ROLLBACK_COMPLETE")
    assert [(each.component, each.exit_code) for each in kept.tasks] == [("worker", 78)]
    assert "hunter2" not in str(kept)


def test_a_failed_release_keeps_its_evidence_too() -> None:
    environment = Environment()
    failing(environment, lines=("no",))
    with pytest.raises(DeployError) as caught:
        environment.roll(environment.image("second"))

    kept = evidence.last(environment.aws, BUCKET, ROOT)
    assert kept is not None
    assert kept.cause in caught.value.line
    assert kept.tasks[0].log == ("no",)


def test_without_a_task_services_speak() -> None:
    environment = Environment()
    failing(environment)
    environment.during = lambda: setattr(environment.cluster.services["worker"], "rollout", "FAILED")

    error = changed(environment)

    assert error.line.startswith("worker: ECS deployment circuit breaker: tasks failed to start; airflow-dev was not")
    kept = evidence.last(environment.aws, BUCKET, ROOT)
    assert kept is not None
    assert list(kept.words) == ["worker: ECS deployment circuit breaker: tasks failed to start"]


def test_evidence_that_cannot_be_kept_hides_no_cause() -> None:
    environment = Environment()
    failing(environment)

    def refuse(**_: object) -> None:
        raise RefusedError("AccessDenied", "no")

    environment.bucket.put_object = refuse  # type: ignore[method-assign, assignment]
    assert "worker: task ended (exit 78)" in changed(environment).line


def test_what_somebody_else_began_is_watched_with_its_tasks_and_kept() -> None:
    environment = Environment()
    services = nested("Services", Resource("worker", "AWS::ECS::Service", fails="Circuit Breaker", seconds=60))
    environment.cloud.begin_update(ROOT, Graph((services,), {"Image": None}, {"ClusterName": CLUSTER}))
    environment.cluster.end_task("worker", container={"exitCode": 1, "reason": "no room"})

    drained(settle(environment.tools, ROOT, nobody, BUCKET))
    assert environment.said[-1].startswith(
        "the operation on airflow-dev has ended in UPDATE_ROLLBACK_COMPLETE: worker: task ended (exit 1): no room; "
    )
    kept = evidence.last(environment.aws, BUCKET, ROOT)
    assert kept is not None
    assert [each.cause for each in kept.tasks] == ["no room"]


def test_a_deploy_without_an_image_of_its_own_is_watched_as_well(tmp_path: Path) -> None:
    scene = Scene()
    broken = Graph((nested("Network", Resource("Vpc", "AWS::EC2::VPC", fails="The maximum number of VPCs")),))
    scene.cloud.templates = AnyUrl({"foundation": FOUNDATION}, broken)
    with pytest.raises(DeployError) as caught:
        drained(
            deployment.deploy(scene.tools, Desired(StackNames("airflow", "dev"), rendered(tmp_path)), lambda _: True)
        )

    kept = evidence.last(scene.aws, BUCKET, ROOT)
    assert kept is not None
    assert kept.cause == caught.value.line
    assert caught.value.hint == (
        f"{kept.hint}; with that mended, `make airflow-deploy` removes airflow-dev, after asking, and creates it again"
    )
    assert "airflow-dev/Network/Vpc (AWS::EC2::VPC): CREATE_FAILED: The maximum number of VPCs" in kept.cause
    assert "network.mode: existing" in kept.hint
