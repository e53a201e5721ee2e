"""What is in the services and was not proven is proven by the next command; going green is earned."""

from __future__ import annotations

import pytest

from deployer.errors import DeployError
from deployer.images.facts import ImageFacts
from deployer.releasing import releases
from deployer.releasing.releases import Migrated, State
from tests.deployer.scripted_clients import RefusedError
from tests.deployer.scripted_cluster import Played
from tests.deployer.scripted_environment import BUCKET, NEWER, OLDER, Environment


def awake(wakes: str = "HEALTHY", facts: ImageFacts = NEWER) -> Environment:
    """An environment whose workers stand at zero."""
    return Environment(facts=facts, webserver=Played(entrance=True), worker=Played(desired=0, wakes=wakes))


def test_the_same_image_again_after_its_rehearsal_failed_behind_a_migration_is_rehearsed_again() -> None:
    environment = awake("ends", OLDER)
    second = environment.image("second", NEWER)
    with pytest.raises(DeployError, match="the new code stays"):
        environment.roll(second)
    with pytest.raises(DeployError, match="release 3 is not live: it was rehearsed, and worker: task ended"):
        environment.roll(second)
    assert len(environment.cluster.started) == 2
    assert environment.deployed == second.reference, "the older image cannot work with the database"

    environment.cluster.services["worker"].wakes = "HEALTHY"
    release = environment.roll(second)
    assert release is not None
    assert (release.number, release.state, release.migrated, release.unproven) == (4, State.LIVE, Migrated.NO, "")
    assert environment.roll(second) is None


def test_the_same_image_again_after_the_proof_was_cut_off_closes_its_record() -> None:
    environment = awake()
    second, run_task = environment.image("second"), environment.cluster.run_task

    def refuse(**_: object) -> None:
        raise RefusedError("AccessDeniedException", "not authorized to perform: ecs:RunTask")

    environment.cluster.run_task = refuse  # type: ignore[method-assign, assignment]
    with pytest.raises(DeployError, match="release 2 is in the services, but could not be seen to run"):
        environment.roll(second)
    environment.cluster.run_task = run_task  # type: ignore[method-assign]
    release = environment.roll(second)

    assert release is not None
    assert (release.number, release.state, release.unproven) == (2, State.LIVE, "")
    assert [each.number for each in environment.releases()] == [2, 1]
    assert len(environment.cluster.started) == 1


def test_what_was_cut_off_and_does_not_run_goes_back() -> None:
    environment = awake("ends")
    second = environment.image("second")
    environment.cloud._get("airflow-dev").values["Image"] = second.reference
    environment.cluster.roll(second.reference)
    environment.record(2, second, State.ROLLING)
    with pytest.raises(DeployError, match=r"it was rehearsed.*the services run release 1 again"):
        environment.roll(second)
    assert environment.deployed == environment.first.reference
    assert environment.releases()[0].state is State.FAILED


def test_what_was_rolled_out_asleep_is_not_called_live_until_it_was_seen_to_run() -> None:
    environment = Environment(facts=OLDER, webserver=Played(desired=0, entrance=True), worker=Played(desired=0))
    second = environment.image("second", NEWER)
    release = environment.roll(second)
    assert release is not None
    assert (release.state, release.migrated) == (State.LIVE, Migrated.UNKNOWN)
    assert release.unproven == "every service was at zero (service.hours)"

    environment.cluster.services["webserver"].desired = 1
    again = environment.roll(second)
    assert again is not None
    assert (again.number, again.state, again.migrated, again.unproven) == (2, State.LIVE, Migrated.YES, "")
    assert len(environment.cluster.started) == 1


def test_after_a_failure_that_went_back_what_runs_is_still_live() -> None:
    environment = Environment()
    environment.record(2, environment.image("second"), State.FAILED)
    assert environment.roll(environment.first) is None


