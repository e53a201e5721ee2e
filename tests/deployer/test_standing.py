from __future__ import annotations

from typing import Any

import pytest

from deployer import standing
from deployer.cloudformation.stacks import StackNames
from deployer.console.standing import table
from deployer.deploying import deployed
from deployer.deploying.deployed import LastDeploy
from deployer.ecs import clusters
from deployer.locking import lock
from deployer.releasing.releases import State
from deployer.standing import ServiceStanding, StackStanding, Standing
from tests.deployer.scripted_cluster import CLUSTER, Played
from tests.deployer.scripted_environment import BUCKET, NEWER, ROOT, Environment

NAMES = StackNames("airflow", "dev")


class Scene(Environment):
    """An environment whose services have tasks: `counts` are those that run, by service."""

    def __init__(self, *, counts: dict[str, int] | None = None, **services: Played) -> None:
        super().__init__(facts=NEWER, fresh=False, **services)
        counts = counts or {}
        before = self.cluster.describe_services

        def describe_services(services: list[str], cluster: str, **asked: object) -> dict[str, Any]:
            answer = before(services, cluster, **asked)
            for each in answer["services"]:
                name = each["serviceArn"].rpartition("/")[2]
                each |= {"serviceName": name, "runningCount": counts.get(name, each["desiredCount"]), "pendingCount": 0}
            return answer

        self.cluster.describe_services = describe_services  # type: ignore[method-assign]
        for name, service in self.cluster.services.items():
            for _ in range(counts.get(name, service.desired)):
                self.cluster.run(name, group=f"service:{name}", healthStatus="HEALTHY")

    @property
    def standing(self) -> Standing:
        return standing.read(self.aws, NAMES)


def test_an_environment_is_told_stack_by_stack_and_service_by_service() -> None:
    scene = Scene(webserver=Played(desired=2, entrance=True), worker=Played(desired=0))
    scene.cluster.run("webserver", group="service:webserver", healthStatus="UNHEALTHY")
    last = LastDeploy("a" * 64, {}, "2026-01-01T00:00:00Z", "arn:aws:sts::1:assumed-role/dev/ada", "f" * 40)
    deployed.write(scene.aws, BUCKET, last)

    assert table(scene.standing).splitlines() == [
        "airflow-dev-foundation  CREATE_COMPLETE  since 2026-01-01T00:00:00Z",
        "airflow-dev             CREATE_COMPLETE  since 2026-01-01T00:00:20Z",
        "Last deploy: 2026-01-01T00:00:00Z by ada, templates aaaaaaaa, commit ffffffff",
        "",
        "service    tasks  healthy  state   release  task definition",
        "webserver  2/2    2        runs    1        webserver:2",
        "worker     0/0    0        asleep  1        worker:2",
    ]
    assert scene.standing.is_well


def test_data_has_all_of_it_and_no_settings() -> None:
    scene = Scene()
    deployed.write(scene.aws, BUCKET, LastDeploy("a", {"serviceName": "x"}, "t", "me"))
    told = standing.as_data(scene.standing)

    assert told["well"] is True
    assert [each["name"] for each in told["stacks"]] == ["airflow-dev-foundation", "airflow-dev"]
    assert told["services"][0] | {"image": ""} == {
        "name": "webserver",
        "running": 1,
        "desired": 1,
        "pending": 0,
        "healthy": 1,
        "revision": "webserver:2",
        "image": "",
        "release": 1,
        "rollout": "COMPLETED",
        "reason": "",
        "state": "runs",
    }
    assert told["lastDeploy"] == {"time": "t", "who": "me", "templates": "a", "commit": ""}


def test_nothing_is_told_as_nothing() -> None:
    scene = Scene()
    found = standing.read(scene.aws, StackNames("airflow", "prod"))

    assert table(found) == "airflow-prod: nothing is deployed; `make airflow-deploy` brings it up"
    assert not found.is_well
    assert standing.as_data(found)["stacks"] == []


@pytest.mark.parametrize(
    ("counts", "rollout", "state"),
    [
        ((1, 1, 0), "COMPLETED", "runs"),
        ((1, 2, 0), "COMPLETED", "tasks missing"),
        ((1, 2, 1), "COMPLETED", "starting"),
        ((0, 1, 0), "IN_PROGRESS", "starting"),
        ((2, 2, 0), "IN_PROGRESS", "rolling out"),
        ((2, 2, 0), "FAILED", "failed"),
        ((1, 0, 0), "COMPLETED", "stopping"),
        ((0, 0, 0), "COMPLETED", "asleep"),
    ],
)
def test_a_service_is_told_in_a_word(counts: tuple[int, int, int], rollout: str, state: str) -> None:
    running, desired, pending = counts
    one = ServiceStanding("worker", running, desired, pending, 0, "worker:1", "image", None, rollout)

    assert one.state == state
    assert one.is_well is (state in {"runs", "asleep"})


def test_a_stack_that_failed_is_told_with_the_way_on() -> None:
    scene = Scene()
    scene.cloud._own(scene.cloud._get(ROOT), "UPDATE_ROLLBACK_FAILED", scene.time.seconds)

    told = table(scene.standing)
    assert not scene.standing.is_well
    assert told.endswith("`make airflow-events` tells what happened, `make airflow-deploy` goes on from there")


