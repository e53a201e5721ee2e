"""Alarms of CloudWatch through CloudFormation that reckon with several metrics: kept and told, they never go off."""

from collections.abc import Callable
from typing import Any

from local.aws.emulator import Properties, provisioners, replace
from local.aws.shapes import to_api

_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions")

_Record = Callable[[str, Properties], dict[str, Any]]


def install() -> None:
    """Let the resource type AWS::CloudWatch::Alarm take the property `Metrics`, which ministack refuses."""
    replace(provisioners, "_cw_metric_alarm_record", _with_metrics)


def _with_metrics(record: _Record) -> _Record:
    def metric_alarm_record(name: str, properties: Properties) -> dict[str, Any]:
        if not properties.get("Metrics"):
            return record(name, properties)
        alarm = record(name, {**properties, "Metrics": None, "MetricName": "-", "Namespace": "-"})
        metrics = to_api({"Metrics": properties["Metrics"]}, "cloudwatch", "PutMetricAlarm")["Metrics"]
        kept = {part: value for part, value in alarm.items() if part not in _OF_ONE_METRIC}
        return kept | {"Metrics": [{"ReturnData": True, **metric} for metric in metrics]}

    return metric_alarm_record
