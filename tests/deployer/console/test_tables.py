from __future__ import annotations

from deployer.cloudformation.change_sets import ChangeSet
from deployer.cloudformation.changes import Change, Property, Recreation, Replacement
from deployer.cloudformation.inventory import Resource
from deployer.cloudformation.stacks import STACK_TYPE, Stack
from deployer.cloudformation.template_text import Fate
from deployer.console import tables
from deployer.console.removal import removal
from deployer.deletions.emptying import Content
from deployer.destroying.removals import Removal

CHANGES = (
    Change("app", "Network", "", STACK_TYPE, "Add"),
    Change("app/Network", "Vpc", "", "AWS::EC2::VPC", "Add"),
    Change("app", "Opaque", "", STACK_TYPE, "Modify", Replacement.MAYBE),
    Change("app", "Database", "db-1", "AWS::RDS::DBInstance", "Modify", Replacement.YES),
    Change("app", "Queue", "q", "AWS::SQS::Queue", "Remove"),
    Change("app", "Import", "i", "AWS::SQS::Queue", "Import"),
)


def _stack(name: str) -> Stack:
    return Stack(f"arn:{name}", name, "CREATE_COMPLETE", "", {}, {}, protected=False)


def test_the_changes_as_a_table() -> None:
    assert tables.changes(ChangeSet("id", "app", "arn", creates=False, changes=CHANGES)).splitlines() == [
        "To update app:",
        "+    add     app/Network/Vpc  AWS::EC2::VPC",
        "~    modify  app/Opaque       AWS::CloudFormation::Stack  may be replaced",
        "-/+  modify  app/Database     AWS::RDS::DBInstance        is replaced",
        "-    remove  app/Queue        AWS::SQS::Queue",
        "+    import  app/Import       AWS::SQS::Queue",
        "!!  Database holds data and is replaced by an empty one: what it holds is lost",
        "!!  Queue holds data and is removed: what it holds is lost",
        "!!  Opaque: not looked into, and may lose data unseen",
        "3 to add, 1 to change, 2 to destroy",
    ]


def test_more_can_be_said_before_the_summary() -> None:
    told = tables.changes(ChangeSet("id", "app", "arn", creates=True, changes=CHANGES[:2]), ["one", "two"])
    assert told.splitlines()[0] == "To create app:"
    assert told.splitlines()[-3:] == ["one", "two", "1 to add, 0 to change, 0 to destroy"]


def test_of_many_properties_and_long_values_the_beginning_is_shown() -> None:
    many = tuple(Property(f"P{number}", before="a " * 50, after="b\n c") for number in range(14))
    lines = list(tables.resource_lines([Change("app", "Queue", "q", "AWS::SQS::Queue", "Modify", properties=many)]))

    assert lines[1] == f"       P0: {('a ' * 50)[:57]}... -> b c"
    assert len(lines) == 14
    assert lines[-1] == "       and 2 more"


def test_a_property_that_changes_in_place_is_not_said_to_replace() -> None:
    standby = Property("MultiAZ", Recreation.MAYBE, before="false", after="true")
    assert tables.property_line(standby, "AWS::RDS::DBInstance") == "MultiAZ: false -> true"
    assert tables.property_line(standby, "AWS::RDS::DBCluster") == "MultiAZ: false -> true (may replace it)"


def test_a_value_that_is_known_only_later_is_said_to_be() -> None:
    told = Property("ResourceId", Recreation.ALWAYS, certain=False, before="a", later=True)
    assert tables.property_line(told, "X") == "ResourceId: a -> known after the deploy (perhaps, replaces it)"
    assert tables.property_line(Property("AuthToken", later=True), "X") == "AuthToken: known after the deploy"


def test_the_summary_of_nothing() -> None:
    assert tables.summary([]) == "0 to add, 0 to change, 0 to destroy"


def test_a_removal_names_what_goes_what_stays_and_what_is_inside() -> None:
    logs = Resource("app/Storage", "Logs", "app-logs", "AWS::S3::Bucket", Fate.GOES)
    kept = Resource("app/Storage", "Kept", "app-kept", "AWS::S3::Bucket", Fate.STAYS)
    database = Resource("app", "Database", "db-1", "AWS::RDS::DBInstance", Fate.SNAPSHOT)
    content = Content(logs, 3, more=False, noun="object version")

    shown = removal(Removal((_stack("app"), _stack("app-foundation")), (logs, kept, database), (content,)))

    assert shown.splitlines() == [
        "To remove: app, app-foundation",
        "-  app/Storage/Logs  AWS::S3::Bucket       app-logs  with 3 object versions in it",
        "-  app/Database      AWS::RDS::DBInstance  db-1      leaves a snapshot",
        "What stays:",
        "=  app/Storage/Kept  AWS::S3::Bucket  app-kept",
        "2 to remove, 1 to stay",
    ]


def test_nothing_to_remove() -> None:
    assert removal(Removal(())) == "There is nothing to remove."
