from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.cloudformation import stacks
from deployer.errors import DeployError
from deployer.releasing.history import settled
from deployer.releasing.releases import Migrated, State
from tests.deployer.images.scripted import URI
from tests.deployer.scripted_clients import RefusedError
from tests.deployer.scripted_cloudformation import Resource
from tests.deployer.scripted_cluster import Played
from tests.deployer.scripted_environment import NEWER, OLDER, ROOT, Environment

STOPPED = {"container": {"exitCode": 78}}


def failing(environment: Environment, *, lines: tuple[str, ...] = (), **told: object) -> None:
    """Let the next roll-out fail with a task of the worker that has ended."""
    environment.fails = "Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'."

    def end() -> None:
        arn = environment.cluster.end_task("worker", **(told or STOPPED))
        environment.logs.streams[f"worker/worker/{arn.rpartition('/')[2]}"] = list(lines)

    environment.during = end


def test_another_image_rolls_and_is_written_down() -> None:
    environment = Environment()
    release = environment.roll(environment.image("second"))

    assert release is not None
    assert environment.deployed == release.image
    assert environment.releases()[0] == release
    assert (release.number, release.state, release.migrated) == (2, State.LIVE, Migrated.NO)
    assert (release.tag, release.airflow, release.settings) == ("content-second", "3.3.2", "s" * 64)
    assert release.who == "arn:aws:sts::123456789012:assumed-role/dev/ada"
    assert release.time == "2026-01-01T00:00:35Z"
    assert "release-2" in environment.repository.images[release.digest]
    assert environment.cloud.status(ROOT) == "UPDATE_COMPLETE"


def test_the_release_is_written_down_and_kept_from_expiring_before_a_service_changes() -> None:
    environment = Environment()
    seen = []

    def look() -> None:
        seen.append((environment.releases()[0].state, environment.repository.images[environment.releases()[0].digest]))

    environment.during = look
    environment.roll(environment.image("second"))

    assert seen == [(State.ROLLING, ["content-second", "release-2"])]


def test_an_image_that_the_root_has_is_no_release() -> None:
    environment = Environment()

    assert environment.roll(environment.first) is None
    assert len(environment.releases()) == 1
    assert environment.cloud.change_sets == {}


@pytest.mark.parametrize("action", ["add", "remove", "replace"])
def test_a_change_set_that_does_more_is_discarded_and_told(action: str) -> None:
    environment = Environment()
    extra = Resource("Database", "AWS::RDS::DBInstance")
    before = environment.cloud._get(ROOT)
    assert before.graph
    plain = before.graph
    if action == "remove":
        before.graph = replace(plain, resources=(*plain.resources, extra))
        environment.cloud.again = lambda _, __: plain
    elif action == "add":
        environment.cloud.again = lambda graph, _: replace(graph, resources=(*graph.resources, extra))
    else:
        environment.cloud.replaced = {"Services"}
    with pytest.raises(DeployError, match=r"would change more than the image: airflow-dev/.*; nothing was changed"):
        environment.roll(environment.image("second"))

    assert environment.cloud.change_sets.keys() == {c for c in environment.cloud.change_sets if "nested-" in c}
    assert environment.deployed == environment.first.reference
    assert len(environment.releases()) == 1


def test_the_cause_of_a_failed_roll_out_is_told_in_the_words_of_its_task() -> None:
    environment = Environment()
    failing(environment, lines=("starting", "scheduler: FERNET_KEY is missing\x1b[2J; give it", " "))

    with pytest.raises(DeployError) as caught:
        environment.roll(environment.image("second"))

    said = str(caught.value)
    assert said.startswith(
        "release 2 is not live: worker: task ended (exit 78): scheduler: FERNET_KEY is missing [2J; give it; "
        "airflow-dev was not updated, it is in UPDATE_ROLLBACK_COMPLETE: airflow-dev/Services/worker"
    )
    assert said.endswith("the services run release 1 as before; mend it and push again (make airflow-push-image)")
    assert (
        environment.said.count(
            "worker: task ended (exit 78): scheduler: FERNET_KEY is missing [2J; give it\n    starting\n"
            "    scheduler: FERNET_KEY is missing [2J; give it"
        )
        == 1
    )
    assert (environment.releases()[0].state, environment.releases()[0].migrated) == (State.FAILED, Migrated.NO)
    assert environment.deployed == environment.first.reference


