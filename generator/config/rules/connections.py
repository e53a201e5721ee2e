"""Whether the database takes the connections of all components, at full scale."""

from dataclasses import dataclass

from generator.config.findings import Found, Level, rule
from generator.config.rules.offers import instance_memory
from generator.config.rules.tasks import tasks
from generator.config.settings import Settings
from generator.config.source import KeyPath
from generator.config.tasks import Task, Workers

MIB = 2**20
# What AWS sets without maxConnections: LEAST(DBInstanceClassMemory/9531392, 5000), where the memory is less than the
# class's, as the system and RDS's own processes have some. Instances of 2, 4 and 8 GiB give 198, 413 and 856, which is
# 250 to 430 MiB less. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
# https://gist.github.com/guizmaii/1cacffef793c2ba9645083c3e18b3d8c
BYTES_A_CONNECTION = 9_531_392
MIB_OF_AWS = 300
MOST = 5000
# superuser_reserved_connections (3) and rds.rds_superuser_reserved_connections (2).
RESERVED = 5
# Aurora Serverless v2 derives it from its largest size; beginning at half an ACU or less, it stops at 2000.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
GIB_OF_ACU = 2
MOST_FROM_HALF = 2000


@dataclass(frozen=True)
class Pool:
    """Connections of one task: those it holds all the time, and those it may have."""

    least: int
    most: int


# At rest as measured (docs/evidence.md): webserver and DAG processor held two, scheduler and triggerer one or two; a
# worker one for each slot at work, which stores results (Celery's result backend). At most what a process may open: 5
# that it keeps and 10 more.
# https://airflow.apache.org/docs/apache-airflow/stable/configurations-ref.html#sql-alchemy-pool-size
POOLS = {
    "webserver": Pool(2, 15),
    "scheduler": Pool(2, 15),
    "dagProcessor": Pool(2, 15),
    "triggerer": Pool(2, 15),
    "flower": Pool(0, 0),
}


def pool(path: KeyPath, task: Task) -> Pool:
    """Connections of one task of a component."""
    if isinstance(task, Workers):
        return Pool(1, task.concurrency + 1)
    return POOLS[str(path[-1])]


def wanted(settings: Settings) -> Pool:
    """Connections of all components at full scale."""
    pools = [(pool(path, task), task.most) for path, task in tasks(settings).items()]
    return Pool(sum(one.least * count for one, count in pools), sum(one.most * count for one, count in pools))


def allowed(settings: Settings) -> int | None:
    """Connections that the database takes; None where the instance class is not known."""
    given = settings.metadata_db.parameters.max_connections
    derived = _derived(settings)
    most = given or derived
    return None if most is None else most - RESERVED


def _derived(settings: Settings) -> int | None:
    """What AWS derives from memory."""
    database = settings.metadata_db
    if database.aurora:
        memory: float | None = database.serverless.max_capacity * GIB_OF_ACU
        most = MOST_FROM_HALF if database.serverless.min_capacity <= 0.5 else MOST
    else:
        memory, most = instance_memory(database.instance_type), MOST
    return None if memory is None else min(int((memory * 1024 - MIB_OF_AWS) * MIB / BYTES_A_CONNECTION), most)


def _advice(settings: Settings) -> str:
    larger = "more ACU" if settings.metadata_db.aurora else "a larger instanceType"
    return f"write {larger}, or fewer tasks"


def _path(settings: Settings) -> KeyPath:
    if settings.metadata_db.parameters.max_connections:
        return ("metadataDb", "parameters", "maxConnections")
    return (
        ("metadataDb", "serverless", "maxCapacity") if settings.metadata_db.aurora else ("metadataDb", "instanceType")
    )


@rule(Level.ERROR)
def connections_run_out(settings: Settings) -> Found:
    """At full scale the components hold more connections than the database takes."""
    needed, there = wanted(settings).least, allowed(settings)
    if there is not None and needed > there:
        what = f"all tasks at full scale hold about {needed} connections, and the database takes {there}"
        yield _path(settings), f"{what}; {_advice(settings)}"


@rule(Level.WARNING)
def connections_may_run_out(settings: Settings) -> Found:
    """At full scale, with every pool full, the components may ask for more connections than the database takes."""
    needed, there = wanted(settings), allowed(settings)
    if there is not None and needed.least <= there < needed.most:
        what = f"all tasks at full scale may ask for {needed.most} connections, and the database takes {there}"
        yield _path(settings), f"{what}; {_advice(settings)}"


@rule(Level.WARNING)
def connections_outgrow_memory(settings: Settings) -> Found:
    """More connections are allowed than the database's memory is made for."""
    given, fitting = settings.metadata_db.parameters.max_connections, _derived(settings)
    if given and fitting and given > fitting:
        what = f"the memory is made for about {fitting} connections; write that, or a larger database"
        yield ("metadataDb", "parameters", "maxConnections"), what
