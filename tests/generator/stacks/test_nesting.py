"""Typed nesting: names of parameters and outputs come from dataclass fields, and the wiring from their values."""

from dataclasses import dataclass
from typing import Any

import pytest
from troposphere import Ref, Template
from troposphere.sns import Topic

from generator.logical_ids import logical_id
from generator.stacks.nesting import (
    ByName,
    Tree,
    Value,
    Values,
    add,
    flat,
    joined,
    parameters,
    stack_template,
)
from tests.generator.stacks.alone import settings_with


@dataclass(frozen=True)
class Inputs:
    bucket_name: Value
    subnet_ids: Values
    role_arn: ByName
    key_arn: Value | None = None
    zone_ids: Values | None = None


@dataclass(frozen=True)
class Outputs:
    topic_arn: Value
    topic_name: ByName
    alarm_arn: Value | None = None


def build(template: Template, settings: Any, inputs: Inputs) -> Outputs:
    """A topic, for example.

    More words.
    """
    topic = template.add_resource(Topic("Topic", DisplayName=inputs.bucket_name, TopicName=settings.service_name))
    if inputs.key_arn is not None:
        topic.KmsMasterKeyId = inputs.key_arn
    return Outputs(Ref(topic), dict(inputs.role_arn))


GIVEN = Inputs("logs", joined(["a", "b"]), {"dag-processor": "one", "workers-big": "two"})


@pytest.fixture
def tree() -> Tree:
    return Tree(settings_with())


def added(tree: Tree, inputs: Inputs = GIVEN) -> tuple[dict[str, Any], dict[str, Any], Outputs]:
    root = stack_template("root")
    outputs = add(tree, root, build, inputs)
    (child,) = tree.templates.values()
    return root.to_dict(), child.to_dict(), outputs


def the_stack(root: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    ((logical_id, stack),) = root["Resources"].items()
    return logical_id, stack


def plain(value: object) -> object:
    return value.to_dict()  # type: ignore[attr-defined]


def test_fields_become_parameters_and_outputs_of_the_child(tree: Tree) -> None:
    _, child, _ = added(tree)
    assert {name: body["Type"] for name, body in child["Parameters"].items()} == {
        "BucketName": "String",
        "SubnetIds": "CommaDelimitedList",
        "DagProcessorRoleArn": "String",
        "WorkersBigRoleArn": "String",
    }
    assert child["Outputs"]["TopicArn"]["Value"] == {"Ref": "Topic"}
    assert child["Resources"]["Topic"]["Properties"]["DisplayName"] == {"Ref": "BucketName"}
    assert child["Description"] == "A topic, for example."


def test_the_parent_passes_inputs_and_reads_outputs_by_the_same_names(tree: Tree) -> None:
    root, _, outputs = added(tree)
    logical_id, stack = the_stack(root)
    assert stack["Type"] == "AWS::CloudFormation::Stack"
    assert stack["Properties"]["TemplateURL"] == next(iter(tree.templates))
    assert stack["Properties"]["Parameters"] == {
        "BucketName": "logs",
        "SubnetIds": {"Fn::Join": [",", ["a", "b"]]},
        "DagProcessorRoleArn": "one",
        "WorkersBigRoleArn": "two",
    }
    assert plain(outputs.topic_arn) == {"Fn::GetAtt": [logical_id, "Outputs.TopicArn"]}


def test_a_mapping_is_one_value_for_each_of_its_keys_on_both_sides(tree: Tree) -> None:
    root, child, outputs = added(tree)
    logical_id, _ = the_stack(root)
    assert child["Outputs"]["DagProcessorTopicName"]["Value"] == {"Ref": "DagProcessorRoleArn"}
    assert {name: plain(value) for name, value in outputs.topic_name.items()} == {
        "dag-processor": {"Fn::GetAtt": [logical_id, "Outputs.DagProcessorTopicName"]},
        "workers-big": {"Fn::GetAtt": [logical_id, "Outputs.WorkersBigTopicName"]},
    }


def test_what_is_none_is_nowhere(tree: Tree) -> None:
    root, child, outputs = added(tree)
    _, stack = the_stack(root)
    assert not {"KeyArn", "ZoneIds"} & {*child["Parameters"], *stack["Properties"]["Parameters"]}
    assert "AlarmArn" not in child["Outputs"]
    assert outputs.alarm_arn is None


def test_what_may_be_none_is_there_when_it_is_not(tree: Tree) -> None:
    _, child, _ = added(tree, Inputs("logs", joined(["a"]), {}, key_arn="key", zone_ids=joined(["z"])))
    assert {name: body["Type"] for name, body in child["Parameters"].items()} == {
        "BucketName": "String",
        "SubnetIds": "CommaDelimitedList",
        "KeyArn": "String",
        "ZoneIds": "CommaDelimitedList",
    }
    assert child["Resources"]["Topic"]["Properties"]["KmsMasterKeyId"] == {"Ref": "KeyArn"}


def test_a_stack_waits_for_those_it_is_told_to_as_far_as_there_are_any(tree: Tree) -> None:
    tree.templates["nat.yml"] = stack_template("ways out")
    root = stack_template("root")
    add(tree, root, build, GIVEN, after=("nat", "endpoints"))
    _, stack = the_stack(root.to_dict())
    assert stack["DependsOn"] == ["Nat"]


def test_a_stack_waits_for_nothing_unasked(tree: Tree) -> None:
    root, _, _ = added(tree)
    assert "DependsOn" not in the_stack(root)[1]


def test_two_keys_that_read_the_same_are_an_error(tree: Tree) -> None:
    with pytest.raises(ValueError, match="duplicate key"):
        added(tree, Inputs("logs", joined(["a"]), {"my-queue": "one", "my_queue": "two"}))


def test_a_stack_without_a_description_is_refused(tree: Tree) -> None:
    def build(template: Template, settings: Any, inputs: Inputs) -> Outputs:
        return Outputs("x", {})

    with pytest.raises(ValueError, match="docstring"):
        add(tree, stack_template("root"), build, GIVEN)


def test_a_parameter_may_be_described_and_have_a_default() -> None:
    template = stack_template("x")
    wanted = Inputs("", joined([]), {"jwt": ""})
    parameters(template, wanted, defaults={"JwtRoleArn": ""}, bucket_name="Where logs go")
    declared = template.to_dict()["Parameters"]
    assert {name: body["Description"] for name, body in declared.items()} == {
        "BucketName": "Where logs go",
        "SubnetIds": "Subnet ids",
        "JwtRoleArn": "Jwt role arn",
    }
    assert {name: body["Default"] for name, body in declared.items() if "Default" in body} == {"JwtRoleArn": ""}


def test_titles_are_those_of_cloudformation() -> None:
    assert logical_id("subnet_ids") == "SubnetIds"
    assert logical_id("dag-processor") == "DagProcessor"
    assert logical_id("network") == "Network"
    assert logical_id("ecr.api") == "EcrApi"


def test_the_values_of_a_stack_by_their_names_in_the_template() -> None:
    assert list(flat(GIVEN)) == ["BucketName", "SubnetIds", "DagProcessorRoleArn", "WorkersBigRoleArn"]