def test_a_roll_out_that_fails_after_a_migration_says_that_old_code_is_on_a_newer_database() -> None:
    environment = Environment(facts=OLDER)
    failing(environment)
    environment.logs.streams["webserver/webserver/1"] = ["INFO the database is at alembic_version=c,other=x"]

    with pytest.raises(DeployError) as caught:
        environment.roll(environment.image("second", NEWER))

    said = str(caught.value)
    assert (
        "BUT the database has been migrated for it (to alembic_version=c), while AWS has put the code of release 1"
        in said
    )
    assert "none of it can be started again on the newer database" in said
    assert "mend the cause and push again (make airflow-push-image), with Airflow 3.3.2 or newer" in said
    assert "before 2026-01-01T" in said
    assert (environment.releases()[0].state, environment.releases()[0].migrated) == (State.FAILED, Migrated.YES)

    environment.fails, environment.during = "", lambda: None
    with pytest.raises(DeployError, match="the database has migrated past it with release 2"):
        environment.roll(environment.image("third", OLDER))
    forward = environment.roll(environment.image("mended", NEWER))
    assert forward is not None
    assert (forward.number, forward.state, forward.migrated) == (3, State.LIVE, Migrated.NO)


@pytest.mark.parametrize(
    ("denied", "started", "migrated"),
    [(False, True, Migrated.UNKNOWN), (True, True, Migrated.UNKNOWN), (False, False, Migrated.NO)],
)
def test_without_a_word_of_the_database_it_may_have_migrated_unless_nothing_was_ever_started(
    denied: bool, started: bool, migrated: Migrated
) -> None:
    environment = Environment(facts=OLDER)
    environment.logs.denied = denied
    pulled = {"container": {"reason": "CannotPullContainerError: pull access denied"}}
    failing(environment, **STOPPED if started else {**pulled, "startedAt": None})

    with pytest.raises(DeployError) as caught:
        environment.roll(environment.image("second", NEWER))

    assert environment.releases()[0].migrated is migrated
    assert ("the database may have been migrated" in str(caught.value)) is (migrated is Migrated.UNKNOWN)
    assert ("worker: task did not start: CannotPullContainerError" in str(caught.value)) is not started
    assert any("log group group cannot be asked" in line for line in environment.said) is denied


def test_another_revision_in_the_log_is_no_migration_of_this_release() -> None:
    environment = Environment(facts=OLDER)
    failing(environment)
    environment.logs.streams["webserver/webserver/1"] = ["the database is at alembic_version=b"]

    with pytest.raises(DeployError, match="may have been migrated"):
        environment.roll(environment.image("second", NEWER))


def test_a_worker_at_zero_is_rehearsed_before_live_is_said() -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played(desired=0))
    release = environment.roll(environment.image("second"))

    assert release is not None
    assert release.state is State.LIVE
    (asked,) = environment.cluster.started
    assert asked["taskDefinition"].endswith("task-definition/worker:3")
    assert asked["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == ["subnet-1"]
    assert asked["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    assert asked["overrides"]["containerOverrides"] == [
        {"name": "worker", "environment": [{"name": "WORKER_REHEARSAL", "value": "true"}]}
    ]
    assert asked["startedBy"] == "release-2"
    assert environment.cluster.stopped == ["the rehearsal of release-2 is over"]
    assert "worker: healthy" in environment.said


@pytest.mark.parametrize(
    ("wakes", "problem"),
    [
        ("ends", "worker: task ended (exit 1): ImportError: no module named pandas"),
        ("UNHEALTHY", "worker: a task of it was not healthy within "),
        ("never starts", "worker: a task of it did not run within "),
    ],
)
def test_a_worker_that_does_not_wake_up_fails_the_release_and_the_image_goes_back(wakes: str, problem: str) -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played(desired=0, wakes=wakes))
    environment.logs.streams["worker/worker/rehearsal1"] = ["loading", "ImportError: no module named pandas"]
    with pytest.raises(DeployError) as caught:
        environment.roll(environment.image("second"))

    assert str(caught.value).startswith(f"release 2 is not live: it was rehearsed, and {problem}")
    assert str(caught.value).endswith(
        "the services run release 1 again; mend it and push again (make airflow-push-image)"
    )
    assert environment.deployed == environment.first.reference
    assert environment.releases()[0].state is State.FAILED
    assert "    ImportError: no module named pandas" in environment.said
    assert len(environment.cluster.stopped) == 1


