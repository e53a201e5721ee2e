"""The policies: what they allow, on what, and that IAM takes them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from deployer.permissions.policies import LIMIT, Document, length
from deployer.verbs.permissions import policies_of
from generator.config.settings import Settings
from tests.matrix.options import EXISTING
from tests.matrix.selection import Combination, combinations
from tests.models.permissions import Rights

ACCOUNT, REGION = "123456789012", "eu-central-1"
HERE = {"serviceName": "air", "environment": "dev", "owner": "data", "region": REGION, "account": ACCOUNT}
TAGS = {"aws:ResourceTag/Service": "air", "aws:ResourceTag/Environment": "dev"}


def of(**more: Any) -> dict[str, Document]:
    return _of(json.dumps(HERE | more))


@cache
def _of(settings: str) -> dict[str, Document]:
    return policies_of(Settings.model_validate_json(settings))


def statements(documents: dict[str, Document], verb: str) -> list[dict[str, Any]]:
    return [one for name, document in documents.items() if f"-{verb}" in name for one in document["Statement"]]


def rights(documents: dict[str, Document], verb: str) -> Rights:
    """What a verb allows, leaving conditions aside."""
    return Rights(statements(documents, verb))


def condition(documents: dict[str, Document], verb: str, action: str) -> Any:
    (found,) = [one["Condition"] for one in statements(documents, verb) if action in one["Action"]]
    return found["StringEquals"]


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("ec2:GetSecurityGroupsForVpc", {}),
        ("route53:AssociateVPCWithHostedZone", {"network": {"mode": "isolated"}}),
        ("route53:AssociateVPCWithHostedZone", {"network": {"endpoints": ["athena"]}}),
    ],
)
def test_what_aws_calls_onwards_is_allowed(action: str, more: dict[str, Any]) -> None:
    documents = of(**more)
    assert rights(documents, "deploy").allow(action, f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-1", {}) or (
        rights(documents, "deploy").allow(action, "*", {})
    )
    for verb in ("push", "destroy"):
        assert action not in rights(documents, verb).actions()


@pytest.mark.parametrize("combination", combinations()[::4], ids=str)  # reading templates is what takes time
def test_an_environment_has_policies_that_iam_takes(combination: Combination) -> None:
    documents = policies_of(combination.settings)
    for verb in ("deploy", "push", "destroy"):
        assert 1 <= len([name for name in documents if f"-{verb}" in name]) <= 10  # of a role, without asking for more
    for name, document in documents.items():
        assert length(document) <= LIMIT, name
        assert len(name) <= 128
        for statement in document["Statement"]:
            assert statement["Action"]
            assert statement["Resource"]
            assert not any("*" in action for action in statement["Action"])
            assert " " not in json.dumps(statement["Resource"], separators=(",", ":"))


@pytest.mark.parametrize(
    ("action", "ours", "theirs"),
    [
        ("cloudformation:DeleteStack", "cloudformation:{0}:stack/air-dev/1", "cloudformation:{0}:stack/air-prod/1"),
        ("cloudformation:UpdateStack", "cloudformation:{0}:stack/air-dev-Roles-1/2", "cloudformation:{0}:stack/air/1"),
        ("ecs:DeleteService", "ecs:{0}:service/air-dev-Cluster-1/web", "ecs:{0}:service/other/web"),
        ("ecs:RunTask", "ecs:{0}:task-definition/air-dev-workers:3", "ecs:{0}:task-definition/other:3"),
        ("ecs:StopTask", "ecs:{0}:task/air-dev-Cluster-1/0", "ecs:{0}:task/other/0"),
        ("ecr:PutImage", "ecr:{0}:repository/air-dev-foundation-1", "ecr:{0}:repository/other"),
        ("logs:DeleteLogGroup", "logs:{0}:log-group:/air-dev/airflow", "logs:{0}:log-group:/air-prod/airflow"),
        (
            "secretsmanager:CreateSecret",
            "secretsmanager:{0}:secret:FernetSecret-1-2",
            "secretsmanager:{0}:secret:other",
        ),
        ("secretsmanager:CreateSecret", "secretsmanager:{0}:secret:air-dev-fernet-1", "secretsmanager:{0}:secret:air"),
        ("s3:PutObject", "s3:::air-dev-foundation-templatesbucket-1/lock.json", "s3:::air-prod-1/lock.json"),
        ("s3:DeleteBucket", "s3:::air-dev-storage-1-logsbucket-1", "s3:::others"),
    ],
)
def test_what_has_a_name_of_ours_is_allowed_and_no_other(action: str, ours: str, theirs: str) -> None:
    allowed = rights(of(), "deploy")
    place = f"{REGION}:{ACCOUNT}"
    assert allowed.allow(action, f"arn:aws:{ours.format(place)}")
    assert not allowed.allow(action, f"arn:aws:{theirs.format(place)}")


def test_roles_are_made_and_handed_on_to_tasks_alone() -> None:
    documents = of()
    allowed = rights(documents, "deploy")
    for action in ("iam:CreateRole", "iam:PassRole"):
        assert allowed.allow(action, f"arn:aws:iam::{ACCOUNT}:role/air-dev-Roles-1-WorkersTaskRole-1")
        assert not allowed.allow(action, f"arn:aws:iam::{ACCOUNT}:role/admin")
    assert condition(documents, "deploy", "iam:PassRole") == {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}
    assert condition(documents, "deploy", "iam:CreateServiceLinkedRole") == {
        "iam:AWSServiceName": [
            "ecs.amazonaws.com",
            "elasticache.amazonaws.com",
            "elasticloadbalancing.amazonaws.com",
            "rds.amazonaws.com",
        ]
    }


def test_roles_under_a_path_and_within_a_boundary() -> None:
    documents = of(iam={"path": "/data/", "permissionsBoundary": "fence"})
    allowed = rights(documents, "deploy")
    assert allowed.allow("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/data/air-dev-Roles-1")
    assert not allowed.allow("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/air-dev-Roles-1")
    assert "iam:DeleteRolePermissionsBoundary" not in allowed.actions()


@pytest.mark.parametrize("account", [ACCOUNT, ""])
def test_roles_are_made_within_the_boundary_alone_also_where_no_account_is_said(account: str) -> None:
    allowed = rights(of(iam={"permissionsBoundary": "fence"}, account=account), "deploy")
    role = f"arn:aws:iam::{ACCOUNT}:role/air-dev-Roles-1"
    for action in ("iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        for policy, within in (("fence", True), ("wide-fence", False)):
            context = {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/{policy}"}
            assert allowed.allow(action, role, context) is within, (action, policy)
        assert not allowed.allow(action, role, {})


def test_what_has_no_name_of_ours_goes_by_its_tags() -> None:
    documents = of()
    for verb in ("deploy", "destroy"):
        for action in ("ec2:DeleteVpc", "ec2:DeleteSecurityGroup"):
            assert condition(documents, verb, action) == TAGS
    assert condition(documents, "deploy", "secretsmanager:GetSecretValue") == TAGS


def test_the_named_image_and_key_of_another_account() -> None:
    key = "arn:aws:kms:eu-central-1:999999999999:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    image = "999999999999.dkr.ecr.eu-west-1.amazonaws.com/shared/airflow:one"
    documents = of(kms={"keyArn": key}, airflow={"image": image})
    repository = "arn:aws:ecr:eu-west-1:999999999999:repository/shared/airflow"
    assert rights(documents, "deploy").allow("ecr:DescribeImages", repository)
    assert not rights(documents, "deploy").allow("ecr:PutImage", repository)
    for verb in ("deploy", "push", "destroy"):
        on = {arn for one in statements(documents, verb) if "kms:Decrypt" in one["Action"] for arn in one["Resource"]}
        assert on == {key}


@pytest.mark.parametrize("verb", ["deploy", "push"])
def test_zones_that_aws_chooses_are_asked_for_in_ones_own_name(verb: str) -> None:
    asked = {"ec2:DescribeAccountAttributes", "ec2:DescribeAvailabilityZones", "ec2:DescribeSubnets"}
    assert asked <= rights(of(), verb).actions()
    theirs = of(network={"mode": "existing", "existing": EXISTING})  # where nobody chooses any
    assert verb == "deploy" or asked.isdisjoint(rights(theirs, verb).actions())


def test_values_of_secrets_that_exist_already_are_read_by_their_arns() -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mine-AbCdEf"
    found = [
        one
        for one in statements(of(secrets={"database": arn}), "deploy")
        if "secretsmanager:GetSecretValue" in one["Action"]
    ]
    assert [(one["Resource"], "Condition" in one) for one in found if one["Resource"] == [arn]] == [([arn], False)]
    assert len(found) == 2


def test_a_push_changes_services_and_task_definitions_alone() -> None:
    allowed = rights(of(), "push").actions()
    assert {"ecs:RegisterTaskDefinition", "ecs:UpdateService", "ecr:PutImage", "iam:PassRole"} <= allowed
    assert allowed.isdisjoint(
        {
            "cloudformation:CreateStack",
            "cloudformation:DeleteStack",
            "cloudformation:SetStackPolicy",
            "cloudformation:UpdateTerminationProtection",
            "ecs:CreateService",
            "ecs:DeleteService",
        }
    )
    assert "cloudformation:UpdateStack" in allowed
    services = {action.partition(":")[0] for action in allowed}
    assert services == {
        "application-autoscaling",
        "cloudformation",
        "ec2",  # its zones, which the templates leave to AWS
        "ecr",
        "ecs",
        "iam",
        "logs",
        "s3",
        "secretsmanager",
        "sts",
    }
    assert not any(action.startswith("iam:") and "Create" in action for action in allowed)


def test_a_destroy_makes_nothing() -> None:
    allowed = rights(of(), "destroy").actions()
    assert {"s3:DeleteObjectVersion", "ecr:BatchDeleteImage", "rds:DeleteDBInstance", "iam:DeleteRole"} <= allowed
    making = {one for one in allowed if one.partition(":")[2].startswith(("Create", "Run", "Register", "Update"))}
    # Snapshots of the end; and AWS's schema of VPC endpoints counts tagging in.
    assert making == {"rds:CreateDBSnapshot", "elasticache:CreateSnapshot", "ec2:CreateTags"}


def test_a_key_of_the_customers() -> None:
    assert not any(action.startswith("kms:") for action in rights(of(), "deploy").actions())
    allowed = rights(of(kms={"customerKey": True}), "deploy").actions()
    assert {"kms:CreateKey", "kms:GenerateDataKey", "kms:Decrypt", "kms:ScheduleKeyDeletion"} <= allowed


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-central-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_partitions(region: str, partition: str) -> None:
    documents = of(region=region)
    every = [one for document in documents.values() for one in document["Statement"]]
    arns = {arn for one in every for arn in one["Resource"] if arn != "*"}
    assert {arn.split(":")[1] for arn in arns} == {partition}


def test_without_region_and_account_the_policies_are_for_all_of_them() -> None:
    documents = policies_of(Settings.model_validate({"serviceName": "air", "environment": "dev", "owner": "data"}))
    assert rights(documents, "deploy").allow("ecs:RunTask", "arn:aws:ecs:us-east-1:1:task-definition/air-dev-workers:3")


def test_a_statement_that_does_not_fit_is_parted() -> None:
    documents = of()
    names = [name for name in documents if name.startswith("air-dev-deploy")]
    assert names == [f"air-dev-deploy-{number}" for number in range(1, len(names) + 1)]
    full = [length(documents[name]) for name in names]
    assert len(names) >= 2
    assert all(characters > LIMIT * 0.9 for characters in full[:-1])


def test_a_template_that_is_looked_at_is_no_resource_yet() -> None:
    for verb in ("deploy", "push", "destroy"):
        assert rights(of(), verb).allow("cloudformation:GetTemplateSummary", "*")
