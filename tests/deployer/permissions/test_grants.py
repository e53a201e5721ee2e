"""What one environment's policies keep out of reach: another's, though names and ARNs are alike."""

from __future__ import annotations

import pytest

from deployer.checkout import CHECKOUT
from deployer.verbs.permissions import policies_of
from tests.deployer.permissions.test_policies import ACCOUNT, REGION, TAGS, of, rights
from tests.matrix.selection import Combination, combinations

PRODS = TAGS | {"aws:ResourceTag/Environment": "prod"}
PLACE = f"{REGION}:{ACCOUNT}"
NOT_NARROWED = {"logs:DeleteLogDelivery"}  # by AWS

# What a name or an ARN does not tell from prod's: only tags do.
ALIKE = [
    ("secretsmanager:DeleteSecret", f"secretsmanager:{PLACE}:secret:FernetSecret-1-AbCdEf"),
    ("secretsmanager:GetSecretValue", f"secretsmanager:{PLACE}:secret:AdminSecret-1-AbCdEf"),
    ("secretsmanager:TagResource", f"secretsmanager:{PLACE}:secret:FernetSecret-1-AbCdEf"),
    ("secretsmanager:UntagResource", f"secretsmanager:{PLACE}:secret:FernetSecret-1-AbCdEf"),
    ("secretsmanager:UpdateSecret", f"secretsmanager:{PLACE}:secret:FernetSecret-1-AbCdEf"),
    ("ec2:CreateTags", f"ec2:{PLACE}:vpc/vpc-1"),
    ("ec2:DeleteRoute", f"ec2:{PLACE}:route-table/rtb-1"),
    ("ec2:DeleteTags", f"ec2:{PLACE}:vpc/vpc-1"),
    ("ec2:DeleteVpc", f"ec2:{PLACE}:vpc/vpc-1"),
    ("elasticache:DeleteReplicationGroup", f"elasticache:{PLACE}:replicationgroup:one"),
    ("elasticloadbalancing:DeleteListener", f"elasticloadbalancing:{PLACE}:listener/app/one/1/2"),
    ("elasticloadbalancing:DeleteLoadBalancer", f"elasticloadbalancing:{PLACE}:loadbalancer/app/one/1"),
    ("rds:AddTagsToResource", f"rds:{PLACE}:db:one"),
    ("rds:DeleteDBInstance", f"rds:{PLACE}:db:one"),
    ("rds:ModifyDBInstance", f"rds:{PLACE}:db:one"),
]


@pytest.mark.parametrize(("action", "resource"), ALIKE)
def test_what_is_prods_is_out_of_reach_of_dev(action: str, resource: str) -> None:
    for verb in ("deploy", "push", "destroy"):
        assert not rights(of(), verb).allow(action, f"arn:aws:{resource}", PRODS)
    assert rights(of(), "deploy").allow(action, f"arn:aws:{resource}", TAGS)


def test_a_cluster_goes_with_a_last_snapshot_that_has_no_tags_yet() -> None:
    aurora = of(metadataDb={"engine": "aurora-postgresql"})
    for action, there, made in (
        ("rds:DeleteDBCluster", "rds:{}:cluster:one", "rds:{}:cluster-snapshot:last"),
        (
            "elasticache:DeleteReplicationGroup",
            "elasticache:{}:replicationgroup:one",
            "elasticache:{}:snapshot:last",
        ),
    ):
        for verb in ("deploy", "destroy"):
            allowed = rights(aurora, verb)
            assert allowed.allow(action, f"arn:aws:{there.format(PLACE)}", TAGS)
            assert not allowed.allow(action, f"arn:aws:{there.format(PLACE)}", PRODS)
            assert not allowed.allow(action, f"arn:aws:{there.format(PLACE)}", {})
            assert allowed.allow(action, f"arn:aws:{made.format(PLACE)}", {})


def test_what_has_no_tags_yet_is_tagged() -> None:
    allowed = rights(of(), "deploy")
    for action, resource in ALIKE:
        if "Tag" in action and "Untag" not in action:
            assert allowed.allow(action, f"arn:aws:{resource}", {}), action


def test_names_alone_do_not_open_an_environment_whose_name_goes_on() -> None:
    longer = {**TAGS, "aws:ResourceTag/Environment": "dev-eu"}
    for verb in ("deploy", "destroy"):
        allowed = rights(of(), verb)
        for action, resource in (
            ("cloudformation:DeleteStack", f"cloudformation:{PLACE}:stack/air-dev-eu/1"),
            ("ecr:DeleteRepository", f"ecr:{PLACE}:repository/air-dev-eu-foundation-1"),
            ("ecs:DeleteService", f"ecs:{PLACE}:service/air-dev-eu-Cluster-1/web"),
            ("iam:DeleteRole", f"iam::{ACCOUNT}:role/air-dev-eu-Roles-1"),
        ):
            assert allowed.allow(action, f"arn:aws:{resource}", TAGS), action
            assert not allowed.allow(action, f"arn:aws:{resource}", longer), action


@pytest.mark.parametrize("combination", combinations()[::8], ids=str)
def test_every_delete_is_held_by_a_name_or_tags_or_the_document_names_it(combination: Combination) -> None:
    settings, document = combination.settings, (CHECKOUT / "docs" / "permissions.md").read_text("utf-8")
    for name, policy in policies_of(settings).items():
        for one in policy["Statement"]:
            named = all(
                settings.stack_name[:20] in arn or "Secret-" in arn or "changeSet" in arn for arn in one["Resource"]
            )
            of_the_end = all("snapshot" in arn for arn in one["Resource"])  # what a delete makes
            deletes = {action for action in one["Action"] if ":Delete" in action or ":Schedule" in action}
            if not (named or of_the_end or "Condition" in one):
                assert deletes <= NOT_NARROWED, name
    assert all(f"`{action}`" in document for action in NOT_NARROWED)