def test_a_worker_that_does_not_wake_up_after_a_migration_brings_nothing_back() -> None:
    environment = Environment(facts=OLDER, webserver=Played(entrance=True), worker=Played(desired=0, wakes="ends"))
    second = environment.image("second", NEWER)
    with pytest.raises(DeployError, match="may have been migrated for it, so nothing goes back: the new code stays"):
        environment.roll(second)

    assert environment.deployed == second.reference
    assert (environment.releases()[0].state, environment.releases()[0].migrated) == (State.FAILED, Migrated.UNKNOWN)


def test_no_capacity_for_a_moment_is_no_failure() -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played(desired=0))
    environment.cluster.no_place = 5
    release = environment.roll(environment.image("second"))

    assert release is not None
    assert len(environment.cluster.started) == 6


def test_no_capacity_for_long_is_told() -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played(desired=0))
    environment.cluster.no_place = 10_000
    with pytest.raises(DeployError, match="no task of it could be started: Capacity is unavailable at this time"):
        environment.roll(environment.image("second"))


def test_an_environment_that_sleeps_proves_nothing_and_says_so() -> None:
    environment = Environment(webserver=Played(desired=0, entrance=True), worker=Played(desired=0))
    release = environment.roll(environment.image("second"))

    assert release is not None
    assert environment.cluster.started == []
    assert (release.state, release.unproven) == (State.LIVE, "every service was at zero (service.hours)")


def test_a_service_whose_deployment_fails_after_the_stack_is_told() -> None:
    environment = Environment()

    def fail() -> None:
        new = environment.deployed != environment.first.reference
        environment.cluster.services["worker"].rollout = "FAILED" if new else "COMPLETED"

    environment.during = fail
    with pytest.raises(DeployError, match="worker: its deployment failed: ECS deployment circuit breaker"):
        environment.roll(environment.image("second"))
    assert environment.deployed == environment.first.reference


def test_services_that_never_get_steady_are_named() -> None:
    environment = Environment()
    environment.during = lambda: setattr(environment.cluster.services["worker"], "rollout", "IN_PROGRESS")
    with pytest.raises(DeployError, match="release 2 is not live: not steady after 20 minutes: worker; "):
        environment.roll(environment.image("second"))


def test_old_images_go_and_those_in_service_or_to_return_to_stay() -> None:
    environment = Environment()
    environment.target = type(environment.target)(ROOT, "bucket", URI, keep=2)
    unreleased = environment.image("unreleased")
    images = [environment.image(f"n{number}") for number in range(4)]
    environment.cluster.end_task("worker")  # a stopped one keeps nothing
    task = environment.cluster.end_task("worker", container={"image": images[0].reference})
    environment.cluster.tasks[task] |= {"desiredStatus": "RUNNING", "lastStatus": "RUNNING"}
    for image in images:
        environment.roll(image)

    left = environment.repository.images
    assert [image.reference.partition("@")[2] in left for image in images] == [True, False, True, True]
    assert environment.first.reference.partition("@")[2] not in left
    assert unreleased.reference.partition("@")[2] in left, "the lifecycle policy is for those"


def test_what_cannot_be_tidied_up_fails_no_release() -> None:
    environment = Environment()
    environment.target = type(environment.target)(ROOT, "bucket", URI, keep=1)
    environment.repository.held.add(environment.first.reference.partition("@")[2])
    environment.roll(environment.image("second"))

    assert environment.releases()[0].state is State.LIVE
    assert any(line.startswith("images of old releases were not removed: ") for line in environment.said)


