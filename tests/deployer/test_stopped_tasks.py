from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deployer.clock import Clock
from deployer.events import StackEvent
from deployer.stopped_tasks import Watch
from tests.deployer.scripted_clients import RefusedError, scripted
from tests.deployer.scripted_cloudformation import VirtualTime
from tests.deployer.scripted_cluster import ARN, CLUSTER, Played, ScriptedCluster, ScriptedLogs


class Scene:
    def __init__(self, cluster: str | None = CLUSTER) -> None:
        self.time = VirtualTime()
        self.cluster = ScriptedCluster(self.time, {"scheduler": Played(), "worker": Played()})
        self.old = frozenset(self.cluster._arn(name) for name in self.cluster.services)
        self.cluster.roll("new")
        self.logs = ScriptedLogs()
        self.said: list[str] = []
        aws = scripted({"ecs": self.cluster, "logs": self.logs})
        clock: Clock = self.time.clock()
        self.watch = Watch(aws, cluster, self.old, clock, self.said.append)

    def end(self, name: str, *lines: str, **told: object) -> None:
        arn = self.cluster.end_task(name, **told)
        if lines:
            self.logs.streams[f"{name}/{name}/{arn.rpartition('/')[2]}"] = list(lines)


def event(kind: str, physical_id: str) -> StackEvent:
    time = datetime(2026, 1, 1, tzinfo=UTC)
    return StackEvent(time, "app/Services", "id", "Worker", physical_id, kind, "CREATE_IN_PROGRESS", "")


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
        {"definition": "old", "container": {"exitCode": 1}},
        {"lastStatus": "DEPROVISIONING", "container": {"exitCode": 1}},
        {"stopCode": "SpotInterruption", "stoppedReason": "Your Spot Task was interrupted."},
        {"stopCode": "TerminationNotice", "container": {"exitCode": 143}},
        {"stopCode": "InfrastructureHealth", "container": {"exitCode": 137}},
        {"stopCode": "TaskFailedToStart", "stoppedReason": "Capacity is unavailable at this time.", "startedAt": None},
    ],
)
def test_what_is_no_failure_of_the_new_release_is_no_cause(told: dict[str, object]) -> None:
    scene = Scene()
    if told.get("definition"):
        told = told | {"definition": next(iter(scene.old))}
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
    assert scene.cluster.calls.count("ListTasks") == 2
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
    assert scene.watch.first() is None
    assert len(scene.said) == 1
    assert scene.said[0].startswith("stopped tasks cannot be looked at: AWS does not allow ListTasks")
    assert scene.watch.ran, "nobody knows"
