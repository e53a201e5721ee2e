from __future__ import annotations

import pytest

from deployer.cloudformation.stack_updates import Outcome
from deployer.errors import DeployError
from tests.deployer.scenes import Scene
from tests.deployer.scripted_cloudformation import Graph, Resource, nested

GRAPH = Graph((nested("Data", Resource("Db", "AWS::RDS::DBInstance")), Resource("Queue")))


def rejected(scene: Scene, graph: Graph = GRAPH) -> DeployError:
    with pytest.raises(DeployError) as caught:
        scene.deploy_stack(graph)
    assert scene.cloud.change_sets == {}, "nothing is left behind"
    assert scene.cloud.status("app") == "nothing"
    assert scene.asked == []
    return caught.value


def test_what_fails_validation_is_told_by_resource() -> None:
    scene = Scene()
    scene.cloud.invalid = {"Queue": ["Required property [A] not found", "Unsupported property [B]\nfound."]}

    error = rejected(scene)

    assert error.line == (
        "app: CloudFormation rejects the change set: "
        "app/Queue (AWS::SQS::Queue): Required property [A] not found (at /Resources/Queue/Properties); "
        "app/Queue (AWS::SQS::Queue): Unsupported property [B] found (at /Resources/Queue/Properties)"
    )
    assert error.hint == "nothing was changed; mend that and run it again"


def test_of_many_the_first_are_told() -> None:
    scene = Scene()
    scene.cloud.invalid = {"Queue": [f"reason {n}" for n in range(8)]}

    line = rejected(scene).line

    assert "reason 4" in line
    assert "reason 5" not in line
    assert line.endswith("; and 3 more")


def test_what_fails_validation_in_a_nested_stack_is_told() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", GRAPH)
    scene.cloud.invalid = {"Db": ["bad class"]}
    newer = Graph((nested("Data", Resource("Db", "AWS::RDS::DBInstance", version=2)), Resource("Queue")))

    with pytest.raises(DeployError, match=r"app-Data/Db \(AWS::RDS::DBInstance\): bad class \(at /Resources/Db"):
        scene.deploy_stack(newer)
    assert scene.cloud.change_sets == {}
    assert scene.cloud.status("app") == "CREATE_COMPLETE"


def test_a_nested_stack_that_was_removed_by_hand_is_told_and_a_destroy_is_the_way_out() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", GRAPH)
    scene.cloud.remove_by_hand("app-Data")
    changed = Graph((nested("Data", Resource("Db", "AWS::RDS::DBInstance", version=2)), Resource("Queue")))

    with pytest.raises(DeployError) as caught:
        scene.deploy_stack(changed)
    assert caught.value.line.endswith("the nested stack app-Data has been removed by somebody")
    assert "`make airflow-destroy`, which lists what stays, and then `make airflow-deploy`" in caught.value.hint
    assert scene.cloud.change_sets == {}

    scene.cloud.delete_stack("app")
    scene.time.sleep(60)
    assert scene.deploy_stack(GRAPH)[1].outcome is Outcome.CREATED


ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/app-Data/1f2e-3d"


@pytest.mark.parametrize(
    "words",
    [
        f"Stack with id {ID} does not exist",
        f"Stack [{ID}] does not exist",
        f"Stack:{ID} does not exist",
        f"stack '{ID}' does not exist.",
        "Embedded stack app-Data does not exist",
        "Nested stack update failed: Stack [app-Data] does not exist (Service: CloudFormation; Status Code: 400)",
    ],
)
def test_a_nested_stack_that_is_gone_is_told_whatever_the_words(words: str) -> None:
    scene = Scene()
    scene.cloud.rejection = words

    assert rejected(scene).line.endswith(": the nested stack app-Data has been removed by somebody")


@pytest.mark.parametrize("words", ["Stack with id app does not exist", "Role [app-Data] does not exist"])
def test_what_else_does_not_exist_is_told_in_its_own_words(words: str) -> None:
    scene = Scene()
    scene.cloud.rejection = words

    assert rejected(scene).line.endswith(words)


@pytest.mark.parametrize("code", ["UnknownOperationException", "InvalidAction", "AccessDenied"])
def test_where_the_reasons_cannot_be_read_what_is_known_is_told(code: str) -> None:
    scene = Scene()
    scene.cloud.invalid, scene.cloud.events_refused = {"Queue": ["bad"]}, code

    assert "[AWS::EarlyValidation::PropertyValidation]" in rejected(scene).line
