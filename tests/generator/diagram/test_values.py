"""Values followed from stack to stack."""

from typing import Any

import pytest

from generator.diagram.reading.tree import Resource, Stack, Tree, read
from generator.diagram.reading.values import At, at, each, find, holds, named, text
from tests.generator.diagram import deployed
from tests.generator.diagram.deployed import att, ref, resource, template

TWO_SUBNETS = template(
    {"One": resource("EC2::Subnet"), "Two": resource("EC2::Subnet")},
    {"Ids": {"Fn::Join": [",", [ref("One"), ref("Two")]]}},
)


def tree(**bodies: Any) -> Tree:
    return read(deployed.text({f"{name}.yml": body for name, body in bodies.items()}))


def nested(child: str, **parameters: Any) -> dict[str, Any]:
    return resource("CloudFormation::Stack", TemplateURL=f"./{child}.yml", Parameters=parameters)


def standing(value: Any, **sections: Any) -> At:
    """A value in a template of its own, beside a bucket."""
    found = tree(root={"Resources": {"Bucket": resource("S3::Bucket")}, **sections})
    return At(value, found.stacks[0])


def test_a_parameter_leads_to_a_siblings_resource() -> None:
    root = template({"Network": nested("network"), "Services": nested("services", Subnets=att("Network", "Ids"))})
    services = template({"Service": resource("ECS::Service", Subnets=ref("Subnets"))}, parameters=["Subnets"])
    found = tree(root=root, network=TWO_SUBNETS, services=services)
    (service,) = find(found, "AWS::ECS::Service")
    assert [one.name for one in each(at(service, "Subnets")) if isinstance(one, Resource)] == ["One", "Two"]
    assert [one.name for one in named(at(service, "Subnets"))] == ["One", "Two"]


def test_a_stack_deeper_down_is_followed_too() -> None:
    inner = template({"Bucket": resource("S3::Bucket")}, {"Name": ref("Bucket")})
    middle = template({"Inner": nested("inner")}, {"Name": att("Inner", "Name")})
    root = template({"Middle": nested("middle"), "User": resource("X::Y", Bucket=att("Middle", "Name"))})
    found = tree(root=root, middle=middle, inner=inner)
    (user,) = find(found, "AWS::X::Y")
    assert [one.key for one in named(at(user, "Bucket"))] == ["root.yml/Middle/Inner/Bucket"]


def test_a_template_that_nests_itself_is_read_once() -> None:
    found = tree(root=template({"Again": nested("root")}))
    assert [stack.path for stack in found.stacks] == []


def test_one_template_nested_twice_is_two_stacks() -> None:
    root = template({"First": nested("one", Name="a"), "Second": nested("one", Name="b")})
    one = template({"Bucket": resource("S3::Bucket", BucketName=ref("Name"))}, parameters=["Name"])
    assert [text(at(bucket, "BucketName")) for bucket in find(tree(root=root, one=one), "AWS::S3::Bucket")] == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        (7, "7"),
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::Partition"}]]}, "a-aws"),
        ({"Fn::Sub": "x-${Given}"}, "x-here"),
        ({"Fn::Sub": ["x-${Own}", {"Own": "y"}]}, "x-y"),
        ({"Fn::Sub": "x-${Bucket}"}, ""),
        ({"Fn::Select": [1, ["a", "b"]]}, "b"),
        ({"Fn::Select": ["2", {"Fn::Cidr": ["10.0.0.0/16", 6, 8]}]}, "10.0.2.0/24"),
        ({"Fn::Select": [9, ["a", "b"]]}, ""),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Partition"}, "size"]}, "large"),
        ({"Fn::FindInMap": ["Sizes", "elsewhere", "size"]}, ""),
        ({"Fn::If": ["Ordinary", "yes", "no"]}, "yes"),
        ({"Fn::If": ["China", "yes", "no"]}, "no"),
        ({"Ref": "Unknown"}, ""),
        ({"Fn::ImportValue": "elsewhere"}, ""),
        ({"Fn::Base64": "elsewhere"}, ""),
        (None, ""),
    ],
)
def test_text(value: Any, expected: str) -> None:
    here = standing(
        value,
        Parameters={"Given": {"Default": "here"}, "Unknown": {"Type": "String"}},
        Mappings={"Sizes": {"aws": {"size": "large"}}},
        Conditions={
            "China": {"Fn::Equals": [ref("AWS::Partition"), "aws-cn"]},
            "Ordinary": {"Fn::Not": [{"Condition": "China"}]},
        },
    )
    assert text(here) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("subnet-1, subnet-2", ("subnet-1", "subnet-2")),
        (["subnet-1", "subnet-2"], ("subnet-1", "subnet-2")),
        ([{"Ref": "SubnetIds"}], ("SubnetIds",)),
        ({"Ref": "AWS::NoValue"}, ()),
        (None, ()),
    ],
)
def test_each(value: Any, expected: tuple[str, ...]) -> None:
    assert each(standing(value, Parameters={"SubnetIds": {"Type": "CommaDelimitedList"}})) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Fn::Equals": ["a", "a"]}, True),
        ({"Fn::Equals": ["a", ref("Unknown")]}, None),
        ({"Fn::And": [{"Fn::Equals": ["a", "b"]}, {"Fn::Equals": ["a", ref("Unknown")]}]}, False),
        ({"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Equals": ["a", ref("Unknown")]}]}, None),
        ({"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Equals": ["a", "a"]}]}, True),
        ({"Fn::Not": [{"Fn::Equals": ["a", ref("Unknown")]}]}, None),
    ],
)
def test_conditions(condition: Any, expected: bool | None) -> None:
    stack: Stack = standing(None, Conditions={"It": condition}, Parameters={"Unknown": {"Type": "String"}}).stack
    assert holds("It", stack) is expected


def test_what_a_condition_rules_out_is_not_there() -> None:
    never = {"Never": {"Fn::Equals": ["a", "b"]}}
    stack = {**nested("child"), "Condition": "Never"}
    root = {**template({"Child": stack, "Own": {**resource("S3::Bucket"), "Condition": "Never"}}), "Conditions": never}
    assert list(find(tree(root=root, child=TWO_SUBNETS), "AWS::S3::Bucket", "AWS::EC2::Subnet")) == []
