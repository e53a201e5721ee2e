"""What is looked up to be shown beside a change set, before anybody is asked."""

from __future__ import annotations

import pytest

from deployer.plans import beside
from tests.deployer.plans.test_drift import planned
from tests.deployer.scenes import Scene
from tests.deployer.scripted_cloudformation import Graph, Resource, detail, nested

LOGS, TOPIC = Resource("Logs", "AWS::S3::Bucket"), Resource("Topic", "AWS::SNS::Topic")
OLD = Graph((nested("Storage", LOGS, Resource("Same")), nested("Rest", TOPIC), Resource("Queue")))
NEW = Graph(
    (nested("Storage", Resource("Same")), nested("Rest", Resource("Topic", TOPIC.type, version=2)), Resource("Queue"))
)


def standing() -> Scene:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", OLD)
    scene.cloud.calls.clear()
    return scene


def test_what_cloudformation_warns_of_is_told_with_its_place() -> None:
    scene = standing()
    scene.cloud.warned = {"Logs": ["The bucket is\nnot empty."]}

    assert beside.warnings(scene.aws, planned(scene, NEW)) == (
        "CloudFormation warns:",
        "  app/Storage/Logs (AWS::S3::Bucket): The bucket is not empty (at /Resources/Logs/Properties)",
    )


def test_it_is_asked_of_what_adds_or_removes_or_replaces_alone() -> None:
    scene = standing()
    assert beside.warnings(scene.aws, planned(scene, NEW)) == ()
    assert scene.cloud.calls.count("DescribeEvents") == 1, "of Storage"

    scene = standing()
    replaced = Resource("Topic", TOPIC.type, version=2, details=(detail("TopicName", "Always"),))
    beside.warnings(scene.aws, planned(scene, Graph((OLD.resources[0], nested("Rest", replaced), Resource("Queue")))))
    assert scene.cloud.calls.count("DescribeEvents") == 1, "of Rest"

    scene = Scene()
    beside.warnings(scene.aws, planned(scene, OLD))
    assert scene.cloud.calls.count("DescribeEvents") == 3, "all of a new stack"


def test_of_many_the_first_are_told() -> None:
    scene = standing()
    scene.cloud.warned = {"Logs": [f"reason {number}" for number in range(8)]}

    told = beside.warnings(scene.aws, planned(scene, NEW))
    assert told[-1] == "  and 3 more"
    assert "reason 4" in told[-2]


@pytest.mark.parametrize("code", ["UnknownOperationException", "InvalidAction", "AccessDenied"])
def test_where_it_may_not_be_asked_the_deploy_goes_on(code: str) -> None:
    scene = Scene()
    scene.cloud.events_refused = code

    assert beside.warnings(scene.aws, planned(scene, OLD)) == ()
    assert scene.cloud.calls.count("DescribeEvents") == 1
    assert scene.said == []


def test_warnings_and_what_was_changed_by_hand_are_there_when_somebody_is_asked() -> None:
    scene = standing()
    scene.cloud.warned, scene.cloud.drifted = {"Logs": ["not empty"]}, {"Topic": None}

    assert beside.informed(scene.tools, scene.consent)(planned(scene, NEW))

    (asked,) = scene.asked
    assert [line.strip() for line in asked.by_hand[1:]] == ["app/Rest/Topic (AWS::SNS::Topic) was removed by hand"]
    assert "not empty" in asked.warnings[1]
