"""Templates compared offline: what changes, what that replaces, and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from deployer.cloudformation.changes import Change, Recreation, Replacement
from deployer.errors import DeployError
from deployer.plans.compare import compare, differences
from deployer.plans.expansion import expand


def texts(**templates: dict[str, Any]) -> dict[str, str]:
    return {f"{name}.yml": yaml.safe_dump(template) for name, template in templates.items()}


def nested(file: str, **parameters: object) -> dict[str, Any]:
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": file, "Parameters": parameters}}


def vpc(cidr: str = "10.0.0.0/16") -> dict[str, Any]:
    return {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr}}


def tree(cidr: str = "10.0.0.0/16", subnet: str = "10.0.1.0/24") -> dict[str, str]:
    """A network, and a firewall that is given the network's VPC as root templates give it."""
    return texts(
        root={
            "Resources": {
                "Network": nested("network.yml"),
                "Firewall": nested("firewall.yml", VpcId={"Fn::GetAtt": ["Network", "Outputs.VpcId"]}),
            }
        },
        network={
            "Resources": {
                "Vpc": vpc(cidr),
                "Subnet": {
                    "Type": "AWS::EC2::Subnet",
                    "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": subnet},
                },
            },
            "Outputs": {"VpcId": {"Value": {"Ref": "Vpc"}}},
        },
        firewall={
            "Parameters": {"VpcId": {"Type": "String"}},
            "Resources": {
                "Group": {
                    "Type": "AWS::EC2::SecurityGroup",
                    "Properties": {"GroupDescription": "g", "VpcId": {"Ref": "VpcId"}},
                },
                "Rule": {
                    "Type": "AWS::EC2::SecurityGroupIngress",
                    "Properties": {"GroupId": {"Fn::GetAtt": ["Group", "GroupId"]}, "IpProtocol": "tcp"},
                },
            },
        },
    )


def compared(before: dict[str, str], after: dict[str, str]) -> dict[str, Change]:
    return {change.name: change for change in compare(before, after, "root.yml", "app")}


def test_nothing_changes_between_equal_templates() -> None:
    assert compared(tree(), tree()) == {}


def test_against_nothing_everything_is_added_and_the_other_way_removed() -> None:
    names = ["Firewall/Group", "Firewall/Rule", "Network/Subnet", "Network/Vpc"]
    added, removed = compare({}, tree(), "root.yml", "app"), compare(tree(), {}, "root.yml", "app")

    assert [(each.name, each.action) for each in added] == [(name, "Add") for name in names]
    assert [(each.name, each.action) for each in removed] == [(name, "Remove") for name in names]
    assert added[0].path == "app/Firewall/Group"


def test_what_refers_to_a_replaced_resource_follows_through_nested_stacks() -> None:
    found = compared(tree(), tree(cidr="10.1.0.0/16"))

    assert {name: change.replacement for name, change in found.items()} == {
        "Network/Vpc": Replacement.YES,
        "Network/Subnet": Replacement.YES,
        "Firewall/Group": Replacement.YES,
        "Firewall/Rule": Replacement.MAYBE,  # by an attribute, which may be what it was
    }
    (cidr,) = found["Network/Vpc"].properties
    assert (cidr.name, cidr.before, cidr.after) == ("CidrBlock", "10.0.0.0/16", "10.1.0.0/16")
    (followed,) = found["Firewall/Group"].properties
    assert (followed.name, followed.source, followed.cause) == ("VpcId", "ResourceReference", "Network/Vpc")
    (attribute,) = found["Firewall/Rule"].properties
    assert (attribute.source, attribute.cause, attribute.certain) == (
        "ResourceAttribute", "Firewall/Group.GroupId", False,
    )  # fmt: skip


def test_a_certain_reference_counts_whichever_comes_first() -> None:
    def told(cidr: str) -> dict[str, str]:
        both = [{"Fn::GetAtt": ["Vpc", "CidrBlock"]}, {"Ref": "Vpc"}]
        database = {"Type": "AWS::RDS::DBInstance", "Properties": {"DBName": {"Fn::Select": [0, both]}}}
        return texts(root={"Resources": {"Vpc": vpc(cidr), "Database": database}})

    found = compared(told("10.0.0.0/16"), told("10.1.0.0/16"))
    assert found["Database"].replacement is Replacement.YES


def test_what_holds_for_a_nested_stack_holds_for_all_in_it() -> None:
    queue = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "Other": {"Type": "AWS::SQS::Queue", "Condition": "B"}}
    }

    def told(**more: Any) -> dict[str, str]:
        conditions = {"A": {"Fn::Equals": ["a", {"Ref": "AWS::Partition"}]}}
        return texts(root={"Conditions": conditions, "Resources": {"N": nested("n.yml") | more}}, n=queue)

    assert [each.policy for each in compared(told(DeletionPolicy="Retain"), {}).values()] == ["Retain", "Retain"]
    assert [each.policy for each in compared(told(), {}).values()] == ["Delete", "Delete"]
    lifted = compared(told(Condition="A"), told())
    assert {name: [one.name for one in each.properties] for name, each in lifted.items()} == {
        "N/Other": ["Condition"],
        "N/Queue": ["Condition"],
    }


def test_what_changes_in_place_moves_nothing_else() -> None:
    before, after = (texts(root={"Resources": {"Bucket": bucket(days), "Policy": policy()}}) for days in (7, 8))
    (only,) = compared(before, after).values()

    assert (only.name, only.replacement, only.policy) == ("Bucket", Replacement.NO, "")
    assert [each.name for each in only.properties] == ["LifecycleConfiguration.Rules.Expiry.ExpirationInDays"]


