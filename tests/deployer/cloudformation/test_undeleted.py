"""What an update could not delete: which of its events say so, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from deployer.cloudformation import events, undeleted
from deployer.cloudformation.events import Operation, StackEvent
from deployer.cloudformation.stacks import StackNames
from deployer.errors import DeployError
from deployer.operations import evidence, last_operations
from deployer.operations.witness import Witness
from tests.deployer.cloudformation.test_events import Scene
from tests.deployer.operations.test_witness import changing
from tests.deployer.scenes import drained
from tests.deployer.scripted_cloudformation import MIDNIGHT, Graph, Resource, nested
from tests.deployer.scripted_cluster import CLUSTER
from tests.deployer.scripted_environment import BUCKET, ROOT, Environment

FULL = "The bucket you tried to delete is not empty"


def updated(before: Graph, after: Graph, blocked: Callable[[str], bool]) -> Operation:
    scene = Scene(before)
    scene.cloud.blocked = lambda physical_id: FULL if blocked(physical_id) else ""
    since = events.newest(scene.aws, scene.stack.id)
    scene.cloud.begin_update("app", after)
    return drained(events.follow(scene.aws, "app", scene.stack.id, since, scene.time.clock()))[1]


def test_it_is_found_in_nested_stacks_too() -> None:
    before = Graph((nested("Storage", Resource("Logs"), Resource("Old"), Resource("Kept", policy="Retain")),))
    operation = updated(before, Graph((nested("Storage", Resource("New")),)), lambda name: name.endswith("-logs"))

    assert undeleted.lines("app", operation)[1:] == (
        f"  app/Storage/Logs (AWS::SQS::Queue, app-storage-logs): {FULL}",
    ), "neither what is gone, nor what was meant to stay"


def test_of_a_nested_stack_that_could_not_be_deleted_the_first_cause_is_told() -> None:
    before = Graph((nested("Flower", Resource("Logs"), nested("Inner", Resource("More"))), Resource("Queue")))
    operation = updated(before, Graph((Resource("Queue"),)), lambda name: name.endswith(("-logs", "-more")))

    (line,) = undeleted.lines("app", operation)[1:]
    assert line.startswith("  app/Flower (AWS::CloudFormation::Stack, arn:aws:cloudformation:eu-west-1:")
    assert line.endswith(f": app/Flower/Logs: {FULL}")


def test_several_are_counted() -> None:
    before = Graph((Resource("One"), Resource("Two"), Resource("Queue")))
    lines = undeleted.lines("app", updated(before, Graph((Resource("Queue"),)), lambda _: True))

    assert lines[0].startswith("app: each of 2 resources could not be deleted, and is in no stack any more: ")
    assert [line.split()[0] for line in lines[1:]] == ["app/One", "app/Two"]


def event(logical_id: str, physical_id: str, status: str, seconds: int) -> StackEvent:
    kind = "AWS::CloudFormation::Stack" if physical_id == "arn" else "AWS::S3::Bucket"
    return StackEvent(MIDNIGHT + timedelta(seconds=seconds), "app", "arn", logical_id, physical_id, kind, status, "")


@pytest.mark.parametrize(
    ("ended", "last", "told"),
    [
        ("UPDATE_COMPLETE", "DELETE_FAILED", ["  app/Logs (AWS::S3::Bucket, old): no reason given"]),
        ("UPDATE_ROLLBACK_COMPLETE", "DELETE_FAILED", ["  app/Logs (AWS::S3::Bucket, old): no reason given"]),
        ("UPDATE_COMPLETE", "DELETE_COMPLETE", []),  # when it was tried again
        ("DELETE_FAILED", "DELETE_FAILED", []),  # it is in its stack still
        ("ROLLBACK_FAILED", "DELETE_FAILED", []),
    ],
)
def test_of_what_was_replaced_it_is_the_old_one(ended: str, last: str, told: list[str]) -> None:
    replaced = [("new", "UPDATE_COMPLETE"), ("old", "DELETE_FAILED"), ("old", last)]
    heard = [event("Logs", physical_id, status, seconds) for seconds, (physical_id, status) in enumerate(replaced)]

    assert list(undeleted.lines("app", Operation(ended, (*heard, event("app", "arn", ended, 9)))))[1:] == told


def with_leftover() -> Environment:
    """An environment from which a change takes a bucket that is not empty."""
    environment = Environment()
    graph = environment.cloud._get(ROOT).graph
    assert graph
    environment.cloud._get(ROOT).graph = Graph((*graph.resources, Resource("Logs")), graph.parameters, graph.outputs)
    again = environment.cloud.again
    environment.cloud.again = lambda _, values: again(graph, values)
    environment.cloud.blocked = lambda physical_id: FULL if physical_id == f"{ROOT}-logs" else ""
    return environment


def test_it_is_kept_and_told_again() -> None:
    environment = with_leftover()
    changing(environment)

    kept = evidence.last(environment.aws, BUCKET, ROOT)
    assert kept is not None
    assert (kept.status, kept.cause) == (
        "UPDATE_COMPLETE",
        f"{ROOT}: a resource could not be deleted, and is in no stack any more",
    )
    assert list(kept.words) == [f"{ROOT}/Logs (AWS::SQS::Queue, {ROOT}-logs): {FULL}"]
    latest = last_operations.find(environment.aws, StackNames("airflow", "dev"))
    assert latest is not None
    assert last_operations.why(environment.aws, latest, last_operations.read(environment.aws, latest)) == kept


def test_it_is_told_beside_what_else_is_wrong() -> None:
    environment = with_leftover()
    changing(environment)
    environment.time.sleep(60)
    witness = Witness(environment.tools, BUCKET, ROOT, CLUSTER)
    witness.disproved(DeployError("release 2 is not live"), ["ImportError"])

    latest = last_operations.find(environment.aws, StackNames("airflow", "dev"))
    assert latest is not None
    why = last_operations.why(environment.aws, latest, last_operations.read(environment.aws, latest))
    assert why is not None
    assert (why.cause, why.words[0]) == ("release 2 is not live", "ImportError")
    assert why.words[1].startswith(f"{ROOT}: a resource could not be deleted, and is in no stack any more: delete it ")
    assert why.words[2:] == (f"{ROOT}/Logs (AWS::SQS::Queue, {ROOT}-logs): {FULL}",)
