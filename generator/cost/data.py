"""What database and broker are billed for."""

from collections.abc import Iterable, Sequence

from generator.airflow.components import Component
from generator.config.data import MetadataDb
from generator.config.settings import Settings
from generator.cost.assumptions import (
    AURORA_GB,
    AURORA_IO_MILLIONS,
    AURORA_LEAST_ACU,
    POLL_SECONDS,
    REQUESTS_PER_TASK,
    TASKS_A_DAY,
    Range,
    exactly,
)
from generator.cost.hours import hours_a_day
from generator.cost.items import DATA, Item
from generator.cost.tasks import running

SECONDS_AN_HOUR = 3600


def items(settings: Settings, catalogue: Sequence[Component]) -> Iterable[Item]:
    """The database, whether Airflow runs or not, and the broker."""
    database = settings.metadata_db
    yield from _aurora(database, hours_a_day(settings)) if database.aurora else _rds(database)
    yield from _sqs(settings, catalogue) if settings.celery_backend.sqs else _cache(settings)


def _rds(database: MetadataDb) -> Iterable[Item]:
    """https://aws.amazon.com/rds/postgresql/pricing/: a standby doubles instance and storage."""
    copies = exactly(2 if database.multi_az else 1)
    instance = database.instance_type.removeprefix("db.")
    yield Item(DATA, f"database: {database.instance_type}", f"rds.{instance}", copies)
    yield Item(DATA, "database: GB of storage", "rds.gb", copies.times(database.allocated_storage))


def _aurora(database: MetadataDb, hours: float) -> Iterable[Item]:
    """https://aws.amazon.com/rds/aurora/pricing/: a second instance doubles the capacity, but not the storage."""
    copies = 2 if database.multi_az else 1
    least = max(database.serverless.min_capacity, AURORA_LEAST_ACU)
    idle = 24 - hours
    low = (hours * least + idle * database.serverless.min_capacity) / 24
    high = (hours * max(least, database.serverless.max_capacity) + idle * least) / 24
    yield Item(DATA, "database: ACU of Aurora Serverless v2", "aurora.acu", Range(low, high).times(copies))
    yield Item(DATA, "database: GB of storage", "aurora.gb", exactly(AURORA_GB))
    yield Item(DATA, "database: million I/Os", "aurora.io", AURORA_IO_MILLIONS.times(hours / 24))


def _cache(settings: Settings) -> Iterable[Item]:
    """https://aws.amazon.com/elasticache/pricing/: by node and hour; Valkey's nodes are cheaper."""
    broker = settings.celery_backend
    node = broker.instance_type.removeprefix("cache.")
    nodes = exactly(broker.num_nodes)
    yield Item(DATA, f"broker: {broker.instance_type} ({broker.engine})", f"{broker.engine}.{node}", nodes)


def _sqs(settings: Settings, catalogue: Sequence[Component]) -> Iterable[Item]:
    """https://aws.amazon.com/sqs/pricing/: an empty answer to a poll is a request, too."""
    polls = running(catalogue, "workers").times(hours_a_day(settings) * SECONDS_AN_HOUR / POLL_SECONDS)
    tasks = exactly(TASKS_A_DAY * REQUESTS_PER_TASK)
    yield Item(DATA, "broker: million requests of SQS, polling", "sqs", polls.times(1e-6))
    yield Item(DATA, "broker: million requests of SQS, tasks", "sqs", tasks.times(1e-6))
