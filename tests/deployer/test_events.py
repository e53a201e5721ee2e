from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import pytest

from deployer import events
from deployer.errors import DeployError
from deployer.events import Operation, Since, StackEvent, first_cause
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cloudformation import (
    Graph,
    Resource,
    ScriptedCloudFormation,
    Stack,
    VirtualTime,
    nested,
)

GRAPH = Graph((nested("Network", Resource("Vpc", seconds=3), nested("Inner", Resource("Subnet"))), Resource("Queue")))


class Scene:
    """A stack `app` that stands, and operations begun on it behind the deployer's back."""

    def __init__(self, graph: Graph = GRAPH, *, lag: float = 0, page: int = 100) -> None:
        self.time = VirtualTime()
        self.cloud = ScriptedCloudFormation(self.time, lag=lag, page=page)
        self.aws = scripted({"cloudformation": self.cloud})
        self.stack: Stack = self.cloud.put("app", "CREATE_COMPLETE", graph)
        self.time.sleep(lag)

    def delete(self, pace: float = 1.0) -> tuple[list[StackEvent], Operation]:
        since = events.newest(self.aws, self.stack.id)
        self.cloud.delete_stack(self.stack.id)
        return drained(events.follow(self.aws, "app", self.stack.id, since, self.time.clock(pace)))


def drained(following: Generator[StackEvent, None, Operation]) -> tuple[list[StackEvent], Operation]:
    told = []
    while True:
        try:
            told.append(next(following))
        except StopIteration as end:
            return told, end.value


def created(graph: Graph, *, page: int = 100, lag: float = 0, pace: float = 1.0) -> tuple[list[StackEvent], Operation]:
    time = VirtualTime()
    cloud = ScriptedCloudFormation(time, lag=lag, page=page)
    aws = scripted({"cloudformation": cloud})
    stack = cloud.put("app", "REVIEW_IN_PROGRESS")
    since = events.newest(aws, stack.id)
    cloud._create(stack, graph, time.seconds)
    return drained(events.follow(aws, "app", stack.id, since, time.clock(pace)))


@pytest.mark.parametrize("page", [1, 3, 100])
@pytest.mark.parametrize("lag", [0, 2.5])
@pytest.mark.parametrize("pace", [0.1, 2, 50])
def test_each_event_of_all_nested_stacks_comes_once(page: int, lag: float, pace: float) -> None:
    told, operation = created(GRAPH, page=page, lag=lag, pace=pace)

    assert sorted((e.path, e.status) for e in told) == sorted(
        [(path, f"CREATE_{status}") for path in PATHS for status in ("IN_PROGRESS", "COMPLETE")]
        + [(path, "CREATE_IN_PROGRESS") for path in ("app/Network", "app/Network/Inner")]  # before it had an id
    )
    assert operation == Operation("CREATE_COMPLETE", tuple(told))
    assert operation.succeeded


PATHS = [
    *("app", "app/Queue"),
    *("app/Network", "app/Network", "app/Network/Vpc"),  # a nested stack speaks for itself, and its parent for it
    *("app/Network/Inner", "app/Network/Inner", "app/Network/Inner/Subnet"),
]


def test_the_first_word_of_a_child_is_heard_though_its_parent_tells_of_it_later() -> None:
    told, _ = created(GRAPH)

    told_by_parent = next(e for e in told if e.path == "app/Network" and not e.own and e.physical_id)
    told_by_itself = next(e for e in told if e.path == "app/Network" and e.own)
    assert told_by_itself.status == "CREATE_IN_PROGRESS"
    assert told_by_itself.time < told_by_parent.time


def test_the_end_of_the_root_is_the_last_word() -> None:
    told, _ = created(GRAPH, pace=50)

    assert (told[-1].path, told[-1].status) == ("app", "CREATE_COMPLETE")
    assert [e.time for e in told] == sorted(e.time for e in told)


def test_what_happened_before_is_not_told_again() -> None:
    scene = Scene(page=2)
    scene.cloud._update(scene.stack, Graph((Resource("Queue", version=2), *GRAPH.resources)), scene.time.seconds)
    scene.time.sleep(60)

    told, operation = scene.delete()

    assert {e.status for e in told} == {"DELETE_IN_PROGRESS", "DELETE_COMPLETE"}
    assert operation.status == "DELETE_COMPLETE"


