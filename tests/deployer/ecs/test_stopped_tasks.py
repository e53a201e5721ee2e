from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.parsers import ResponseParserError

from deployer.clock import Clock
from deployer.cloudformation.events import StackEvent
from deployer.ecs.stopped_tasks import Watch
from tests.deployer.scripted_clients import RefusedError, scripted
from tests.deployer.scripted_cloudformation import MIDNIGHT, VirtualTime
from tests.deployer.scripted_cluster import ARN, CLUSTER, Played, ScriptedCluster, ScriptedLogs


class Scene:
    def __init__(self, cluster: str | None = CLUSTER) -> None:
        self.time = VirtualTime()
        self.cluster = ScriptedCluster(self.time, {"scheduler": Played(), "worker": Played()})
        self.cluster.roll("old")
        self.old = frozenset(self.cluster._arn(name) for name in self.cluster.services)
        self.cluster.roll("new")
        self.logs = ScriptedLogs()
        self.said: list[str] = []
        self.aws = scripted({"ecs": self.cluster, "logs": self.logs})
        clock: Clock = self.time.clock()
        self.watch = Watch(self.aws, cluster, self.old, clock, self.said.append)
        if cluster:
            names = [f"{ARN}:service/{CLUSTER}/{name}" for name in self.cluster.services]
            self.watch.look([event("AWS::ECS::Service", name, "UPDATE_IN_PROGRESS") for name in names])
            self.time.sleep(10)

    def end(self, name: str, *lines: str, **told: object) -> None:
        arn = self.cluster.end_task(name, **told)
        if lines:
            self.logs.streams[f"{name}/{name}/{arn.rpartition('/')[2]}"] = list(lines)


SERVICE = f"{ARN}:service/{CLUSTER}/worker"


def event(kind: str, physical_id: str, status: str = "CREATE_IN_PROGRESS", seconds: float = 0) -> StackEvent:
    time = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return StackEvent(time, "app/Services", "id", "Worker", physical_id, kind, status, "")


def test_the_task_that_ended_first_is_the_cause() -> None:
    scene = Scene()
    scene.end("scheduler", "scheduler: FERNET_KEY is missing", container={"exitCode": 78})
    scene.time.sleep(30)
    scene.end("worker", "waiting for the database", container={"exitCode": 75})
    assert str(scene.watch.first()) == "scheduler: task ended (exit 78): scheduler: FERNET_KEY is missing"
    assert len(scene.said) == 2


@pytest.mark.parametrize(
    "told",
    [
        {"stoppedReason": "Scaling activity initiated by (deployment ecs-svc/1)", "container": {"exitCode": 143}},
        {"stoppedReason": "enough of it", "stopCode": "UserInitiated", "container": {"exitCode": 137}},
        {"lastStatus": "DEPROVISIONING", "container": {"exitCode": 1}},
        {"createdAt": MIDNIGHT - timedelta(minutes=30), "container": {"exitCode": 1}},  # of the release before
        {"group": "family:etl", "container": {"exitCode": 1}},  # somebody's own
        {"group": "service:etl", "container": {"exitCode": 1}},
        {"stopCode": "SpotInterruption", "stoppedReason": "Your Spot Task was interrupted."},
        {"stopCode": "TerminationNotice", "container": {"exitCode": 143}},
        {"stopCode": "InfrastructureHealth", "container": {"exitCode": 137}},
        {"stopCode": "TaskFailedToStart", "stoppedReason": "Capacity is unavailable at this time.", "startedAt": None},
    ],
)
def test_what_is_no_failure_of_the_new_release_is_no_cause(told: dict[str, object]) -> None:
    scene = Scene()
    scene.end("worker", "some line", **told)
    assert scene.watch.first() is None
    assert scene.said == []


