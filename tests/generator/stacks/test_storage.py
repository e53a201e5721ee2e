"""Logs: where those of tasks go and how long they stay."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from generator.stacks import storage
from tests.generator.stacks.alone import Body, alone, output, policies, properties, settings_with, skipped


def rendered(overrides: dict[str, Any] | None = None, key: str | None = None) -> Body:
    return alone(storage.build, storage.Inputs(key), settings_with(overrides))


CLOUDWATCH = {"logging": {"target": "cloudwatch", "retention": 14}}


def test_components_write_to_a_group_that_goes_with_the_stack_as_its_name_is_fixed() -> None:
    body = rendered({"cloudwatch": {"ecsLogGroup": {"retention": 5}}, "service": {"logGroupName": "flow"}})
    assert properties(body, "ComponentLogs") == {"LogGroupName": "/air-dev/flow", "RetentionInDays": 5}
    assert policies(body, "ComponentLogs") == ("Delete", "Delete")
    assert output(body, "LogGroup") == {"Ref": "ComponentLogs"}


def test_tasks_write_to_a_bucket_that_forgets_in_time() -> None:
    body = rendered({"logging": {"retention": 30}})
    (rule,) = properties(body, "LogsBucket")["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 30
    assert output(body, "TaskLogs") == {"Fn::Sub": "s3://${LogsBucket}/logs"}
    assert output(body, "LogsBucket") == {"Ref": "LogsBucket"}
    assert "TaskLogGroupArn" not in body["Outputs"]


def test_or_to_a_log_group_that_forgets_in_time() -> None:
    body = rendered(CLOUDWATCH)
    assert properties(body, "TaskLogs") == {"RetentionInDays": 14}
    assert output(body, "TaskLogGroupArn") == {"Fn::GetAtt": ["TaskLogs", "Arn"]}
    assert "LogsBucket" not in body["Outputs"] | body["Resources"]


def test_airflow_finds_region_and_group_in_the_address_of_a_log_group() -> None:
    """It takes the ARN apart at its colons, and what stands behind the sixth is the group's name."""
    address = output(rendered(CLOUDWATCH), "TaskLogs")["Fn::Sub"]
    for pseudo, value in {
        "${AWS::Partition}": "aws", "${AWS::Region}": "eu-west-1", "${AWS::AccountId}": "1", "${TaskLogs}": "air-Task-1"
    }.items():  # fmt: skip
        address = address.replace(pseudo, value)
    url = urlsplit(address)
    assert url.scheme == "cloudwatch"
    assert (url.netloc + url.path).split(":")[3:] == ["eu-west-1", "1", "log-group", "air-Task-1"]


@pytest.mark.parametrize(("overrides", "name"), [({}, "LogsBucket"), (CLOUDWATCH, "TaskLogs")])
@pytest.mark.parametrize(("retain", "policy"), [(True, "Retain"), (False, "Delete")])
def test_logs_of_tasks_stay(overrides: dict[str, Any], name: str, retain: bool, policy: str) -> None:
    assert policies(rendered({**overrides, "retainData": retain}), name) == (policy, policy)


def test_the_customers_key_encrypts_all_of_it() -> None:
    body = rendered(CLOUDWATCH, key="key")
    assert (
        properties(body, "ComponentLogs")["KmsKeyId"] == properties(body, "TaskLogs")["KmsKeyId"] == {"Ref": "KeyArn"}
    )
    assert not skipped(body, "TaskLogs")
    (rule,) = properties(rendered(key="key"), "LogsBucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == {"Ref": "KeyArn"}