def test_an_operation_that_runs_already_is_told_from_its_beginning() -> None:
    scene = Scene()
    scene.cloud.delete_stack(scene.stack.id)
    scene.time.sleep(1)

    since = events.last_operation(scene.aws, scene.stack.id)
    told, _ = drained(events.follow(scene.aws, "app", scene.stack.id, since, scene.time.clock()))

    assert (told[0].path, told[0].status) == ("app", "DELETE_IN_PROGRESS")
    assert "CREATE_COMPLETE" not in {e.status for e in told}


def test_a_rollback_is_followed_to_its_end() -> None:
    broken = Graph((nested("Data", Resource("Db", seconds=5, fails="no capacity")), Resource("Slow", seconds=60)))

    told, operation = created(broken)

    assert operation.status == "ROLLBACK_COMPLETE"
    assert not operation.succeeded
    assert {e.status for e in told if e.path == "app/Slow"} >= {"CREATE_FAILED"}


def test_a_failure_is_not_the_end_while_the_stack_is_at_work_again() -> None:
    scene = Scene(Graph(), lag=3)
    since = events.newest(scene.aws, scene.stack.id)
    for seconds, status in ((1, "CREATE_FAILED"), (2, "ROLLBACK_IN_PROGRESS"), (9, "ROLLBACK_COMPLETE")):
        scene.cloud._own(scene.stack, status, scene.time.seconds + seconds)

    told, operation = drained(events.follow(scene.aws, "app", scene.stack.id, since, scene.time.clock()))

    assert [e.status for e in told] == ["CREATE_FAILED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    assert operation.status == "ROLLBACK_COMPLETE"


def test_a_stack_that_lags_behind_its_last_event_is_asked_again() -> None:
    scene = Scene(Graph())
    since = events.newest(scene.aws, scene.stack.id)
    scene.cloud._own(scene.stack, "UPDATE_COMPLETE", scene.time.seconds + 1)
    first = scene.cloud.describe_stacks
    states = iter(["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"])

    def lagging(**asked: str) -> dict[str, list[dict[str, object]]]:
        answer: dict[str, list[dict[str, object]]] = first(**asked)
        answer["Stacks"][0]["StackStatus"] = next(states, answer["Stacks"][0]["StackStatus"])
        return answer

    scene.cloud.describe_stacks = lagging  # type: ignore[method-assign, assignment]
    _, operation = drained(events.follow(scene.aws, "app", scene.stack.id, since, scene.time.clock()))

    assert operation.status == "UPDATE_COMPLETE"
    assert next(states, None) is None


def test_nothing_is_waited_for_for_ever() -> None:
    with pytest.raises(DeployError, match="app is still at work after 12 hours"):
        created(Graph((Resource("Stuck", seconds=float(24 * 3600)),)), pace=600)


def test_a_stack_that_is_not_there_has_no_events() -> None:
    scene = Scene()

    assert events.newest(scene.aws, "gone") == Since()
    assert events.last_operation(scene.aws, "gone") == Since()


def test_the_cause_is_the_first_failure_that_is_no_consequence() -> None:
    told, _ = created(
        Graph(
            (
                nested("Data", Resource("Db", seconds=9, fails="too late"), Resource("Ok", seconds=90)),
                nested("Early", Resource("Role", seconds=5, fails="not allowed")),
                Resource("Slow", seconds=60),
            )
        )
    )

    cause = first_cause(reversed(told))

    assert cause is not None
    assert (cause.path, cause.reason) == ("app/Early/Role", "not allowed")


def test_when_all_failures_are_consequences_the_first_one_is_told() -> None:
    told, _ = created(Graph((Resource("A", fails="Resource creation cancelled"),)))

    cause = first_cause(told)
    assert cause is not None
    assert cause.path == "app/A"


def test_without_failure_there_is_no_cause() -> None:
    assert first_cause(created(GRAPH)[0]) is None


def test_a_reason_is_one_line() -> None:
    told, _ = created(Graph((Resource("A", fails="first\nsecond\x1b[31m"),)))

    cause = first_cause(told)
    assert cause is not None
    assert cause.reason == "first second [31m"
    assert replace(cause, reason="").category.value == "failed"
