"""What CloudFormation calls for the resources of templates, as AWS's schemas say."""

from __future__ import annotations

import re
from functools import cache

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from deployer.cloudformation.template_text import resources
from deployer.permissions import reference, unused
from deployer.permissions.schemas import Kinds, Resources, kinds, needs, passed_to, secrets
from generator.render import render
from tests.matrix.selection import Combination, combinations

QUEUE = "Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {KmsMasterKeyId: one}}}"
BUCKET = "Resources: {Bucket: {Type: 'AWS::S3::Bucket', Properties: {%s: {}}}}"


@cache
def read(text: str) -> Resources:
    """Combinations have most of their templates in common."""
    return resources(text)


def parsed(combination: Combination) -> list[Resources]:
    return [read(text) for text in render(combination.settings).values()]


@cache
def of_the_matrix() -> Kinds:
    """Every type that any settings make."""
    found: dict[str, set[str]] = {}
    for combination in combinations():
        for kind, properties in kinds(parsed(combination)).items():
            found.setdefault(kind, set()).update(properties)
    return found


def test_a_queue() -> None:
    found = needs(kinds([resources(QUEUE)]), own_keys=False)
    assert {"sqs:CreateQueue", "sqs:SetQueueAttributes", "sqs:GetQueueAttributes", "sqs:TagQueue"} <= found.making
    assert "sqs:DeleteQueue" in found.ending - found.making
    assert found.tagged == {"sqs:DeleteQueue"}


def test_keys_only_where_they_are_the_customers() -> None:
    database = "Resources: {One: {Type: 'AWS::RDS::DBInstance'}}"
    keys = {
        own: {one for one in needs(kinds([resources(database)]), own_keys=own).making if "kms:" in one}
        for own in (True, False)
    }
    assert keys == {True: {"kms:CreateGrant", "kms:DescribeKey"}, False: set()}


def test_actions_for_a_property_come_with_it() -> None:
    bare, served = (
        needs(kinds([resources(BUCKET % name)]), own_keys=False).making for name in ("Tags", "WebsiteConfiguration")
    )
    assert served - bare == {"s3:PutBucketWebsite", "s3:DeleteBucketWebsite"}


def test_every_type_says_what_it_needs() -> None:
    assert len(of_the_matrix()) > 40
    for kind, properties in of_the_matrix().items():
        found = needs({kind: properties}, own_keys=True)
        assert found.making, kind
        assert found.ending, kind


def test_every_action_is_one_of_aws() -> None:
    found = needs(of_the_matrix(), own_keys=True)
    assert all(reference.exists(action) for action in found.making | found.ending)


def test_what_no_template_of_ours_does_is_in_no_policy() -> None:
    found = needs(of_the_matrix(), own_keys=True)
    services = {action.partition(":")[0] for action in found.making | found.ending}
    assert services.isdisjoint({"cognito-idp", "firehose", "lambda", "s3tables", "vpc-lattice", "vpce"})


def test_each_line_of_what_is_unused_is_about_something_that_a_schema_says() -> None:
    for kind, name, pattern in unused._FOR:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        every = {action for one in schema["handlers"].values() for action in one["permissions"]}
        assert name == unused.NEVER or name in schema["properties"], (kind, name)
        assert any(re.search(pattern, one) for one in every), (kind, pattern)


def test_roles_are_for_the_services_that_they_trust() -> None:
    every = [parsed(combination) for combination in combinations()]
    assert {service for templates in every for service in passed_to(templates)} == {
        "ecs-tasks.amazonaws.com",
        "vpc-flow-logs.amazonaws.com",
    }


def test_secrets_that_are_made() -> None:
    made = secrets(parsed(combinations()[0]))
    assert {"DatabaseSecret", "FernetSecret"} <= set(made)
