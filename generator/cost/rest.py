"""What logs, secrets, keys, alarms and images are billed for: little each, and easily forgotten."""

from collections.abc import Iterable, Sequence

from generator.airflow.components import Component, secret_names
from generator.config.settings import Settings
from generator.cost.assumptions import (
    ACCESS_LOG_GB,
    COMPONENT_LOG_GB,
    FLOW_LOG_GB,
    IMAGE_GB,
    INSIGHTS_CLUSTER,
    INSIGHTS_SERVICE,
    INSIGHTS_TASK,
    KEPT_SHARE_OF_LOGS,
    KMS_REQUESTS,
    LOOKUPS_PER_TASK,
    TASK_LOG_GB,
    TASKS_A_DAY,
    Range,
    exactly,
)
from generator.cost.hours import hours_a_day
from generator.cost.items import REST, Item
from generator.cost.tasks import running

ALARMS, METRICS = 3, 2
"""Alarms that are made with alarms.email, and the metrics of Airflow's that two of them watch."""


def items(settings: Settings, catalogue: Sequence[Component]) -> Iterable[Item]:
    """Everything that is neither a task, nor network, nor data."""
    yield from _component_logs(settings, catalogue)
    yield from _task_logs(settings)
    yield from _network_logs(settings)
    yield from _secrets(settings)
    yield from _watching(settings, catalogue)
    yield Item(REST, "private DNS zone of the components", "dns-zone", exactly(1))
    images = settings.ecr.images_lifecycle_count
    yield Item(REST, "images: GB in ECR", "ecr.gb", Range(IMAGE_GB, images * IMAGE_GB))


def _component_logs(settings: Settings, catalogue: Sequence[Component]) -> Iterable[Item]:
    """By what is written and kept: https://aws.amazon.com/cloudwatch/pricing/ ."""
    written = running(catalogue).times(COMPONENT_LOG_GB * hours_a_day(settings) / 24)
    yield from _in_cloudwatch("components' logs", "logs.gb", written, settings.cloudwatch.ecs_log_group.retention)


def _in_cloudwatch(what: str, key: str, written: Range, days: int) -> Iterable[Item]:
    yield Item(REST, f"{what}: GB written", key, written)
    yield Item(REST, f"{what}: GB kept", "logs.kept", written.times(days * KEPT_SHARE_OF_LOGS))


def _task_logs(settings: Settings) -> Iterable[Item]:
    """https://aws.amazon.com/s3/pricing/ or CloudWatch, as logging.target says."""
    written, days = exactly(TASKS_A_DAY * TASK_LOG_GB), settings.logging.retention
    if settings.logging.target == "cloudwatch":
        yield from _in_cloudwatch("tasks' logs", "logs.gb", written, days)
        return
    yield Item(REST, "tasks' logs: GB kept in S3", "s3.gb", written.times(days))
    yield Item(REST, "tasks' logs: thousand writes to S3", "s3.put", exactly(TASKS_A_DAY / 1000))


def _network_logs(settings: Settings) -> Iterable[Item]:
    if settings.network.flow_logs and settings.own_network:
        kept = settings.cloudwatch.ecs_log_group.retention
        yield from _in_cloudwatch("flow logs", "logs.vended", FLOW_LOG_GB, kept)
    if settings.load_balancer.access_logs:
        yield Item(
            REST,
            "access logs: GB kept in S3",
            "s3.gb",
            exactly(ACCESS_LOG_GB * settings.cloudwatch.ecs_log_group.retention),
        )


def _secrets(settings: Settings) -> Iterable[Item]:
    """https://aws.amazon.com/secrets-manager/pricing/ and https://aws.amazon.com/kms/pricing/: what is made here."""
    given = settings.secrets.model_dump()
    made = [name for name in secret_names(settings) if not given.get(name)]
    yield Item(REST, "secrets", "secret", exactly(len(made)))
    if settings.airflow.secrets_backend:
        lookups = exactly(TASKS_A_DAY * LOOKUPS_PER_TASK / 10_000)
        yield Item(REST, "secrets: 10,000 look-ups of DAGs", "secret.calls", lookups)
    if settings.kms.customer:
        yield Item(REST, "customer's key", "kms.key", exactly(0 if settings.kms.key_arn else 1))
        yield Item(REST, "customer's key: 10,000 requests", "kms.calls", exactly(KMS_REQUESTS / 10_000))


def _watching(settings: Settings, catalogue: Sequence[Component]) -> Iterable[Item]:
    """Alarms and metrics. Application Auto Scaling makes two alarms for each measure that it follows.

    https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
    """
    scalings = [one.task.autoscaling for one in catalogue if one.task.autoscaling]
    followed = sum(measure is not None for scaling in scalings for measure in (scaling.cpu, scaling.memory))
    own = ALARMS if settings.alarms.email else 0
    if own + followed:
        yield Item(REST, "alarms", "alarm", exactly(own + 2 * followed))
    if settings.alarms.email:
        yield Item(REST, "alarms: metrics of Airflow", "metric", exactly(METRICS))
    if settings.cloudwatch.container_insights:
        fixed = exactly(INSIGHTS_CLUSTER + INSIGHTS_SERVICE * len(catalogue))
        tasks = running(catalogue).times(INSIGHTS_TASK * hours_a_day(settings) / 24)
        yield Item(REST, "Container Insights: metrics", "metric", fixed + tasks)
