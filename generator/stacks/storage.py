"""What is written down: the bucket of task logs, and the log group of the components."""

from dataclasses import dataclass

from troposphere import GetAtt, Ref, Template
from troposphere.logs import LogGroup

from generator.config.settings import Settings
from generator.stacks.data import bucket, kept
from generator.stacks.nesting import Value


@dataclass(frozen=True)
class Inputs:
    """Storage needs nothing from other stacks."""


@dataclass(frozen=True)
class Outputs:
    """Names of bucket and log group. AWS makes up the bucket's, so that a kept one never stands in the way."""

    logs_bucket: Value
    log_group: Value
    log_group_arn: Value


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:  # noqa: ARG001
    """Storage: the bucket of task logs, which outlive the workers that wrote them, and the components' log group."""
    logs = template.add_resource(kept(bucket("LogsBucket"), settings))
    group = template.add_resource(
        LogGroup(
            "ComponentLogs",
            LogGroupName=f"/{settings.stack_name}/{settings.service.log_group_name}",
            RetentionInDays=settings.cloudwatch.ecs_log_group.retention,
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
        )
    )
    return Outputs(Ref(logs), Ref(group), GetAtt(group, "Arn"))
