from __future__ import annotations

from typing import Any

import boto3
import pytest

from deployer.cloudformation.statuses import Category, category, is_busy, is_success


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        ("CREATE_COMPLETE", "", Category.DONE),
        ("DELETE_SKIPPED", "", Category.DONE),
        ("UPDATE_IN_PROGRESS", "", Category.IN_PROGRESS),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "", Category.IN_PROGRESS),
        ("CREATE_FAILED", "The image was not found", Category.FAILED),
        ("UPDATE_ROLLBACK_FAILED", "x", Category.FAILED),
        ("CREATE_FAILED", "Resource creation cancelled", Category.CANCELLED),
        ("UPDATE_FAILED", "Resource update cancelled", Category.CANCELLED),
        ("CREATE_FAILED", "Embedded stack arn:... was not successfully created: ...", Category.CANCELLED),
        ("DELETE_FAILED", "The following resource(s) failed to delete: [Bucket].", Category.CANCELLED),
        ("ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [A].", Category.ROLLED_BACK),
        ("UPDATE_ROLLBACK_COMPLETE", "", Category.ROLLED_BACK),
    ],
)
def test_categories(status: str, reason: str, expected: Category) -> None:
    assert category(status, reason) is expected


def test_every_status_of_a_stack_is_busy_or_at_rest() -> None:
    shape: Any = boto3.client("cloudformation", region_name="eu-west-1").meta.service_model.shape_for("StackStatus")
    statuses: list[str] = shape.enum

    at_rest = {status for status in statuses if not is_busy(status)}
    assert all("IN_PROGRESS" not in status for status in at_rest - {"REVIEW_IN_PROGRESS"})
    assert {status for status in statuses if is_success(status)} == {
        "CREATE_COMPLETE",
        "DELETE_COMPLETE",
        "IMPORT_COMPLETE",
        "UPDATE_COMPLETE",
    }