WORDS: dict[str, dict[str, object]] = {
    "CannotPullContainerError: not found": {"container": {"reason": "CannotPullContainerError: not found"}},
    "OutOfMemoryError: Container killed due to memory usage": {
        "container": {"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}
    },
    "Task failed container health checks; its last line was: still waiting": {
        "container": {"exitCode": 137},
        "stoppedReason": "Task failed container health checks",
    },
    "ResourceInitializationError: unable to pull secrets": {
        "stoppedReason": "ResourceInitializationError: unable to pull secrets",
        "startedAt": None,
    },
}


@pytest.mark.parametrize("words", WORDS)
def test_the_words_that_say_most_are_told(words: str) -> None:
    scene = Scene()
    scene.end("worker", "still waiting", **WORDS[words])
    assert str(scene.watch.first()).endswith(words)


def test_a_cluster_that_is_being_created_is_learnt_from_its_stacks_events() -> None:
    scene = Scene(cluster=None)
    scene.end("worker", "no", container={"exitCode": 1})
    scene.watch.look([event("AWS::ECS::TaskDefinition", "arn:x"), event("AWS::ECS::Service", "")])
    assert scene.said == []
    scene.time.sleep(60)
    scene.watch.look([event("AWS::ECS::Service", f"{ARN}:service/{CLUSTER}/worker")])
    assert scene.said == ["worker: task ended (exit 1): no\n    no"]


def test_it_looks_now_and_then_and_tells_the_same_but_once() -> None:
    scene = Scene()
    for _ in range(20):
        scene.end("worker", "no", container={"exitCode": 1})
        scene.watch.look([])
        scene.time.sleep(1)
    assert scene.cluster.calls.count("ListTasks") == 1 + 1 + 2  # at first also for what runs
    assert len(scene.said) == 1


def test_last_words_that_are_still_on_their_way_are_waited_for() -> None:
    scene = Scene()
    scene.end("worker", container={"exitCode": 1})
    scene.watch.look([])
    assert scene.said == []
    (task,) = scene.cluster.tasks
    scene.logs.streams[f"worker/worker/{task.rpartition('/')[2]}"] = [f"line {number}" for number in range(40)]
    scene.time.sleep(10)
    scene.watch.look([])
    assert scene.said[0].splitlines() == [
        "worker: task ended (exit 1): line 39",
        *(f"    line {number}" for number in range(30, 40)),
    ]


def test_who_ends_looking_waits_for_no_log() -> None:
    scene = Scene()
    scene.end("worker", container={"exitCode": 1})
    scene.watch.look([])
    assert scene.watch.tasks == ()
    scene.cluster.gone = True  # a first creation that is undone takes its cluster along

    assert str(scene.watch.first()) == "worker: task ended (exit 1): Essential container in task exited"
    assert not any("cannot be looked at" in line for line in scene.said)


def test_nothing_is_asked_before_anything_has_happened() -> None:
    scene = Scene(cluster=None)
    watch = Watch(scene.aws, CLUSTER, scene.old, scene.time.clock(), scene.said.append)
    scene.end("worker", container={"exitCode": 1})  # of the release before, perhaps
    watch.look([])
    assert scene.cluster.calls == []
    assert not watch.ran


@pytest.mark.parametrize(("minutes", "ran"), [(-30, False), (0, True)])
def test_a_task_that_ran_for_the_release_before_says_nothing_of_this_one(minutes: int, ran: bool) -> None:
    scene = Scene()
    scene.end("worker", createdAt=MIDNIGHT + timedelta(minutes=minutes), container={"exitCode": 1})
    scene.watch.look([])
    assert scene.watch.ran is ran


def test_a_damaged_answer_stops_nothing() -> None:
    scene = Scene()

    def damaged(**_: object) -> None:
        raise ResponseParserError("not JSON")

    scene.cluster.list_tasks = damaged  # type: ignore[method-assign, assignment]
    scene.watch.look([])
    assert scene.said == [
        "stopped tasks cannot be looked at: an answer of AWS arrived damaged; run it again: it continues where it was"
    ]


def test_a_log_that_nobody_may_read_leaves_the_reason() -> None:
    scene = Scene()
    scene.end("worker", container={"exitCode": 1})
    assert str(scene.watch.first()) == "worker: task ended (exit 1): Essential container in task exited"


def test_what_may_not_be_looked_at_stops_nothing_and_is_told_once() -> None:
    scene = Scene()

    def refuse(**_: object) -> None:
        raise RefusedError("AccessDeniedException", "not authorized to perform: ecs:ListTasks")

    scene.cluster.list_tasks = refuse  # type: ignore[method-assign, assignment]
    scene.watch.look([])
    scene.time.sleep(10)
    scene.watch.look([])
    assert scene.watch.first() is None
    assert len(scene.said) == 1
    assert scene.said[0].startswith("stopped tasks cannot be looked at: AWS does not allow ListTasks")
    assert scene.watch.ran, "nobody knows"


def test_a_service_that_failed_is_looked_at_in_that_moment_and_its_words_are_kept() -> None:
    scene = Scene()
    scene.end("worker", "no", container={"exitCode": 1})
    scene.cluster.services["worker"].rollout = "FAILED"
    before = scene.cluster.describe_services
    messages = [
        (19, "(service worker) was unable to place a task. Reason: Capacity is unavailable at this time."),
        (18, "(service worker) has started 1 tasks: (task 1)."),
        (-60, "(service worker) failed long ago."),
    ]

    def describe_services(services: list[str], cluster: str, **asked: object) -> dict[str, Any]:
        answer = before(services, cluster, **asked)
        told = [(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds), text) for seconds, text in messages]
        answer["services"][0]["events"] = [{"createdAt": at, "message": text} for at, text in told]
        return answer

    scene.cluster.describe_services = describe_services  # type: ignore[method-assign]
    scene.time.sleep(1)
    scene.watch.look([event("AWS::ECS::Service", SERVICE, "UPDATE_FAILED", 20)])

    assert scene.watch.words == (
        "Worker: was unable to place a task. Reason: Capacity is unavailable at this time",
        "Worker: ECS deployment circuit breaker: tasks failed to start",
    )
    assert scene.said == ["worker: task ended (exit 1): no\n    no", *scene.watch.words]


