"""What is written down: the logs of Airflow's tasks, and the log group of its components."""

from dataclasses import dataclass

from troposphere import GetAtt, Ref, Sub, Template
from troposphere.logs import LogGroup

from generator.config.settings import Settings
from generator.stacks.data import OWN_KEY, accepted, bucket, kept, passing
from generator.stacks.nesting import Value


@dataclass(frozen=True)
class Inputs:
    """The customer's key."""

    key_arn: Value | None


@dataclass(frozen=True)
class Outputs:
    """Names and ARNs of what logs are written to; `task_logs` is where Airflow finds those of its tasks.

    The ARN of a log group ends in `:*`, as policies want it.
    """

    log_group: Value
    logs_bucket: Value | None
    task_log_group_arn: Value | None
    task_logs: Value


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Storage: the logs of tasks, which outlive the workers that wrote them, and the components' log group."""
    group = _log_group("ComponentLogs", settings.cloudwatch.ecs_log_group.retention, inputs.key_arn)
    group.LogGroupName = f"/{settings.stack_name}/{settings.service.log_group_name}"
    template.add_resource(passing(group))
    if settings.logging.target == "s3":
        logs = bucket(template, settings, "LogsBucket", key_arn=inputs.key_arn, days=settings.logging.retention)
        return Outputs(Ref(group), Ref(logs), None, Sub("s3://${LogsBucket}/logs"))
    tasks = template.add_resource(kept(_log_group("TaskLogs", settings.logging.retention, inputs.key_arn), settings))
    return Outputs(Ref(group), None, GetAtt(tasks, "Arn"), _for_airflow("TaskLogs"))


def _log_group(logical_id: str, days: int, key_arn: Value | None) -> LogGroup:
    group = LogGroup(logical_id, RetentionInDays=days)
    if key_arn is None:
        return accepted(group, CKV_AWS_158=OWN_KEY)
    group.KmsKeyId = key_arn
    return group


def _for_airflow(logical_id: str) -> Value:
    """The log group as Airflow names it: its ARN without the `:*` that CloudFormation's has at the end.

    https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/logging/cloud-watch-task-handlers.html
    """
    group = f"log-group:${{{logical_id}}}"
    return Sub(f"cloudwatch://arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:{group}")
