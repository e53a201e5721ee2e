"""What a status of CloudFormation means. Pure."""

from __future__ import annotations

from enum import StrEnum

# CloudFormation's words for a resource that failed only because something else had failed before.
_CONSEQUENCES = (
    "resource creation cancelled",
    "resource update cancelled",
    "resource deletion cancelled",
    "the following resource(s) failed to",
    "was not successfully created",
    "was not successfully updated",
    "was not successfully deleted",
    "rollback requested by user",
)


# From these an update can start. In UPDATE_FAILED, too, a change set can be made, and is then refused to be executed:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
_UPDATABLE = {
    "CREATE_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
}


class Category(StrEnum):
    """The five kinds of news about a resource."""

    DONE = "done"
    IN_PROGRESS = "in progress"
    FAILED = "failed"
    CANCELLED = "cancelled"  # failed as a consequence of another failure
    ROLLED_BACK = "rolled back"  # or being rolled back


def category(status: str, reason: str = "") -> Category:
    """Sort a status; the reason tells a cause from a consequence."""
    if status.endswith("_FAILED"):
        return Category.CANCELLED if is_consequence(reason) else Category.FAILED
    if "ROLLBACK" in status:
        return Category.ROLLED_BACK
    return Category.IN_PROGRESS if status.endswith("_IN_PROGRESS") else Category.DONE


def is_consequence(reason: str) -> bool:
    """Whether the reason of a failure only points to another failure."""
    lowered = reason.lower()
    return any(phrase in lowered for phrase in _CONSEQUENCES)


def is_busy(status: str) -> bool:
    """Whether an operation runs on the stack. REVIEW_IN_PROGRESS is a stack that does not exist yet."""
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def is_success(status: str) -> bool:
    """Whether an operation that ended in this status did what was asked."""
    return status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE", "IMPORT_COMPLETE"}


def is_ready(status: str) -> bool:
    """Whether a change set can be made for the stack: one that exists, or one that is only there to be reviewed."""
    return status in _UPDATABLE or status == "REVIEW_IN_PROGRESS"


def is_unmade(status: str) -> bool:
    """Whether the stack's first creation has failed: all that can be done with it is to remove it."""
    return status in {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
