"""A stack as it stands: its names, its status, its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.errors import DeployError, error_code

STACK_TYPE = "AWS::CloudFormation::Stack"
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class StackNames:
    """The names of an environment's two stacks."""

    service: str
    environment: str

    @property
    def root(self) -> str:
        """The stack that holds everything that runs."""
        return f"{self.service}-{self.environment}"

    @property
    def foundation(self) -> str:
        """The stack of what must have content before the root can exist; made first, removed last."""
        return f"{self.root}-foundation"

    @property
    def tags(self) -> dict[str, str]:
        """What everything of the environment is tagged with, whatever else it is."""
        return {"Service": self.service, "Environment": self.environment}


@dataclass(frozen=True)
class Stack:
    """What CloudFormation says of a stack. `protected` is its termination protection; parameters, tags are by name.

    `created` is when it was first heard of.
    """

    id: str
    name: str
    status: str
    reason: str
    parameters: Mapping[str, str]
    outputs: dict[str, str]
    protected: bool
    tags: Mapping[str, str] = field(default_factory=dict)
    created: datetime = _EVER


def find(aws: Aws, name_or_id: str) -> Stack | None:
    """Look a stack up; None when it does not exist or has been deleted."""
    stack = last_seen(aws, name_or_id)
    return None if stack is None or stack.status == "DELETE_COMPLETE" else stack


def last_seen(aws: Aws, name_or_id: str) -> Stack | None:
    """Look a stack up that may have been deleted: by its id it is known for 90 days more.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
    """
    try:
        found = aws.cloudformation.describe_stacks(StackName=name_or_id)["Stacks"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    if not found:
        return None
    stack = found[0]
    return Stack(
        id=stack.get("StackId", name_or_id),
        name=stack["StackName"],
        status=stack["StackStatus"],
        reason=stack.get("StackStatusReason", ""),
        parameters={
            p["ParameterKey"]: p.get("ParameterValue", "") for p in stack.get("Parameters", []) if "ParameterKey" in p
        },
        outputs={o["OutputKey"]: o.get("OutputValue", "") for o in stack.get("Outputs", []) if "OutputKey" in o},
        protected=stack.get("EnableTerminationProtection", False),
        tags={tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])},
        created=stack["CreationTime"],
    )


def made(stack: Stack | None) -> Stack | None:
    """A stack that is more than reviewed; None where there is none."""
    return None if stack is None or stack.status == "REVIEW_IN_PROGRESS" else stack


def outputs(aws: Aws, name: str) -> dict[str, str]:
    """Return the outputs of a stack by their names. Raises DeployError when there is no such stack."""
    stack = made(find(aws, name))
    if stack is None:
        raise DeployError(f"there is no stack {name} in {aws.region}", "deploy first with `make airflow-deploy`")
    return stack.outputs


def is_missing(error: ClientError) -> bool:
    """Whether AWS says that a stack does not exist: that has no error code of its own."""
    text = error.response.get("Error", {}).get("Message", "")
    return error_code(error) == "ValidationError" and "does not exist" in text


def name_of(stack_id: str) -> str:
    """The name in a stack's ARN."""
    return stack_id.split("/")[1]
