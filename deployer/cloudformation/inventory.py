"""Every resource of a stack and of the stacks nested in it, and what a removal makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.cloudformation.stacks import STACK_TYPE, Stack, is_missing
from deployer.cloudformation.template_text import Fate, fate, is_protected
from deployer.cloudformation.template_text import resources as resources_of

_GONE, _SKIPPED = "DELETE_COMPLETE", "DELETE_SKIPPED"


@dataclass(frozen=True)
class Resource:
    """A resource of a stack. `stack` is a path of logical ids such as `airflow-dev/Network`.

    A protected one refuses to be deleted, whatever its stack's policy says. One that is `gone` was deleted already: it
    tells what that has left. One that stays `needs` others to be read, which go: their paths.
    """

    stack: str
    logical_id: str
    physical_id: str
    type: str
    fate: Fate
    protected: bool = False
    gone: bool = False
    needs: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The resource with its stack, for example `airflow-dev/Network/Vpc`."""
        return f"{self.stack}/{self.logical_id}"


def resources(aws: Aws, stack: Stack) -> tuple[Resource, ...]:
    """List what a stack and the stacks nested in it hold, or have held; the nested stacks themselves are left out.

    What was deleted is known by its id for 90 days more:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html
    """
    if stack.status == "REVIEW_IN_PROGRESS":  # has neither template nor resources yet
        return ()
    return tuple(_walk(aws, stack.id, stack.name, outlives=False, deleted=stack.status == _GONE))


def _walk(aws: Aws, stack_id: str, path: str, *, outlives: bool, deleted: bool) -> Iterator[Resource]:
    """Walk down; what lies in a retained nested stack stays, whatever its own policy is.

    Of a stack that was deleted only what was skipped is there still.
    """
    try:
        templated = resources_of(aws.cloudformation.get_template(StackName=stack_id)["TemplateBody"])
        pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_id)
        summaries = [summary for page in pages for summary in page["StackResourceSummaries"]]
    except ClientError as error:
        if is_missing(error):  # gone since its parent was read, or too long ago
            return
        raise
    for each in summaries:
        logical_id, physical_id = each["LogicalResourceId"], each.get("PhysicalResourceId", "")
        if not physical_id:
            continue
        status, written = each["ResourceStatus"], templated.get(logical_id)
        gone = status == _GONE or (deleted and status != _SKIPPED)
        stays = outlives or status == _SKIPPED
        future = Fate.STAYS if stays else fate(written) if written else Fate.GOES
        if each["ResourceType"] == STACK_TYPE:
            yield from _walk(aws, physical_id, f"{path}/{logical_id}", outlives=future is Fate.STAYS, deleted=gone)
        else:
            protected = is_protected(written or {})
            yield Resource(path, logical_id, physical_id, each["ResourceType"], future, protected, gone)
