from __future__ import annotations

from deployer.change_sets import Change, ChangeSet, Replacement
from deployer.console import tables
from deployer.destruction import Removal
from deployer.emptying import Content
from deployer.inventory import Resource
from deployer.stacks import STACK_TYPE, Stack
from deployer.template_text import Fate

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
        "3 to add, 1 to change, 2 to destroy",
    ]


def test_the_summary_of_nothing() -> None:
    assert tables.summary([]) == "0 to add, 0 to change, 0 to destroy"


def test_outputs_are_aligned_and_in_order() -> None:
    assert tables.outputs({"Url": "http://x", "Bucket": "b"}) == "Bucket  b\nUrl     http://x"
    assert tables.outputs({}) == ""


def test_a_removal_names_what_goes_what_stays_and_what_is_inside() -> None:
    logs = Resource("app/Storage", "Logs", "app-logs", "AWS::S3::Bucket", Fate.GOES)
    kept = Resource("app/Storage", "Kept", "app-kept", "AWS::S3::Bucket", Fate.STAYS)
    database = Resource("app", "Database", "db-1", "AWS::RDS::DBInstance", Fate.SNAPSHOT)
    content = Content(logs, 3, more=False, noun="object version")

    shown = tables.removal(Removal((_stack("app"), _stack("app-foundation")), (logs, kept, database), (content,)))

    assert shown.splitlines() == [
        "To remove: app, app-foundation",
        "-  app/Storage/Logs  AWS::S3::Bucket       app-logs  with 3 object versions in it",
        "-  app/Database      AWS::RDS::DBInstance  db-1      leaves a snapshot",
        "What stays:",
        "=  app/Storage/Kept  AWS::S3::Bucket  app-kept",
        "2 to remove, 1 to stay",
    ]


def test_nothing_to_remove() -> None:
    assert tables.removal(Removal(())) == "There is nothing to remove."