def test_a_service_that_only_follows_another_failure_is_not_asked() -> None:
    scene = Scene()
    cancelled = replace(event("AWS::ECS::Service", SERVICE, "UPDATE_FAILED"), reason="Resource update cancelled")
    scene.watch.look([cancelled])
    assert scene.watch.words == ()
    assert "DescribeServices" not in scene.cluster.calls


def test_where_nothing_is_new_tasks_count_that_the_change_has_started() -> None:
    scene = Scene()
    old = min(scene.old, key=lambda arn: "worker" not in arn)
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def end(seconds: float, code: int, group: str = "service:worker") -> None:
        created = start + timedelta(seconds=seconds)
        scene.end("worker", container={"exitCode": code}, definition=old, createdAt=created, group=group)

    end(-5, 1)  # before the change
    end(20, 2)
    end(30, 3, "service:etl")  # not of a service that changes
    undone = StackEvent(start + timedelta(seconds=40), "app", "id", "app", "id", "S", "UPDATE_ROLLBACK_IN_PROGRESS", "")
    scene.watch.look([undone])
    end(50, 4)  # for going back

    assert scene.watch.first() is not None
    assert [each.exit_code for each in scene.watch.tasks] == [2]


def test_a_task_of_a_new_definition_says_more_than_one_of_an_old() -> None:
    scene = Scene()
    old, created = min(scene.old, key=lambda arn: "worker" not in arn), datetime(2026, 1, 1, 1, tzinfo=UTC)
    scene.end("worker", container={"exitCode": 2}, definition=old, createdAt=created, group="service:worker")
    scene.time.sleep(60)
    scene.end("worker", container={"exitCode": 3})

    first = scene.watch.first()
    assert first is not None
    assert first.exit_code == 3