def test_only_workers_are_rehearsed_and_the_others_are_named() -> None:
    environment = Environment(scheduler=Played(desired=0), webserver=Played(entrance=True), worker=Played(desired=0))
    release = environment.roll(environment.image("second"))

    assert [asked["taskDefinition"].rpartition("/")[2] for asked in environment.cluster.started] == ["worker:3"]
    assert release is not None
    assert release.unproven == "at zero: scheduler"


def test_a_machine_that_is_taken_away_is_no_fault_of_the_image() -> None:
    environment = awake()
    environment.cluster.taken_away = 2
    release = environment.roll(environment.image("second"))

    assert release is not None
    assert release.state is State.LIVE
    assert len(environment.cluster.started) == 3


def test_a_task_that_finds_no_machine_after_it_was_taken_is_asked_for_again() -> None:
    environment = awake()
    first = environment.cluster.run_task

    def taken(**asked: object) -> object:
        answer = first(**asked)
        if len(environment.cluster.started) == 1:
            why = {"stopCode": "TaskFailedToStart", "stoppedReason": "Capacity is unavailable at this time."}
            arn = answer["tasks"][0]["taskArn"]
            environment.cluster.tasks[arn] |= {**why, "lastStatus": "STOPPED", "desiredStatus": "STOPPED"}
        return answer

    environment.cluster.run_task = taken  # type: ignore[method-assign, assignment]
    assert environment.roll(environment.image("second")) is not None
    assert len(environment.cluster.started) == 2


def test_tasks_of_a_rehearsal_that_was_killed_are_stopped() -> None:
    environment = Environment()
    environment.cluster.run("worker", startedBy="release-7")
    environment.cluster.run("worker", startedBy="ecs-svc/1234")
    environment.roll(environment.image("second"))

    assert environment.cluster.stopped == ["left over from a rehearsal that was killed"]
    assert "tasks left over from a rehearsal that was killed: 1 stopped" in environment.said


def test_a_service_of_somebody_else_in_the_cluster_is_left_alone() -> None:
    environment = Environment()
    environment.cluster.services["theirs"] = Played(desired=0, image="theirs", rollout="IN_PROGRESS")
    roll = environment.cluster.roll

    def without_theirs(image: str) -> None:
        roll(image)
        environment.cluster.services["theirs"].image = "theirs"
        environment.cluster.definitions[environment.cluster._arn("theirs")] = "theirs"

    environment.cluster.roll = without_theirs  # type: ignore[method-assign]
    second = environment.image("second")
    assert environment.roll(second) is not None
    assert environment.roll(second) is None
    assert environment.cluster.started == []


def test_a_record_that_cannot_be_written_does_not_hide_the_cause() -> None:
    environment = Environment()
    environment.fails = "it was triggered"
    put = environment.bucket.put_object

    def full(Bucket: str, Key: str, Body: bytes, **rest: object) -> None:  # noqa: N803
        if b'"failed"' in Body:
            raise RefusedError("AccessDenied", "no")
        put(Bucket=Bucket, Key=Key, Body=Body, **rest)

    environment.bucket.put_object = full  # type: ignore[method-assign]
    with pytest.raises(DeployError, match=r"release 2 is not live: airflow-dev was not updated.*it was triggered"):
        environment.roll(environment.image("second"))
    assert any(line.startswith("the record of release 2 could not be written: ") for line in environment.said)


def test_a_record_whose_answer_was_lost_is_known_again() -> None:
    environment = Environment()
    put = environment.bucket.put_object
    lost: list[str] = []

    def once_more(Bucket: str, Key: str, Body: bytes, **rest: object) -> None:  # noqa: N803
        put(Bucket=Bucket, Key=Key, Body=Body, **rest)
        if rest.get("IfNoneMatch") and not lost:
            lost.append(Key)
            put(Bucket=Bucket, Key=Key, Body=Body, **rest)

    environment.bucket.put_object = once_more  # type: ignore[method-assign]
    release = environment.roll(environment.image("second"))
    assert lost == ["releases/000002.json"]
    assert release is not None
    assert release.state is State.LIVE
    assert releases.read(environment.aws, BUCKET)[0] == release
