"""Three alarms by e-mail: no heartbeat of the scheduler, tasks that wait for long, a database that fills up."""

from dataclasses import dataclass
from typing import Any

from troposphere import Ref, Template
from troposphere.cloudwatch import Alarm, MetricDimension
from troposphere.sns import SubscriptionResource, Topic

from generator.config.settings import Settings
from generator.stacks.data import accepted
from generator.stacks.nesting import Value

# What docker/airflow_runtime/metrics.py writes.
NAMESPACE = "Airflow"
HEARTBEAT_AGE, QUEUE_AGE = "SchedulerHeartbeatAge", "OldestQueuedTaskAge"
SILENT = 120  # seconds without a heartbeat; the scheduler writes one every 5 s, and Airflow itself waits for 30 s
MINUTE, MINUTES = 60, 5  # measured each minute, and wrong for so many of them: longer than a start takes
GIB = 1024**3
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Managing.Performance.html
AURORA_MOST = 128 * 1024 * GIB


@dataclass(frozen=True)
class Inputs:
    """The database (Aurora: its cluster), and the customer's key."""

    database_id: Value
    key_arn: Value | None


@dataclass(frozen=True)
class Outputs:
    """Nothing waits for the alarms."""


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Alarms: who is told by e-mail, and of what."""
    topic = template.add_resource(_topic(settings, inputs))
    template.add_resource(
        SubscriptionResource("Email", TopicArn=Ref(topic), Protocol="email", Endpoint=settings.alarms.email)
    )
    for alarm in (_heartbeat(settings), _queue_age(settings), _storage(settings, inputs)):
        alarm.AlarmActions = [Ref(topic)]
        alarm.OKActions = [Ref(topic)]
        template.add_resource(alarm)
    return Outputs()


def _topic(settings: Settings, inputs: Inputs) -> Topic:
    """Encrypted with the customer's key, if there is one: AWS's own for topics does not let CloudWatch speak.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    topic = Topic("Topic", DisplayName=settings.stack_name)
    if inputs.key_arn is None:
        reason = "Alarms cannot speak through a topic that AWS's own key encrypts; kms.customerKey makes one that can."
        return accepted(topic, CKV_AWS_26=reason)
    topic.KmsMasterKeyId = inputs.key_arn
    return topic


def _heartbeat(settings: Settings) -> Alarm:
    """No scheduler has shown that it lives.

    Nothing measured means that the webserver, beside which it is measured, is not there either: a matter for an alarm,
    too, unless Airflow has hours; then it is what every night looks like.
    """
    return Alarm(
        "SchedulerHeartbeat",
        AlarmDescription=f"{settings.stack_name}: no scheduler has shown that it lives; no task starts.",
        **_measured(settings, HEARTBEAT_AGE),
        ComparisonOperator="GreaterThanThreshold",
        Threshold=SILENT,
        TreatMissingData="notBreaching" if settings.service.hours else "breaching",
    )


def _queue_age(settings: Settings) -> Alarm:
    """A task waits for a worker. Measured in Airflow's database, where it is true of any broker.

    SQS's own age of the oldest message counts tasks that run, as their messages stay until they have ended.
    """
    return Alarm(
        "QueueAge",
        AlarmDescription=f"{settings.stack_name}: a task has waited for a worker longer than alarms.queueAge says.",
        **_measured(settings, QUEUE_AGE),
        ComparisonOperator="GreaterThanThreshold",
        Threshold=settings.alarms.queue_age,
        TreatMissingData="notBreaching",
    )


def _measured(settings: Settings, metric: str) -> dict[str, Any]:
    return {
        "Namespace": NAMESPACE,
        "MetricName": metric,
        "Dimensions": [MetricDimension(Name="Service", Value=settings.stack_name)],
        "Statistic": "Maximum",
        "Period": MINUTE,
        "EvaluationPeriods": MINUTES,
    }


def _storage(settings: Settings, inputs: Inputs) -> Alarm:
    """The database fills up.

    Aurora grows by itself and tells no free space for PostgreSQL; it is full when its volume is as large as can be.
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
    """
    wanted, free = settings.metadata_db, settings.alarms.free_storage
    dimension = "DBClusterIdentifier" if wanted.aurora else "DBInstanceIdentifier"
    return Alarm(
        "DatabaseStorage",
        AlarmDescription=f"{settings.stack_name}: less than {free} % of the database's storage is free.",
        Namespace="AWS/RDS",
        MetricName="VolumeBytesUsed" if wanted.aurora else "FreeStorageSpace",
        Dimensions=[MetricDimension(Name=dimension, Value=inputs.database_id)],
        Statistic="Average",
        Period=MINUTE * MINUTES,
        EvaluationPeriods=3,
        ComparisonOperator="GreaterThanThreshold" if wanted.aurora else "LessThanThreshold",
        Threshold=AURORA_MOST * (100 - free) // 100 if wanted.aurora else wanted.allocated_storage * GIB * free // 100,
    )
