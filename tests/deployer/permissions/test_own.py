"""Every call that the deployer makes is in the policy of the verb that makes it."""

from __future__ import annotations

import pytest

from deployer.permissions import own, reference
from tests.deployer.permissions import calls

READING_VERBS = {f"verbs.{name}" for name in ("diff", "doctor", "events", "reading", "unlock")}
OURS = own.READING | own.ROLLING | own.DEPLOYING | own.DESTROYING
# What modules that destroy imports can do beside what it asks of them: make changes, see tasks, compare Fernet keys.
ONLY_IN_A_DEPLOY = {
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DetectStackResourceDrift",
    "cloudformation:ExecuteChangeSet",
    *(f"ecs:{name}" for name in ("DescribeServices", "DescribeTaskDefinition", "DescribeTasks")),
    *(f"ecs:{name}" for name in ("ListServices", "ListTasks")),
    "logs:GetLogEvents",
    "secretsmanager:CreateSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
}
# Who holds what could not be deleted is named by the verb that goes on with it.
ONLY_IN_A_DESTROY = {"ec2:DescribeNetworkInterfaces"}
# A stack that is only there to be reviewed is removed where one is created; snapshots are listed where one may go.
NOT_IN_A_PUSH = {"cloudformation:DeleteStack", "rds:DescribeDBClusterSnapshots", "rds:DescribeDBSnapshots"}
# No call of ours: what CloudFormation asks for beside (tags), what an engine calls that pushes, and what we tell a
# user to call.
NOT_CALLED = {
    "cloudformation:CancelUpdateStack",
    "cloudformation:TagResource",
    "cloudformation:UntagResource",
    "secretsmanager:TagResource",
    *(f"ecr:{name}" for name in ("BatchCheckLayerAvailability", "CompleteLayerUpload", "GetDownloadUrlForLayer")),
    *(f"ecr:{name}" for name in ("InitiateLayerUpload", "UploadLayerPart")),
}


@pytest.mark.parametrize(
    ("verb", "modules", "allowed", "beside"),
    [
        ("deploy", {"verbs.deploying"}, own.READING | own.ROLLING | own.DEPLOYING, ONLY_IN_A_DESTROY),
        ("deploy", READING_VERBS, own.READING | own.ROLLING | own.DEPLOYING, ONLY_IN_A_DESTROY),
        ("push", {"verbs.images", "verbs.rollback"}, own.READING | own.ROLLING, NOT_IN_A_PUSH),
        ("destroy", {"verbs.destroying"}, own.READING | own.DESTROYING, ONLY_IN_A_DEPLOY),
    ],
)
def test_each_verb_is_allowed_what_its_modules_call(
    verb: str, modules: set[str], allowed: frozenset[str], beside: set[str]
) -> None:
    used = calls.actions(calls.closure(modules))
    assert len(used) > 10
    assert {action: module for action, module in used.items() if action not in allowed | beside} == {}


def test_no_module_calls_anything_else() -> None:
    used = calls.actions(calls.every_module())
    assert {action: module for action, module in used.items() if action not in OURS} == {}


def test_nothing_is_allowed_that_nobody_calls() -> None:
    used = calls.actions(calls.every_module())
    assert OURS - set(used) == NOT_CALLED


def test_aws_has_each_of_them() -> None:
    assert [action for action in sorted(OURS) if not reference.exists(action)] == []