def test_a_stack_that_is_being_changed_can_be_watched() -> None:
    scene = Scene()
    scene.cloud._own(scene.cloud._get(ROOT), "UPDATE_IN_PROGRESS", scene.time.seconds)

    assert table(scene.standing).endswith("`make airflow-events ARGS=--follow` watches it")
    assert not scene.standing.is_well


def test_a_change_that_was_taken_back_is_told_though_all_runs() -> None:
    scene = Scene()
    scene.cloud._own(scene.cloud._get(ROOT), "UPDATE_ROLLBACK_COMPLETE", scene.time.seconds)

    assert table(scene.standing).endswith("\n\nits last change was taken back: `make airflow-events` tells why")
    assert scene.standing.is_well


def test_a_stack_that_was_left_half_changed_is_not_well() -> None:
    assert not StackStanding("airflow-dev", "UPDATE_FAILED", "t").is_well


def test_a_foundation_alone_is_told_with_the_way_on() -> None:
    scene = Scene()
    scene.cloud.remove_by_hand(ROOT)

    assert table(scene.standing).endswith(
        "airflow-dev is not there: `make airflow-deploy` brings it up, `make airflow-destroy` removes what is left"
    )
    assert not scene.standing.is_well


def test_where_somebody_removed_the_cluster_there_are_no_services() -> None:
    scene = Scene()
    scene.cluster.gone = True

    assert table(scene.standing).endswith("airflow-dev has no services: somebody may have removed its cluster")
    assert not scene.standing.is_well


def test_why_tasks_are_missing_is_what_ecs_says_of_the_service() -> None:
    scene = Scene(counts={"worker": 0})
    before = scene.cluster.describe_services

    def describe_services(services: list[str], cluster: str, **asked: object) -> dict[str, Any]:
        answer = before(services, cluster, **asked)
        for each in answer["services"]:
            each["events"] = [
                {"message": "(service worker) has reached a steady state."},
                {"message": "(service worker) was unable to place a task. Reason: Capacity is unavailable."},
            ]
            each["deployments"][0]["rolloutStateReason"] = "ECS deployment ecs-svc/1 completed."
        return answer

    scene.cluster.describe_services = describe_services  # type: ignore[method-assign]
    assert table(scene.standing).splitlines()[-2:] == [
        "worker: was unable to place a task. Reason: Capacity is unavailable",
        "what does not run may say why in its log: `make airflow-outputs` shows how to read it",
    ]


def test_only_as_many_releases_are_read_as_tell_what_runs() -> None:
    scene = Scene()
    for number in range(2, 30):
        scene.record(number, scene.image(f"n{number}"), State.FAILED)
    scene.cluster.roll("somebody's")
    scene.bucket.calls.clear()
    assert [each.release for each in scene.standing.services] == [None, None]
    assert scene.bucket.calls.count("GetObject") == 10 + 1  # and what was deployed last

    live = scene.record(30, scene.image("live"), State.LIVE)
    scene.cluster.roll(live.image)
    scene.bucket.calls.clear()
    assert [each.release for each in scene.standing.services] == [30, 30]
    assert scene.bucket.calls.count("GetObject") == 1 + 1


def test_a_service_whose_deployment_failed_is_told_with_its_reason() -> None:
    scene = Scene(worker=Played(rollout="FAILED"))

    assert "worker: ECS deployment circuit breaker: tasks failed to start." in table(scene.standing).splitlines()


LEFT = "the deploy that began last was not brought to its end: `make airflow-deploy`, run again, finishes it"


def _arns(scene: Scene) -> list[str]:
    return list(clusters.services(scene.aws, CLUSTER))


def test_a_deploy_that_broke_off_before_the_counts_of_new_services_is_not_well_though_all_runs() -> None:
    scene = Scene(webserver=Played(entrance=True), worker=Played())
    deployed.begin(scene.aws, BUCKET, None, ())

    assert table(scene.standing).splitlines()[-1].startswith(LEFT)
    assert standing.as_data(scene.standing)["unfinished"] is True
    assert not scene.standing.is_well


@pytest.mark.parametrize("written", [False, True])
def test_a_deploy_that_broke_off_before_its_release_was_seen_to_run_is_not_well(written: bool) -> None:
    scene = Scene()
    deployed.begin(scene.aws, BUCKET, None, _arns(scene))
    if written:
        deployed.write(scene.aws, BUCKET, LastDeploy("a", {}, "t", "me"))
    scene.record(2, scene.image("second"), State.ROLLING)

    assert table(scene.standing).splitlines()[-1].startswith(LEFT)
    assert not scene.standing.is_well


def test_a_deploy_that_failed_and_was_taken_back_has_left_nothing_to_finish() -> None:
    scene = Scene()
    deployed.begin(scene.aws, BUCKET, None, _arns(scene))
    scene.record(2, scene.image("second"), State.FAILED)

    assert not scene.standing.unfinished
    assert scene.standing.is_well


def test_while_somebody_is_at_it_a_deploy_has_not_broken_off() -> None:
    scene = Scene()
    scene.bucket.headers = {"date": "Thu, 01 Jan 2026 00:00:00 GMT"}
    deployed.begin(scene.aws, BUCKET, None, ())
    with lock.held(scene.tools, BUCKET, "deploy"):
        assert not scene.standing.unfinished
    assert scene.standing.unfinished
