"""Typed nesting: names of parameters and outputs come from dataclass fields, and the wiring from their values."""

from dataclasses import dataclass
from typing import Any

import pytest
from troposphere import Ref, Template
from troposphere.sns import Topic

from generator.config.settings import Settings
from generator.stacks.nesting import Tree, Value, Values, add, joined, parameters, stack_template, title

SETTINGS = Settings.model_validate({"environment": "dev", "serviceName": "air", "owner": "data"})


@dataclass(frozen=True)
class Inputs:
    bucket_name: Value
    subnet_ids: Values


@dataclass(frozen=True)
class Outputs:
    topic_arn: Value


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """A topic, for example.

    More words.
    """
    topic = template.add_resource(Topic("Topic", DisplayName=inputs.bucket_name, TopicName=settings.service_name))
    return Outputs(Ref(topic))


@pytest.fixture
def tree() -> Tree:
    return Tree(SETTINGS)


def added(tree: Tree) -> tuple[dict[str, Any], dict[str, Any], Outputs]:
    root = stack_template("root")
    outputs = add(tree, root, build, Inputs(bucket_name="logs", subnet_ids=joined(["a", "b"])))
    (child,) = tree.templates.values()
    return root.to_dict(), child.to_dict(), outputs


def test_fields_become_parameters_and_outputs_of_the_child(tree: Tree) -> None:
    _, child, _ = added(tree)
    assert {name: body["Type"] for name, body in child["Parameters"].items()} == {
        "BucketName": "String",
        "SubnetIds": "CommaDelimitedList",
    }
    assert child["Outputs"]["TopicArn"]["Value"] == {"Ref": "Topic"}
    assert child["Resources"]["Topic"]["Properties"]["DisplayName"] == {"Ref": "BucketName"}
    assert child["Description"] == "A topic, for example."


def test_the_parent_passes_inputs_and_reads_outputs_by_the_same_names(tree: Tree) -> None:
    root, _, outputs = added(tree)
    ((logical_id, stack),) = root["Resources"].items()
    assert stack["Type"] == "AWS::CloudFormation::Stack"
    assert stack["Properties"]["TemplateURL"] == next(iter(tree.templates))
    assert set(stack["Properties"]["Parameters"]) == {"BucketName", "SubnetIds"}
    assert outputs.topic_arn.to_dict() == {"Fn::GetAtt": [logical_id, "Outputs.TopicArn"]}  # type: ignore[union-attr]


def test_a_stack_without_a_description_is_refused(tree: Tree) -> None:
    def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
        return Outputs("x")

    with pytest.raises(ValueError, match="docstring"):
        add(tree, stack_template("root"), build, Inputs("logs", joined(["a"])))


def test_a_parameter_may_be_described() -> None:
    template = stack_template("x")
    parameters(template, Inputs, bucket_name="Where logs go")
    described = {name: body["Description"] for name, body in template.to_dict()["Parameters"].items()}
    assert described == {"BucketName": "Where logs go", "SubnetIds": "Subnet ids"}


def test_titles() -> None:
    assert title("subnet_ids") == "SubnetIds"
    assert title("network") == "Network"
