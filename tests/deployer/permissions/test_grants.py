"""What one environment's policies keep out of reach: another's, though names and ARNs are alike."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.checkout import CHECKOUT
from deployer.permissions import reference
from deployer.verbs.permissions import policies_of
from tests.deployer.permissions.test_policies import ACCOUNT, REGION, TAGS, of, rights, statements
from tests.matrix.options import WITH_ENDPOINTS
from tests.matrix.selection import Combination, combinations

PRODS = TAGS | {"aws:ResourceTag/Environment": "prod"}
PLACE = f"{REGION}:{ACCOUNT}"
# What changes or removes, and AWS does not let anybody narrow, or not to what the template knows.
NOT_NARROWED = {
    "ecs:DeregisterTaskDefinition",
    "logs:DeleteLogDelivery",
    "route53:AssociateVPCWithHostedZone",
    "route53:ChangeResourceRecordSets",
    "servicediscovery:TagResource",
    "servicediscovery:UntagResource",
}
TAGGING = {"ec2:CreateTags", "ec2:DeleteTags"}
LOOKING = ("BatchCheck", "BatchGet", "Describe", "Filter", "Get", "List")
MAKING = ("Create", "Request", "Restore")

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
    ("application-autoscaling:PutScalingPolicy", f"application-autoscaling:{PLACE}:scalable-target/one"),
    ("cloudwatch:PutMetricAlarm", f"cloudwatch:{PLACE}:alarm:one"),
    ("ec2:AuthorizeSecurityGroupEgress", f"ec2:{PLACE}:security-group/sg-1"),
    ("ec2:AuthorizeSecurityGroupIngress", f"ec2:{PLACE}:security-group/sg-1"),
    ("ec2:CreateRoute", f"ec2:{PLACE}:route-table/rtb-1"),
    ("ec2:DetachInternetGateway", f"ec2:{PLACE}:internet-gateway/igw-1"),
    ("ec2:DisassociateRouteTable", f"ec2:{PLACE}:route-table/rtb-1"),
    ("ec2:ReplaceRoute", f"ec2:{PLACE}:route-table/rtb-1"),
    ("elasticache:DecreaseReplicaCount", f"elasticache:{PLACE}:replicationgroup:one"),
    ("elasticloadbalancing:CreateListener", f"elasticloadbalancing:{PLACE}:loadbalancer/app/one/1"),
    ("elasticloadbalancing:DeregisterTargets", f"elasticloadbalancing:{PLACE}:targetgroup/one/1"),
    ("kms:CreateGrant", f"kms:{PLACE}:key/one"),
    ("kms:Decrypt", f"kms:{PLACE}:key/one"),
    ("kms:DisableKey", f"kms:{PLACE}:key/one"),
    ("kms:PutKeyPolicy", f"kms:{PLACE}:key/one"),
    ("rds:RebootDBInstance", f"rds:{PLACE}:db:one"),
    ("rds:ResetDBParameterGroup", f"rds:{PLACE}:pg:one"),
]
# Settings with all of these.
EVERYTHING = {
    "kms": {"customerKey": True},
    "alarms": {"email": "ada@example.com"},
    "service": {"workers": {"autoscaling": {"minCapacity": 0, "maxCapacity": 3, "cpu": {"target": 50}}}},
}


@pytest.mark.parametrize(("action", "resource"), ALIKE)
def test_what_is_prods_is_out_of_reach_of_dev(action: str, resource: str) -> None:
    documents = of(**EVERYTHING)
    for verb in ("deploy", "push", "destroy"):
        assert not rights(documents, verb).allow(action, f"arn:aws:{resource}", PRODS)
    assert rights(documents, "deploy").allow(action, f"arn:aws:{resource}", TAGS)


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
            assert allowed.allow(action, f"arn:aws:{made.format(PLACE)}", {})


@pytest.mark.parametrize(
    ("action", "made_never", "settings"),
    [
        ("elasticache:DeleteReplicationGroup", "elasticache:{}:replicationgroup:ai1c8qk5xw0b2t9", {}),
        ("elasticache:DeleteCacheSubnetGroup", "elasticache:{}:subnetgroup:air-dev-broker-1-subnets-2", {}),
        ("rds:DeleteDBInstance", "rds:{}:db:air-dev-database-1x-metadatadatabase-2y", {}),
        ("rds:DeleteDBSubnetGroup", "rds:{}:subgrp:air-dev-database-1x-databasesubnets-2y", {}),
        (
            "rds:DeleteDBCluster",
            "rds:{}:cluster:air-dev-database-1x-metadatadatabase-2y",
            {"metadataDb": {"engine": "aurora-postgresql"}},
        ),
        ("sqs:DeleteQueue", "sqs:{}:air-dev-Broker-1X-DefaultQueue-2Y", {"celeryBackend": {"engine": "sqs"}}),
        ("cloudwatch:DeleteAlarms", "cloudwatch:{}:alarm:air-dev-Alarms-1X-SchedulerAlarm-2Y", EVERYTHING),
        (
            "application-autoscaling:DeregisterScalableTarget",
            "application-autoscaling:{}:scalable-target/0ec5",
            EVERYTHING,
        ),
    ],
)
def test_what_was_never_made_can_be_asked_to_go(action: str, made_never: str, settings: dict[str, Any]) -> None:
    """It has no tags: a rollback that is not allowed to ask fails, and so does every removal after it."""
    for verb in ("deploy", "destroy"):
        allowed = rights(of(**settings), verb)
        assert allowed.allow(action, f"arn:aws:{made_never.format(PLACE)}", {})
        assert not allowed.allow(action, f"arn:aws:{made_never.format(PLACE)}", PRODS)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("rds:DeleteDBInstance", f"rds:{PLACE}:db:payroll"),
        ("rds:DeleteDBSubnetGroup", f"rds:{PLACE}:subgrp:payroll"),
        ("ec2:DeleteVpc", f"ec2:{PLACE}:vpc/vpc-1"),
    ],
)
def test_what_bears_neither_tags_nor_our_name_is_not_removed(action: str, resource: str) -> None:
    for verb in ("deploy", "destroy"):
        assert not rights(of(), verb).allow(action, f"arn:aws:{resource}", {})


def test_a_network_of_somebody_else_may_bear_any_tags() -> None:
    theirs = of(network={"mode": "existing", "existing": WITH_ENDPOINTS})
    allowed, tags = rights(theirs, "deploy"), PRODS | {"aws:ResourceTag/Service": "network"}
    on = f"arn:aws:ec2:{PLACE}"
    for action, beside in (
        ("ec2:CreateSecurityGroup", ("vpc/vpc-1",)),
        ("ec2:CreateVpcEndpoint", ("vpc/vpc-1", "subnet/subnet-1", "route-table/rtb-1")),
        ("ec2:ModifyVpcEndpoint", ("subnet/subnet-1", "route-table/rtb-1")),
    ):
        for one in beside:
            assert allowed.allow(action, f"{on}:{one}", tags), (action, one)
    assert not allowed.allow("ec2:ModifyVpcEndpoint", f"{on}:vpc-endpoint/vpce-1", tags)
    held = {action for one in statements(theirs, "deploy") if "Condition" in one for action in one["Action"]}
    assert {one for one in held - TAGGING if {"vpc", "subnet", "route-table"}.intersection(reference.kinds(one))} == {
        "ec2:ModifyVpcEndpoint"
    }


def test_whoever_destroys_sees_the_log_group_that_container_insights_leaves() -> None:
    group = "/aws/ecs/containerinsights/air-{}-Cluster-1/performance"
    allowed = rights(of(), "destroy")
    for environment, seen in (("dev", True), ("prod", False)):
        asked = f"arn:aws:logs:{PLACE}:log-group:{group.format(environment)}:*"
        assert allowed.allow("logs:DescribeLogStreams", asked, {}) is seen


def test_a_key_that_is_given_may_bear_any_tags() -> None:
    key = f"arn:aws:kms:{PLACE}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    for verb in ("deploy", "push", "destroy"):
        assert rights(of(kms={"keyArn": key}), verb).allow("kms:Decrypt", key, PRODS)


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
def test_whatever_changes_is_held_by_a_name_or_tags_or_the_document_names_it(combination: Combination) -> None:
    settings, document = combination.settings, (CHECKOUT / "docs" / "permissions.md").read_text("utf-8")
    for name, policy in policies_of(settings).items():
        for one in policy["Statement"]:
            named = all(
                settings.stack_name[:20] in arn or "Secret-" in arn or "changeSet" in arn for arn in one["Resource"]
            )
            of_the_end = all("snapshot" in arn for arn in one["Resource"])  # what a delete makes
            given = one["Resource"] == [settings.kms.key_arn]
            free = {action for action in one["Action"] if not action.partition(":")[2].startswith(LOOKING + MAKING)}
            if not (named or given or of_the_end or "Condition" in one):
                assert free - {"ec2:ModifyVpcEndpoint", "sts:GetCallerIdentity"} <= NOT_NARROWED, name
    assert all(f"`{action}`" in document for action in NOT_NARROWED)
