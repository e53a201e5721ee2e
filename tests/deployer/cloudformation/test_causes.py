from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from deployer.aws import Aws
from deployer.cloudformation import causes, events
from deployer.cloudformation.events import Operation
from deployer.errors import DeployError
from tests.deployer.cloudformation.test_events import drained
from tests.deployer.scripted_clients import RefusedError, scripted
from tests.deployer.scripted_cloudformation import (
    Graph,
    Resource,
    ScriptedCloudFormation,
    VirtualTime,
    nested,
)

TAKEN = 'Resource handler returned message: "queue already exists" (HandlerErrorCode: AlreadyExists)'
BROKEN = Graph(
    (
        nested("Data", Resource("Slow", seconds=60), Resource("Queue", fails=TAKEN, seconds=4)),
        nested("Late", Resource("Db", "AWS::RDS::DBInstance", fails="no capacity", seconds=9)),
    )
)


class Scene:
    """A stack whose creation has failed; `extra` are failures that CloudFormation tells of besides."""

    def __init__(self, graph: Graph = BROKEN) -> None:
        self.time = time = VirtualTime()
        self.cloud = ScriptedCloudFormation(time)
        self.aws: Aws = scripted({"cloudformation": self.cloud})
        stack = self.cloud.put("app", "REVIEW_IN_PROGRESS")
        since = events.newest(self.aws, stack.id)
        self.cloud._create(stack, graph, time.seconds)
        _, self.operation = drained(events.follow(self.aws, "app", stack.id, since, time.clock()))
        self.stack = stack

    def answer(self, *told: Mapping[str, Any]) -> None:
        """Let CloudFormation pick these failures out of the creation of the root."""
        creation = self.operation.events[0].operation

        def describe_events(OperationId: str, **_: object) -> dict[str, Any]:  # noqa: N803
            return {"OperationEvents": list(told) if OperationId == creation else []}

        self.cloud.describe_events = describe_events  # type: ignore[method-assign, assignment]

    @property
    def failure(self) -> DeployError:
        return causes.failure(self.aws, "app", "created", self.operation)


def test_the_cause_is_told_with_stack_path_resource_full_reason_and_hint() -> None:
    scene = Scene()

    assert scene.failure.line == (
        f"app was not created, it is in ROLLBACK_COMPLETE: app/Data/Queue (AWS::SQS::Queue): CREATE_FAILED: {TAKEN}"
    )
    assert scene.failure.hint.startswith("the name is taken")
    assert "DescribeEvents" in scene.cloud.calls


@pytest.mark.parametrize("code", ["InvalidAction", "AccessDenied", "UnknownOperationException"])
def test_where_failures_cannot_be_asked_for_what_was_followed_says_the_same(code: str) -> None:
    asked = Scene().failure.line
    scene = Scene()
    scene.cloud.events_refused = code

    assert scene.failure.line == asked


def test_a_hook_that_stops_a_deploy_is_the_cause() -> None:
    scene = Scene()
    hook = {
        "EventType": "HOOK_INVOCATION_ERROR",
        "StackId": scene.stack.id,
        "LogicalResourceId": "Bucket",
        "ResourceType": "AWS::S3::Bucket",
        "Timestamp": scene.operation.events[0].time,
        "HookType": "Org::Encryption::Hook",
        "HookStatusReason": "buckets must\nhave a key",
        "HookFailureMode": "FAIL",
    }
    scene.answer({**hook, "HookFailureMode": "WARN", "LogicalResourceId": "Warned"}, hook)

    assert scene.failure.line.endswith(
        "app/Bucket (AWS::S3::Bucket): HOOK_INVOCATION_FAILED: Org::Encryption::Hook: buckets must have a key"
    )


def test_a_validation_is_told_with_its_place() -> None:
    scene = Scene()
    scene.answer(
        {
            "EventType": "VALIDATION_ERROR",
            "StackId": scene.stack.id,
            "LogicalResourceId": "Queue",
            "Timestamp": scene.operation.events[0].time,
            "ValidationName": "PROPERTY_VALIDATION",
            "ValidationPath": "/Resources/Queue/Properties/DelaySeconds",
            "ValidationStatusReason": "901 is more than 900",
            "ValidationFailureMode": "FAIL",
        }
    )

    assert scene.failure.line.endswith(
        "VALIDATION_FAILED: PROPERTY_VALIDATION: /Resources/Queue/Properties/DelaySeconds: 901 is more than 900"
    )


def test_what_a_rollback_was_for_is_found_in_the_operation_before_it() -> None:
    scene = Scene()
    told = scene.cloud._get("app-Data").events
    failed = next(event for event in told if event["ResourceStatusReason"] == TAKEN)
    failed["ResourceStatusReason"] = f"{TAKEN}, and more"  # which was not followed

    assert scene.failure.line.endswith("CREATE_FAILED: " + f"{TAKEN}, and more")
    operations = {event.operation for event in scene.operation.events if event.own and event.path == "app"}
    assert len(operations) == 2, "the creation and the rollback"


def test_failures_of_operations_before_are_not_the_cause() -> None:
    scene = Scene(Graph((Resource("Queue", fails="long ago"),)))
    clock = scene.time.clock()
    since = events.newest(scene.aws, scene.stack.id)
    scene.cloud._update(scene.stack, Graph((Resource("Role", fails="not allowed"),)), scene.time.seconds)
    _, scene.operation = drained(events.follow(scene.aws, "app", scene.stack.id, since, clock))

    assert "app/Role (AWS::SQS::Queue): UPDATE_FAILED: not allowed" in scene.failure.line


def test_where_operations_have_no_id_nothing_is_asked() -> None:
    scene = Scene()
    scene.operation = replace(scene.operation, events=tuple(replace(e, operation="") for e in scene.operation.events))
    scene.cloud.calls.clear()

    assert "app/Data/Queue" in scene.failure.line
    assert scene.cloud.calls == []


def test_an_answer_that_lacks_the_cause_does_not_hide_it() -> None:
    scene = Scene()
    scene.answer(
        {
            "EventType": "PROVISIONING_ERROR",
            "StackId": scene.stack.id,
            "LogicalResourceId": "Data",
            "ResourceStatus": "CREATE_FAILED",
            "ResourceStatusReason": "Embedded stack was not successfully created: failed to create: [Queue].",
            "Timestamp": scene.operation.events[-1].time,
        }
    )

    assert "app/Data/Queue" in scene.failure.line


def test_a_failure_without_any_word_is_told_by_its_state() -> None:
    scene = Scene()

    told = causes.failure(scene.aws, "app", "created", Operation("ROLLBACK_COMPLETE", ()))

    assert str(told) == "app was not created, it is in ROLLBACK_COMPLETE"


def test_only_so_many_operations_are_asked_for() -> None:
    scene = Scene(Graph(tuple(nested(f"N{n}", Resource("Q", fails="no")) for n in range(20))))

    assert "CREATE_FAILED: no" in scene.failure.line
    scene.cloud.calls.clear()
    assert "CREATE_FAILED: no" in scene.failure.line
    assert scene.cloud.calls.count("DescribeEvents") == 6


def test_what_breaks_while_asking_does_not_hide_the_cause() -> None:
    scene = Scene()

    def throttled(**_: object) -> dict[str, Any]:
        raise RefusedError("Throttling", "Rate exceeded")

    scene.cloud.describe_events = throttled  # type: ignore[method-assign, assignment]
    assert "app/Data/Queue" in scene.failure.line
