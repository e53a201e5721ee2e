"""What all that holds data has in common."""

import pytest
from awacs import s3
from awacs.aws import Allow, Principal, Statement
from troposphere.s3 import Bucket

from generator.stacks.data import accepted, bucket, kept, passing
from generator.stacks.nesting import stack_template
from tests.generator.stacks.alone import Body, plain, policies, properties, settings_with

SETTINGS = settings_with()


def made(**wanted: object) -> Body:
    template = stack_template("x")
    bucket(template, SETTINGS, "Logs", **wanted)  # type: ignore[arg-type]
    return plain(template)


@pytest.mark.parametrize(("retain", "policy"), [(True, "Retain"), (False, "Delete")])
def test_what_is_kept_outlives_stack_and_replacement_unless_thrown_away(retain: bool, policy: str) -> None:
    settings = settings_with({"retainData": retain})
    body = kept(Bucket("B"), settings).to_dict()
    assert (body["DeletionPolicy"], body["UpdateReplacePolicy"]) == (policy, policy)
    snapshot = kept(Bucket("B"), settings, policy="Snapshot").to_dict()
    assert snapshot["DeletionPolicy"] == ("Snapshot" if retain else "Delete")


def test_what_passes_goes_even_where_data_is_kept() -> None:
    body = passing(Bucket("B")).to_dict()
    assert (body["DeletionPolicy"], body["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_a_bucket_is_private_and_encrypted_and_has_no_name() -> None:
    found = properties(made(), "Logs")
    (rule,) = found["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert set(found["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(found["PublicAccessBlockConfiguration"]) == 4
    assert found["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert "BucketName" not in found


def test_the_customers_key_encrypts_a_bucket_without_a_request_for_each_object() -> None:
    (rule,) = properties(made(key_arn="key"), "Logs")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key"}
    assert rule["BucketKeyEnabled"] is True


def test_a_bucket_forgets_what_nobody_sees_and_what_is_old() -> None:
    (rule,) = properties(made(days=90), "Logs")["LifecycleConfiguration"]["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    assert rule["ExpirationInDays"] == 90
    (rule,) = properties(made(), "Logs")["LifecycleConfiguration"]["Rules"]
    assert "ExpirationInDays" not in rule


def test_a_bucket_refuses_plain_http_beside_what_it_is_told_to_let() -> None:
    service = Statement(
        Effect=Allow, Action=[s3.PutObject], Resource=["x"], Principal=Principal("Service", "x.amazonaws.com")
    )
    policy = properties(made(statements=[service]), "LogsPolicy")
    assert policy["Bucket"] == {"Ref": "Logs"}
    refused, allowed = policy["PolicyDocument"]["Statement"]
    assert (refused["Effect"], refused["Principal"], refused["Action"]) == ("Deny", "*", ["s3:*"])
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    arn = "arn:${AWS::Partition}:s3:::${Logs}"
    assert refused["Resource"] == [{"Fn::Sub": arn}, {"Fn::Sub": f"{arn}/*"}]
    assert allowed["Action"] == ["s3:PutObject"]


def test_a_buckets_policy_stays_as_long_as_the_bucket() -> None:
    assert policies(made(), "Logs") == policies(made(), "LogsPolicy") == ("Retain", "Retain")
    passing_on = made(keep=False)
    assert policies(passing_on, "Logs") == policies(passing_on, "LogsPolicy") == ("Delete", "Delete")


def test_what_is_accepted_stands_beside_what_other_checkers_are_told() -> None:
    resource = Bucket("B", Metadata={"cfn-lint": {"config": {"ignore_checks": ["W1"]}}})
    body = accepted(accepted(resource, CKV_2="because"), CKV_1="why").to_dict()
    assert body["Metadata"] == {
        "cfn-lint": {"config": {"ignore_checks": ["W1"]}},
        "checkov": {"skip": [{"id": "CKV_2", "comment": "because"}, {"id": "CKV_1", "comment": "why"}]},
    }