def test_two_at_once_get_no_common_number() -> None:
    environment = Environment()
    second = environment.image("second")
    taken = environment.record(2, second, State.LIVE)
    look = environment.bucket.list_objects_v2  # it is written between our look and our own record
    environment.bucket.list_objects_v2 = lambda **asked: {  # type: ignore[method-assign]
        "Contents": [each for each in look(**asked)["Contents"] if "000002" not in each["Key"]]
    }
    with pytest.raises(DeployError, match="somebody else has begun release 2 at this moment"):
        environment.roll(second)
    assert taken.number == 2
    assert environment.deployed == environment.first.reference
    assert environment.cloud.change_sets.keys() == {c for c in environment.cloud.change_sets if "nested-" in c}


def test_numbers_go_on_after_tags_that_are_there() -> None:
    environment = Environment()
    environment.repository.images[environment.first.reference.partition("@")[2]].append("release-7")
    release = environment.roll(environment.image("second"))
    assert release is not None
    assert release.number == 8


@pytest.mark.parametrize("came_through", [True, False])
def test_a_release_that_was_interrupted_is_seen_for_what_it_has_become(came_through: bool) -> None:
    environment = Environment(facts=OLDER)
    second = environment.image("second", NEWER)
    environment.record(2, second, State.ROLLING, Migrated.UNKNOWN)
    if came_through:
        environment.cloud._get(ROOT).values["Image"] = second.reference
    newest = settled(environment.tools, environment.target, stacks.find(environment.aws, ROOT))[0]

    assert (newest.state, newest.migrated) == (
        (State.LIVE, Migrated.YES) if came_through else (State.FAILED, Migrated.UNKNOWN)
    )
    assert environment.releases()[0] == newest
    assert environment.said == [f"release 2 was interrupted; it is {newest.state} by now"]


def test_a_stack_that_cannot_go_back_is_told_with_the_command_that_helps() -> None:
    environment = Environment(facts=OLDER)
    failing(environment)
    environment.cloud.rollback_fails = True
    with pytest.raises(DeployError) as caught:
        environment.roll(environment.image("second", NEWER))
    assert (
        "first let the stack come to rest: `make airflow-deploy` offers to go on with the rollback; BUT the database"
    ) in str(caught.value)


def test_what_could_not_be_seen_to_run_is_not_called_live() -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played(desired=0))

    def refuse(**_: object) -> None:
        raise RefusedError("AccessDeniedException", "not authorized to perform: ecs:RunTask")

    environment.cluster.run_task = refuse  # type: ignore[method-assign, assignment]
    with pytest.raises(DeployError, match="release 2 is in the services, but could not be seen to run: AWS does"):
        environment.roll(environment.image("second"))
    assert environment.releases()[0].state is State.ROLLING


def test_interrupted_it_says_that_aws_goes_on_and_stops_the_rehearsal() -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played(desired=0, wakes="never starts"))
    environment.interrupt_when(lambda: bool(environment.cluster.started))
    with pytest.raises(KeyboardInterrupt):
        environment.roll(environment.image("second"))
    assert environment.said[-1] == (
        "release 2 is in the services, but could not be seen to run;"
        " push again (make airflow-push-image), which looks once more"
    )
    assert environment.cluster.stopped == ["the rehearsal of release-2 is over"]


def test_an_image_that_cannot_be_kept_from_expiring_is_not_rolled_out() -> None:
    environment = Environment()
    second = environment.image("second")
    environment.repository.images.pop(second.reference.partition("@")[2])
    with pytest.raises(DeployError, match="is no longer in the repository"):
        environment.roll(second)
    assert environment.deployed == environment.first.reference
    assert (environment.releases()[0].state, environment.releases()[0].migrated) == (State.FAILED, Migrated.NO)
    assert environment.cloud.change_sets.keys() == {c for c in environment.cloud.change_sets if "nested-" in c}
