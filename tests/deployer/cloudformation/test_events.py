from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from deployer.cloudformation import events
from deployer.cloudformation.events import Operation, Since, StackEvent, first_cause
from deployer.errors import DeployError, explained
from tests.deployer.scripted_clients import RefusedError, scripted
from tests.deployer.scripted_cloudformation import (
    MIDNIGHT,
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
    since, began = events.newest(scene.aws, scene.stack.id), scene.time.seconds
    for seconds, status in ((2, "CREATE_FAILED"), (4, "ROLLBACK_IN_PROGRESS"), (6, "ROLLBACK_COMPLETE")):
        scene.cloud._own(scene.stack, status, scene.time.seconds + seconds)

    told, operation = drained(events.follow(scene.aws, "app", scene.stack.id, since, scene.time.clock()))

    assert [e.status for e in told] == ["CREATE_FAILED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    assert scene.time.seconds == began + 9, "it is not told late"
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


def asked(scene: Scene, graph: Graph) -> dict[str, int]:
    """Update the stack, and return how often the events of each stack were asked for."""
    counts: dict[str, int] = {}
    ask = scene.cloud.describe_stack_events

    def counting(StackName: str, **more: Any) -> dict[str, Any]:  # noqa: N803
        name = scene.cloud._get(StackName).name
        counts[name] = counts.get(name, 0) + 1
        return ask(StackName, **more)

    scene.cloud.describe_stack_events = counting  # type: ignore[method-assign, assignment]
    since = events.newest(scene.aws, scene.stack.id)
    scene.cloud.begin_update("app", graph)
    drained(events.follow(scene.aws, "app", scene.stack.id, since, scene.time.clock(3)))
    return counts


def test_a_nested_stack_that_rests_is_asked_rarely() -> None:
    quick = tuple(nested(f"N{number}", Resource("Queue", version=2)) for number in range(15))
    scene = Scene(Graph())

    counts = asked(scene, Graph((*quick, Resource("Slow", seconds=1800))))

    assert counts["app"] > 600, "every 3 seconds"
    assert all(100 <= counts[f"app-N{number}"] < 110 for number in range(15)), "every 18 seconds"


@pytest.mark.parametrize("when", range(40, 46))
def test_a_nested_stack_that_rests_is_heard_at_once_when_its_parent_speaks_of_it(when: int) -> None:
    scene = Scene(Graph())
    child, late = nested("Data", Resource("Queue")), list[float]()
    since, began = events.newest(scene.aws, scene.stack.id), scene.time.seconds
    scene.cloud.begin_update("app", Graph((child, Resource("Slow", seconds=90))))
    scene.cloud._event(scene.stack, child, "DELETE_IN_PROGRESS", began + when)
    scene.cloud._delete(scene.cloud._get("app-Data"), began + when)

    def look(fresh: Sequence[StackEvent]) -> None:
        told = [e for e in fresh if e.own and (e.path, e.status) == ("app/Data", "DELETE_IN_PROGRESS")]
        late.extend(scene.time.seconds - (e.time - MIDNIGHT).total_seconds() for e in told)

    drained(events.follow(scene.aws, "app", scene.stack.id, since, scene.time.clock(1), look))
    assert late == [0]


def test_what_a_nested_stack_that_rests_does_before_the_root_ends_is_heard() -> None:
    scene = Scene(Graph())
    since, began = events.newest(scene.aws, scene.stack.id), scene.time.seconds
    scene.cloud.begin_update("app", Graph((nested("Data", Resource("Queue")), Resource("Slow", seconds=90))))
    ended = scene.cloud._get("app").events[-1]
    data, before_that = scene.cloud._get("app-Data"), (ended["Timestamp"] - MIDNIGHT).total_seconds() - 0.5
    scene.cloud._own(data, "UPDATE_COMPLETE", before_that)

    told, _ = drained(events.follow(scene.aws, "app", scene.stack.id, since, scene.time.clock(1)))
    assert [(e.path, e.status) for e in told][-2:] == [("app/Data", "UPDATE_COMPLETE"), ("app", "UPDATE_COMPLETE")]
    assert scene.time.seconds - began < 96, "the root's end is what makes it heard"


def troubled(scene: Scene, code: str, since: float, until: float) -> None:
    """Let AWS refuse to tell of stacks and their events between two points in time; of the root only by turns."""
    for name in ("describe_stack_events", "describe_stacks"):
        setattr(scene.cloud, name, refusing(scene, getattr(scene.cloud, name), code, since, until))


def refusing(
    scene: Scene, ask: Callable[..., dict[str, Any]], code: str, since: float, until: float
) -> Callable[..., dict[str, Any]]:
    def answer(StackName: str, **more: Any) -> dict[str, Any]:  # noqa: N803
        is_of_root = StackName == scene.stack.id
        if since <= scene.time.seconds < until and not (is_of_root and int(scene.time.seconds) % 2):
            raise RefusedError(code, "Rate exceeded")
        return ask(StackName, **more)

    return answer


@pytest.mark.parametrize("code", ["Throttling", "ServiceUnavailable"])
@pytest.mark.parametrize("page", [1, 100])
def test_while_aws_has_no_time_it_is_waited_for_and_nothing_is_lost(code: str, page: int) -> None:
    scene = Scene(Graph(), page=page)
    since = events.newest(scene.aws, scene.stack.id)
    scene.cloud.begin_update("app", GRAPH)
    plain = {(e["LogicalResourceId"], e["ResourceStatus"]) for e in scene.cloud._get("app").events[1:]}
    troubled(scene, code, scene.time.seconds + 2, scene.time.seconds + 300)

    told, operation = drained(events.follow(scene.aws, "app", scene.stack.id, since, scene.time.clock()))

    assert operation.status == "UPDATE_COMPLETE"
    assert {(e.logical_id, e.status) for e in told if e.stack == "app"} == plain
    paths = [(e.path, e.status) for e in told]
    assert ("app/Network/Inner/Subnet", "CREATE_COMPLETE") in paths
    assert len({(e.stack_id, e.logical_id, e.physical_id, e.status) for e in told}) == len(told), "each comes once"


@pytest.mark.parametrize(
    ("code", "line", "waited"),
    [
        ("Throttling", "AWS is throttling DescribeStack", 600),
        ("ExpiredToken", "the AWS credentials have expired", 0),
        ("AccessDenied", "AWS does not allow DescribeStack", 0),
    ],
)
def test_what_does_not_pass_ends_the_watch_with_what_it_is(code: str, line: str, waited: float) -> None:
    scene = Scene(Graph())
    since = events.newest(scene.aws, scene.stack.id)
    scene.cloud.begin_update("app", Graph((nested("Data", Resource("Slow", seconds=7200)),)))
    begins = scene.time.seconds + 10
    troubled(scene, code, begins, begins + 9000)

    with pytest.raises(DeployError, match=line), explained():
        drained(events.follow(scene.aws, "app", scene.stack.id, since, scene.time.clock()))
    assert waited <= scene.time.seconds - begins < waited + 5