def bucket(days: int) -> dict[str, Any]:
    rules = [{"Id": "Other", "Status": "Enabled"}, {"Id": "Expiry", "ExpirationInDays": days}]
    return {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": rules}}}


def policy() -> dict[str, Any]:
    return {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Bucket"}}}


def database(**more: Any) -> dict[str, str]:
    own = {"Type": "AWS::RDS::DBInstance", "Properties": {"DBName": more.pop("name", "airflow"), "MultiAZ": False}}
    return texts(root={"Resources": {"Database": own | more}})


def test_policies_tell_what_becomes_of_what_goes() -> None:
    kept = database(DeletionPolicy="Retain", UpdateReplacePolicy="Snapshot")
    assert compared(kept, {})["Database"].policy == "Retain"
    assert compared(database(), {})["Database"].policy == "Snapshot", "what CloudFormation does unasked"
    assert compared(kept, database(name="other"))["Database"].policy == "ReplaceAndDelete", "the new policy counts"
    changed = compared(database(), database(DeletionPolicy="Delete"))["Database"]
    assert [(each.name, each.before, each.after) for each in changed.properties] == [
        ("DeletionPolicy", "Snapshot", "Delete")
    ]


def test_another_type_is_another_resource() -> None:
    (change,) = compared(texts(root={"Resources": {"A": vpc()}}), texts(root={"Resources": {"A": bucket(1)}})).values()
    assert (change.replacement, change.properties[0].name) == (Replacement.YES, "resource type")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"A": 20}, {"A": "20"}, []),
        ({"A": True}, {"A": "true"}, []),
        ({"A": 20}, {"A": 21}, [(("A",), 20, 21)]),
        ({"A": 1}, {"B": 2}, [(("A",), 1, None), (("B",), None, 2)]),
        ({"A": ["x", "y"]}, {"A": ["y"]}, [(("A",), ["x", "y"], ["y"])]),
        (
            {"E": [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}]},
            {"E": [{"Name": "B", "Value": "3"}, {"Name": "A", "Value": "1"}]},
            [(("E", "B", "Value"), "2", "3")],
        ),
        ({"E": [{"P": 1}]}, {"E": [{"P": 1}, {"P": 2}]}, [(("E", "1"), None, {"P": 2})]),
    ],
)
def test_where_two_values_differ(before: object, after: object, expected: list[object]) -> None:
    assert list(differences(before, after)) == expected


def test_values_say_where_they_come_from() -> None:
    child = {
        "Parameters": {"Given": {"Type": "String"}, "Default": {"Type": "String", "Default": "d"}},
        "Mappings": {"Hosts": {"aws": {"Suffix": "amazonaws.com"}}},
        "Conditions": {"Big": {"Fn::Equals": [{"Ref": "Default"}, "d"]}},
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}},
            "One": {
                "Type": "AWS::SNS::Topic",
                "Condition": "Big",
                "Properties": {
                    "A": {"Ref": "Given"},
                    "B": {"Fn::Sub": "arn:${AWS::Partition}:${Role.Arn}/${Default}/${Own}"},
                    "C": {"Fn::Join": ["-", [{"Ref": "Role"}, "x"]]},
                    "D": {"Fn::If": ["Big", 1, 2]},
                    "E": {"Fn::FindInMap": ["Hosts", {"Ref": "AWS::Partition"}, "Suffix"]},
                },
            },
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": "Role.Arn"}}},
    }
    child["Resources"]["One"]["Properties"]["B"] = {  # type: ignore[index]
        "Fn::Sub": ["arn:${AWS::Partition}:${Role.Arn}/${Default}/${Own}", {"Own": {"Ref": "Given"}}]
    }
    root = {
        "Parameters": {"Image": {"Type": "String"}, "Size": {"Type": "String", "Default": "1"}},
        "Resources": {
            "Child": nested("child.yml", Given={"Ref": "Size"}),
            "Asks": {"Type": "AWS::SNS::Topic", "Properties": {"A": {"Fn::GetAtt": ["Child", "Outputs.Arn"]}}},
            "Plain": {"Type": "AWS::SNS::Topic", "Properties": {"A": {"Ref": "Image"}}},
        },
    }
    found = expand(texts(root=root, child=child), "root.yml")

    assert found["Child/One"].properties == {
        "A": "${Size:-1}",
        "B": "arn:${AWS::Partition}:${Child/Role.Arn}/d/${Size:-1}",
        "C": "${Child/Role}-x",
        "D": {"Fn::If": [{"Fn::Equals": ["d", "d"]}, 1, 2]},
        "E": {"Fn::FindInMap": [{"aws": {"Suffix": "amazonaws.com"}}, "${AWS::Partition}", "Suffix"]},
    }
    assert found["Child/One"].condition == {"Fn::Equals": ["d", "d"]}
    assert found["Asks"].properties == {"A": "${Child/Role.Arn}"}
    assert found["Plain"].properties == {"A": "${Image}"}


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"root.yml": "a: !Ref b"}, "root.yml is no rendered template"),
        ({"root.yml": "- a"}, "root.yml is no rendered template"),
        (texts(root={"Resources": {"A": nested("lost.yml")}}), "lost.yml is missing"),
    ],
)
def test_what_is_no_rendered_template_is_said(broken: dict[str, str], why: str) -> None:
    with pytest.raises(DeployError, match=why):
        compared({}, broken)


def test_secrets_are_compared_but_never_shown() -> None:
    def with_password(word: str) -> dict[str, str]:
        own = {"Type": "AWS::RDS::DBInstance", "Properties": {"MasterUserPassword": word}}
        return texts(root={"Resources": {"Database": own}})

    (change,) = compared(with_password("one"), with_password("two")).values()
    assert [(each.name, each.before, each.after) for each in change.properties] == [("MasterUserPassword", "", "")]
    assert change.properties[0].recreation is Recreation.NEVER
