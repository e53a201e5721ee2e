"""Why an operation failed: its first cause in one line, and what to do about it."""

from __future__ import annotations

from deployer.aws import Aws
from deployer.cloudformation import events, failed_events
from deployer.cloudformation.events import Operation, StackEvent
from deployer.errors import DeployError
from deployer.hints import hint


def first(aws: Aws, operation: Operation) -> StackEvent | None:
    """Find the failure that the others follow from, in what CloudFormation picks out and in what was followed."""
    return events.first_cause([*failed_events.read(aws, operation), *operation.events])


def failure(aws: Aws, name: str, done: str, operation: Operation) -> DeployError:
    """Put an operation that failed into one line: its first cause, and the state it has left."""
    line = f"{name} was not {done}, it is in {operation.status}"
    cause = first(aws, operation)
    if cause is None:
        return DeployError(line)
    return DeployError(f"{line}: {told(cause)}", hint(cause.reason))


def told(cause: StackEvent) -> str:
    """Put a failure into one line: the resource with its stack, its type, its status, the full reason."""
    return f"{cause.path} ({cause.type}): {cause.status}: {cause.reason or 'no reason given'}"
