"""Three alarms, and who is told."""

from typing import Any

import pytest
from airflow_runtime import metrics

from generator.stacks import alarms
from tests.generator.stacks.alone import Body, alone, properties, settings_with, skipped

EMAIL = {"alarms": {"email": "someone@example.com"}}


def rendered(overrides: dict[str, Any] | None = None, key: str | None = None) -> Body:
    return alone(alarms.build, alarms.Inputs("database", key), settings_with(EMAIL | (overrides or {})))


def the_alarms(body: Body) -> dict[str, dict[str, Any]]:
    found = body["Resources"].items()
    return {name: one["Properties"] for name, one in found if one["Type"] == "AWS::CloudWatch::Alarm"}


def test_three_alarms_tell_one_person_when_it_begins_and_when_it_is_over() -> None:
    body = rendered()
    assert set(the_alarms(body)) == {"SchedulerHeartbeat", "QueueAge", "DatabaseStorage"}
    for alarm in the_alarms(body).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "Topic"}]
        assert alarm["AlarmDescription"].startswith("air-dev: ")
    assert properties(body, "Email") == {
        "TopicArn": {"Ref": "Topic"},
        "Protocol": "email",
        "Endpoint": "someone@example.com",
    }


def test_alarms_watch_what_is_measured_beside_the_webserver() -> None:
    """Name for name: a metric that nobody writes would never alarm, or always."""
    measured = metrics.line("air-dev", metrics.Measured(1.0, 2.0, {}), 0)
    for name in ("SchedulerHeartbeat", "QueueAge"):
        alarm = the_alarms(rendered())[name]
        assert alarm["Namespace"] == metrics.NAMESPACE
        assert alarm["Dimensions"] == [{"Name": "Service", "Value": "air-dev"}]
        assert f'"{alarm["MetricName"]}"' in measured
        assert alarm["Period"] == metrics.EVERY_SECONDS
        assert alarm["Statistic"] == "Maximum"


def test_a_task_may_wait_as_long_as_the_user_says() -> None:
    found = the_alarms(rendered({"alarms": {"email": "someone@example.com", "queueAge": 300}}))["QueueAge"]
    assert (found["Threshold"], found["ComparisonOperator"]) == (300, "GreaterThanThreshold")


@pytest.mark.parametrize(("service", "treated"), [({}, "breaching"), ({"hours": {}}, "notBreaching")])
def test_silence_is_an_alarm_unless_every_night_is_silent(service: dict[str, Any], treated: str) -> None:
    found = the_alarms(rendered({"service": service}))["SchedulerHeartbeat"]
    assert found["TreatMissingData"] == treated
    assert found["Threshold"] < found["Period"] * found["EvaluationPeriods"]


def test_a_database_fills_up_when_a_share_of_its_storage_is_left() -> None:
    storage = {"alarms": {"email": "someone@example.com", "freeStorage": 10}, "metadataDb": {"allocatedStorage": 50}}
    found = the_alarms(rendered(storage))["DatabaseStorage"]
    assert found["MetricName"] == "FreeStorageSpace"
    assert found["Dimensions"] == [{"Name": "DBInstanceIdentifier", "Value": {"Ref": "DatabaseId"}}]
    assert (found["ComparisonOperator"], found["Threshold"]) == ("LessThanThreshold", 5 * 1024**3)


def test_aurora_fills_up_when_its_volume_is_near_the_largest_that_there_is() -> None:
    found = the_alarms(rendered({"metadataDb": {"engine": "aurora-postgresql"}}))["DatabaseStorage"]
    assert found["MetricName"] == "VolumeBytesUsed"
    assert found["Dimensions"][0]["Name"] == "DBClusterIdentifier"
    assert found["ComparisonOperator"] == "GreaterThanThreshold"
    assert 0.84 < found["Threshold"] / (128 * 1024**4) < 0.86


def test_the_topic_is_encrypted_with_the_customers_key_alone() -> None:
    """AWS's own key would keep CloudWatch from speaking."""
    assert "KmsMasterKeyId" not in properties(rendered(), "Topic")
    assert skipped(rendered(), "Topic") == {"CKV_AWS_26"}
    encrypted = rendered({"kms": {"customerKey": True}}, key="arn")
    assert properties(encrypted, "Topic")["KmsMasterKeyId"] == {"Ref": "KeyArn"}
    assert skipped(encrypted, "Topic") == set()
