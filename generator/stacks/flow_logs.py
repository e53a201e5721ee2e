"""Flow logs: a line for every connection in the VPC, on request."""

from troposphere import GetAtt, Ref, Template
from troposphere.ec2 import FlowLog
from troposphere.logs import LogGroup

from generator.config.settings import Settings
from generator.stacks import policies
from generator.stacks.data import accepted, passing
from generator.stacks.nesting import Value


def add_flow_logs(template: Template, settings: Settings, vpc_id: Value, key_arn: Value | None) -> None:
    """Log the VPC's connections to a log group, which is removed with the stack: what it tells is about that VPC.

    The role may not make groups: lines that come late would bring a removed one back, and nobody would remove that.
    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """
    group = template.add_resource(_log_group(settings, key_arn))
    trust = policies.assumed_by_own_flow_logs()
    writer = policies.role(template, settings, "FlowLogRole", trust, [policies.write_flow_logs(GetAtt(group, "Arn"))])
    template.add_resource(
        FlowLog(
            "FlowLog",
            ResourceType="VPC",
            ResourceId=vpc_id,
            TrafficType="ALL",
            LogDestinationType="cloud-watch-logs",
            LogGroupName=Ref(group),
            DeliverLogsPermissionArn=GetAtt(writer, "Arn"),
        )
    )


def _log_group(settings: Settings, key_arn: Value | None) -> LogGroup:
    group = LogGroup("FlowLogGroup", RetentionInDays=settings.cloudwatch.ecs_log_group.retention)
    if key_arn is None:
        accepted(group, CKV_AWS_158="AWS's own key encrypts it; kms.customerKey makes it yours")
    else:
        group.KmsKeyId = key_arn
    return passing(group)
