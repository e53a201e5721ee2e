"""What a change set tells: properties, why they change, what becomes of what goes; and what it does not tell."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from deployer.cloudformation import change_sets, stacks
from deployer.cloudformation.change_sets import StackRequest, Template
from deployer.cloudformation.changes import Change, Property, Recreation, Replacement
from deployer.plans.risks import risks
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cloudformation import ScriptedCloudFormation
from tests.deployer.scripted_graphs import Graph, Resource, VirtualTime, detail, known_later, nested

DATABASE = "AWS::RDS::DBInstance"


def planned(before: Graph, after: Graph, *, unrendered: Collection[str] = (), page: int = 100) -> tuple[Change, ...]:
    time = VirtualTime()
    cloud = ScriptedCloudFormation(time, page=page)
    cloud.unrendered = set(unrendered)
    aws = scripted({"cloudformation": cloud})
    cloud.put("app", "UPDATE_COMPLETE", before)
    cloud.templates["body"] = after
    request = StackRequest("app", Template(body="body"))
    made = change_sets.propose(aws, request, stacks.find(aws, "app"), time.clock())
    assert made is not None
    return made.changes


def modified(*details: dict[str, Any], policy: str = "") -> Change:
    before, after = (Resource("Database", DATABASE, version=n, policy=policy) for n in (1, 2))
    (only,) = planned(Graph((before,)), Graph((Resource(**{**vars(after), "details": details}),)))
    return only


def test_every_property_with_its_reason_and_what_becomes_of_what_is_replaced() -> None:
    change = modified(
        detail("Engine", "Always", source="ParameterReference", cause="Engine"),
        detail("", attribute="Tags"),
        policy="Snapshot",
    )

    assert change.name == "Database"
    assert (change.replacement, change.certain, change.policy) == (Replacement.YES, True, "ReplaceAndSnapshot")
    assert change.properties == (
        Property("Engine", Recreation.ALWAYS, source="ParameterReference", cause="Engine"),
        Property("Tags"),
    )


def test_a_property_told_for_two_causes_is_one_and_the_certain_one_counts() -> None:
    change = modified(
        detail("MultiAZ", evaluation="Dynamic", source="DirectModification"),
        detail("MultiAZ", source="ParameterReference", cause="MultiAZ"),
    )

    assert [(each.certain, each.cause) for each in change.properties] == [(True, "MultiAZ")]


def test_what_comes_from_a_sibling_is_not_certain_though_a_replacement_is_told() -> None:
    """https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2113"""
    change = modified(
        *known_later("AuthToken", "Always", cause="BrokerSecretArn"),
        *known_later("SecurityGroupIds", cause="BrokerSecurityGroupId"),
    )

    assert (change.replacement, change.certain) == (Replacement.MAYBE, False)
    assert [(each.name, each.certain, each.cause, each.later, each.after) for each in change.properties] == [
        ("AuthToken", False, "BrokerSecretArn", True, ""),
        ("SecurityGroupIds", False, "BrokerSecurityGroupId", True, ""),
    ]


def test_what_is_certain_stays_so_beside_what_is_not() -> None:
    always, direct = known_later("AuthToken", "Always", cause="Secret"), detail("Engine", "Always")
    assert modified(*always, direct).replacement is Replacement.YES
    assert modified(*always, detail("Size")).certain
    assert modified(*always, detail("Size")).replacement is Replacement.MAYBE


@pytest.mark.parametrize("source", ["ResourceReference", "ResourceAttribute"])
@pytest.mark.parametrize("cause", ["replaced", "added", "changed"])
def test_what_refers_to_another_resource_is_replaced_when_that_one_becomes_another(source: str, cause: str) -> None:
    """As CloudFormation tells it of a replaced resource: twice, and with a value that is known only later."""
    name = "Group" if source == "ResourceReference" else "Group.Arn"
    dynamic = detail("DBSubnetGroupName", "Always", evaluation="Dynamic", source=source, cause=name)
    for told in ((dynamic,), known_later("DBSubnetGroupName", "Always", source=source, cause=name)):
        group = Resource("Group", version=2, details=(detail("Name", "Always" if cause == "replaced" else "Never"),))
        database = Resource("Database", DATABASE, version=2, details=told)
        before = (Resource("Database", DATABASE), *(() if cause == "added" else (Resource("Group"),)))
        found = {each.logical_id: each for each in planned(Graph(before), Graph((database, group)))}

        certain = cause != "changed"
        assert found["Database"].certain is certain
        assert found["Database"].replacement is (Replacement.YES if certain else Replacement.MAYBE)


def test_of_what_is_added_nothing_is_replaced() -> None:
    """With the values of properties CloudFormation calls what is added a replacement, too."""
    (added,) = planned(Graph((Resource("Other"),)), Graph((Resource("Other"), Resource("Logs", "AWS::S3::Bucket"))))
    assert (added.action, added.replacement) == ("Add", Replacement.NO)


def test_values_are_told_but_none_that_may_hold_a_secret() -> None:
    told = {"BeforeValue": "old", "AfterValue": "new"}
    size, word = detail("AllocatedStorage"), detail("MasterUserPassword")
    size["Target"] |= told | {"Path": "/Properties/AllocatedStorage"}
    word["Target"] |= told

    first, second = modified(size, word).properties
    assert (first.name, first.before, first.after) == ("AllocatedStorage", "old", "new")
    assert (second.name, second.before, second.after) == ("MasterUserPassword", "", "")


def test_what_is_in_a_nested_stack_that_goes_is_told_with_its_fate() -> None:
    inside = nested(
        "Data",
        Resource("Kept", "AWS::S3::Bucket", policy="Retain"),
        Resource("Database", DATABASE, policy="Snapshot"),
        Resource("Queue", policy="Delete"),
    )

    changes = planned(Graph((inside, Resource("Other"))), Graph((Resource("Other"),)))
    assert [(each.name, each.action, each.policy) for each in changes] == [
        ("Data", "Remove", "Delete"),
        ("Data/Kept", "Remove", "Retain"),
        ("Data/Database", "Remove", "Snapshot"),
        ("Data/Queue", "Remove", "Delete"),
    ]


def test_in_a_nested_stack_that_is_left_behind_everything_stays() -> None:
    inside = Resource(**{**vars(nested("Data", Resource("Queue", policy="Delete"))), "policy": "Retain"})

    changes = planned(Graph((inside, Resource("Other"))), Graph((Resource("Other"),)))
    assert [(each.name, each.policy) for each in changes] == [("Data", "Retain"), ("Data/Queue", "Retain")]


def test_a_nested_stack_that_was_looked_into_is_known_from_one_that_was_not() -> None:
    before, after = (Graph((nested("Data", Resource("Queue", version=n)),)) for n in (1, 2))
    assert [(each.name, each.seen) for each in planned(before, after)] == [("Data", True), ("Data/Queue", False)]


def database(version: int = 1, *details: dict[str, Any]) -> Graph:
    inside = Resource("MetadataDatabase", DATABASE, version=version, details=details)
    return Graph((nested("Database", inside, Resource("Topic", "AWS::SNS::Topic", version=version)), Resource("Other")))


@pytest.mark.parametrize("page", [1, 100])
@pytest.mark.parametrize("left_out", ["MetadataDatabase", "Database"])
def test_what_cannot_be_rendered_with_values_is_told_all_the_same(left_out: str, page: int) -> None:
    """A nested stack that is left out takes all that is in it along."""
    after = database(2, detail("DBName", "Always"))
    whole = planned(database(), after)
    assert [each.blind for each in whole] == [False, False, False]

    found = planned(database(), after, unrendered={left_out}, page=page)

    assert [each.name for each in found] == ["Database", "Database/MetadataDatabase", "Database/Topic"]
    assert [each.name for each in found if each.blind] == [each.name for each in whole if each.logical_id == left_out]
    assert [(each.name, each.because) for each in risks(found)] == [("Database/MetadataDatabase", ("DBName",))]


def test_what_comes_and_goes_is_told_though_it_cannot_be_rendered() -> None:
    before, after = Graph((Resource("Old", "AWS::S3::Bucket"),)), Graph((Resource("New"),))
    found = planned(before, after, unrendered={"Old", "New"})

    assert [(each.name, each.action, each.replacement, each.blind) for each in found] == [
        ("New", "Add", Replacement.NO, False),
        ("Old", "Remove", Replacement.NO, False),
    ]
    assert [each.name for each in risks(found)] == ["Old"]


def test_details_that_are_left_out_are_told_beside_the_values_of_the_others() -> None:
    size = detail("AllocatedStorage")
    size["Target"] |= {"BeforeValue": "20", "AfterValue": "30", "Path": "/Properties/AllocatedStorage"}
    after = database(2, size, detail("DBName", "Always"))

    found = planned(database(), after, unrendered={"MetadataDatabase.DBName"})

    (only,) = (each for each in found if each.logical_id == "MetadataDatabase")
    assert [(each.name, each.after) for each in only.properties] == [("AllocatedStorage", "30"), ("DBName", "")]
    assert (only.blind, only.replacement) == (True, Replacement.YES)


def test_where_values_are_missing_what_only_might_change_may_lose_data() -> None:
    """Nobody can tell it from what does: with values it is known for what it is."""
    after = database(2, *known_later("KmsKeyId", "Always", cause="KeyArn"))
    assert risks(planned(database(), after)) == ()

    (risk,) = risks(planned(database(), after, unrendered={"MetadataDatabase"}))
    assert str(risk).startswith(
        "Database/MetadataDatabase holds data and may be replaced by an empty one, which CloudFormation does not tell"
        " (for KmsKeyId)"
    )


def test_nothing_is_asked_twice_where_nothing_is_missing() -> None:
    time = VirtualTime()
    cloud = ScriptedCloudFormation(time)
    cloud.templates["body"] = Graph((Resource("Queue"),))
    change_sets.propose(
        scripted({"cloudformation": cloud}), StackRequest("app", Template(body="body")), None, time.clock()
    )

    assert cloud.calls.count("DescribeChangeSet") == 3, "twice while it is made, and once with values"
