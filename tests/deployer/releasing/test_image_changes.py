from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.cloudformation.change_sets import ChangeSet
from deployer.cloudformation.changes import Change, Replacement
from deployer.errors import DeployError
from deployer.releasing.image_changes import only_the_image
from tests.deployer.cloudformation.test_changes import planned
from tests.deployer.scripted_graphs import Graph, Resource, known_later, nested

SERVICES = Change("app", "Services", "id", "AWS::CloudFormation::Stack", "Modify", certain=True)
DEFINITION = Change(
    "app/Services", "Worker", "arn", "AWS::ECS::TaskDefinition", "Modify", Replacement.YES, certain=True
)
SERVICE = Change("app/Services", "WorkerService", "arn", "AWS::ECS::Service", "Modify", certain=True)
HARMLESS = (
    # https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/759
    Change("app", "Database", "id", "AWS::CloudFormation::Stack", "Modify", Replacement.MAYBE),
    Change("app/Database", "Instance", "db", "AWS::RDS::DBInstance", "Modify", Replacement.MAYBE),
    Change("app/Database", "Instance", "db", "AWS::RDS::DBInstance", "Modify", blind=True),
    Change("app/Scaling", "Target", "t", "AWS::ApplicationAutoScaling::ScalableTarget", "Modify", Replacement.MAYBE),
)
MORE = (
    Change("app", "Queue", "", "AWS::SQS::Queue", "Add"),
    Change("app", "Old", "id", "AWS::SNS::Topic", "Remove"),
    Change("app/Database", "Instance", "db", "AWS::RDS::DBInstance", "Modify", Replacement.YES),
    Change("app/Database", "Instance", "db", "AWS::RDS::DBInstance", "Modify", certain=True),
    Change("app/Storage", "Logs", "b", "AWS::S3::Bucket", "Modify", certain=True),
    Change("app/Database", "Instance", "db", "AWS::RDS::DBInstance", "Dynamic"),
    Change("app/Services", "WorkerService", "arn", "AWS::ECS::Service", "Modify", Replacement.YES),
    Change("app/Database", "Instance", "db", "AWS::RDS::DBInstance", "Modify", Replacement.MAYBE, blind=True),
)


def proposed(*more: Change) -> ChangeSet:
    return ChangeSet("id", "app", "stack", creates=False, changes=(SERVICES, DEFINITION, SERVICE, *more))


@pytest.mark.parametrize("change", [None, *HARMLESS])
def test_new_revisions_and_what_only_may_change_are_the_image(change: Change | None) -> None:
    assert only_the_image(proposed(change) if change else proposed())


@pytest.mark.parametrize("change", MORE)
def test_anything_else_is_named_and_refused(change: Change) -> None:
    with pytest.raises(DeployError, match="app: CloudFormation would change more than the image") as caught:
        only_the_image(proposed(change))
    assert f"{change.path} ({change.type})" in str(caught.value)


def test_what_is_given_by_the_services_is_not_taken_for_another() -> None:
    """Scaling is given the services' names: CloudFormation does not know that they stay, and tells of replacements."""
    told = known_later("ResourceId", "Always", cause="WorkersServiceName")
    target = Resource("WorkersTarget", "AWS::ApplicationAutoScaling::ScalableTarget")
    changed = replace(target, version=2, details=told)

    found = planned(Graph((nested("Scaling", target),)), Graph((nested("Scaling", changed),)))
    assert [each.name for each in found] == ["Scaling", "Scaling/WorkersTarget"]
    assert only_the_image(proposed(*found))
