"""The foundation: bucket, repository and, on request, the key of everything."""

import json
from typing import Any

import pytest

from generator.stacks import foundation
from tests.generator.stacks.alone import Body, output, plain, policies, properties, settings_with, skipped

GIVEN = "arn:aws:kms:eu-west-1:123456789012:key/0a1b"


def rendered(overrides: dict[str, Any] | None = None) -> Body:
    return plain(foundation.build(settings_with(overrides)))


def principals(body: Body) -> dict[str, Any]:
    statements = properties(body, "EncryptionKey")["KeyPolicy"]["Statement"]
    return {statement["Sid"]: statement for statement in statements}


def test_an_image_is_never_overwritten() -> None:
    found = properties(rendered(), "ImageRepository")
    assert found["ImageTagMutability"] == "IMMUTABLE"
    assert found["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert "RepositoryName" not in found


def test_old_images_go_unless_they_were_released() -> None:
    found = properties(rendered({"ecr": {"imagesLifecycleCount": 3}}), "ImageRepository")
    released, others = json.loads(found["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert released["rulePriority"] < others["rulePriority"], "a later rule cannot expire what an earlier one selects"
    assert released["selection"]["tagPrefixList"] == ["release-"]
    assert released["selection"]["countNumber"] > 1000, "more than anybody may want to keep"
    assert (others["selection"]["tagStatus"], others["selection"]["countNumber"]) == ("any", 3)


@pytest.mark.parametrize(("retain", "policy"), [(True, "Retain"), (False, "Delete")])
def test_images_and_key_stay_and_templates_go(retain: bool, policy: str) -> None:
    body = rendered({"retainData": retain, "kms": {"customerKey": True}})
    assert policies(body, "EncryptionKey") == (policy, policy)
    assert policies(body, "ImageRepository") == (policy, "Retain"), "what runs needs its images when the key changes"
    assert policies(body, "TemplatesBucket") == policies(body, "EncryptionKeyAlias") == ("Delete", "Delete")
    assert properties(body, "ImageRepository").get("EmptyOnDelete", False) is not retain


def test_templates_never_expire() -> None:
    (rule,) = properties(rendered(), "TemplatesBucket")["LifecycleConfiguration"]["Rules"]
    assert "ExpirationInDays" not in rule


def test_without_a_wish_there_is_no_key() -> None:
    body = rendered()
    assert "KeyArn" not in body["Outputs"]
    assert {resource["Type"] for resource in body["Resources"].values()} == {
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::ECR::Repository",
    }
    assert skipped(body, "ImageRepository") == {"CKV_AWS_136"}


def test_a_key_that_turns_and_is_found_by_its_alias() -> None:
    body = rendered({"kms": {"customerKey": True}})
    assert properties(body, "EncryptionKey")["EnableKeyRotation"] is True
    alias = properties(body, "EncryptionKeyAlias")
    assert alias == {"AliasName": "alias/air-dev", "TargetKeyId": {"Ref": "EncryptionKey"}}
    arn = {"Fn::GetAtt": ["EncryptionKey", "Arn"]}
    assert output(body, "KeyArn") == arn
    assert properties(body, "ImageRepository")["EncryptionConfiguration"] == {"EncryptionType": "KMS", "KmsKey": arn}
    (rule,) = properties(body, "TemplatesBucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == arn


def test_the_account_rules_the_key_and_services_use_it_for_the_account_alone() -> None:
    found = principals(rendered({"kms": {"customerKey": True}}))
    assert found["Account"]["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    assert found["Logs"]["Principal"] == {"Service": {"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"}}
    groups = {"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*"}
    assert found["Logs"]["Condition"] == {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}
    assert found["Alarms"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert found["Alarms"]["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Fn::Sub": "${AWS::AccountId}"}}}
    assert set(found["Alarms"]["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}


def test_a_key_that_exists_already_is_used_and_handed_on() -> None:
    body = rendered({"kms": {"keyArn": GIVEN}})
    assert "EncryptionKey" not in body["Resources"]
    assert output(body, "KeyArn") == GIVEN
    assert properties(body, "ImageRepository")["EncryptionConfiguration"]["KmsKey"] == GIVEN
