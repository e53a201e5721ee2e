"""Databases that a change set would delete, though what is deployed protects them against that.

CloudFormation deletes what it has removed or replaced once all else is done, and RDS says no to that: the database
stays as it is, without a snapshot, and in no stack any more.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html (deletion protection)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from deployer.aws import Aws
from deployer.cloudformation import template_text
from deployer.cloudformation.changes import Change, Replacement
from deployer.cloudformation.snapshots import DATABASES
from deployer.cloudformation.stacks import STACK_TYPE


def marked(aws: Aws, stack_id: str, changes: Iterable[Change]) -> Iterator[Change]:
    """Say of the changes of a root stack and of what is nested in it which are of such databases, or of a cluster's.

    Only what may go is looked up, in the templates that are deployed: most change sets have nothing of the kind.
    """
    told = tuple(changes)
    ids = {change.path: change.physical_id for change in told if change.type == STACK_TYPE}
    for change in told:
        deployed = ids.get(change.stack, "") if "/" in change.stack else stack_id
        if deployed and _may_go(change):
            written = _written(aws, deployed, change.logical_id)
            protected, in_cluster = template_text.is_protected(written), template_text.is_in_cluster(written)
            yield replace(change, protected=protected, in_cluster=in_cluster)
        else:
            yield change


def _may_go(change: Change) -> bool:
    if change.type not in DATABASES or "Retain" in change.policy:
        return False
    return change.action in {"Remove", "Dynamic"} or change.replacement is not Replacement.NO


def _written(aws: Aws, stack_id: str, logical_id: str) -> Mapping[str, Any]:
    """A resource as the template of a stack has it that is deployed."""
    deployed = template_text.resources(aws.cloudformation.get_template(StackName=stack_id)["TemplateBody"])
    return deployed.get(logical_id) or {}
