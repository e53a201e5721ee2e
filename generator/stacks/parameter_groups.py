"""Parameters of database and broker, in a stack that waits for nothing: a group takes its minutes, too."""

from collections.abc import Mapping
from dataclasses import dataclass

from troposphere import Ref, Template
from troposphere.elasticache import ParameterGroup
from troposphere.rds import DBClusterParameterGroup, DBParameterGroup

from generator.config.data import CeleryBackend
from generator.config.settings import Settings
from generator.stacks.nesting import Value

FORCED_TLS = {"rds.force_ssl": "1"}


@dataclass(frozen=True)
class Inputs:
    """Parameter groups need nothing from other stacks."""


@dataclass(frozen=True)
class Outputs:
    """Names of the groups."""

    database_parameter_group: Value
    database_cluster_parameter_group: Value | None
    broker_parameter_group: Value | None


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:  # noqa: ARG001
    """Parameter groups: connections with TLS only, and a broker that never forgets a task.

    Aurora forces TLS for the cluster, everything else for each instance:
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Reference.ParameterGroups.html
    """
    aurora = settings.metadata_db.aurora
    instance = template.add_resource(
        DBParameterGroup(
            "DatabaseParameters",
            Description=_described("database", settings, own := _of_instances(settings)),
            Family=settings.metadata_db.parameter_family,
            Parameters=own,
        )
    )
    return Outputs(
        database_parameter_group=Ref(instance),
        database_cluster_parameter_group=Ref(_cluster_group(template, settings)) if aurora else None,
        broker_parameter_group=None if settings.celery_backend.sqs else Ref(_broker_group(template, settings)),
    )


def _of_instances(settings: Settings) -> dict[str, str]:
    found = {} if settings.metadata_db.aurora else dict(FORCED_TLS)
    if connections := settings.metadata_db.parameters.max_connections:
        found["max_connections"] = str(connections)
    return found


def _cluster_group(template: Template, settings: Settings) -> DBClusterParameterGroup:
    return template.add_resource(
        DBClusterParameterGroup(
            "DatabaseClusterParameters",
            Description=_described("database cluster", settings, FORCED_TLS),
            Family=settings.metadata_db.parameter_family,
            Parameters=FORCED_TLS,
        )
    )


def _broker_group(template: Template, settings: Settings) -> ParameterGroup:
    """`noeviction`, since an evicted key is a lost task."""
    return template.add_resource(
        ParameterGroup(
            "BrokerParameters",
            Description=f"Parameters of {settings.stack_name}'s broker",
            CacheParameterGroupFamily=_broker_family(settings.celery_backend),
            Properties={"maxmemory-policy": "noeviction"},
        )
    )


def _broker_family(broker: CeleryBackend) -> str:
    """Redis 6 is the one whose family is not its major version.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheParameterGroup.html
    """
    major = broker.version.split(".")[0]
    return "redis6.x" if (broker.engine, major) == ("redis", "6") else f"{broker.engine}{major}"


def _described(what: str, settings: Settings, values: Mapping[str, str]) -> str:
    """What the group sets, too: a new description makes a new group, with which the database restarts.

    Parameters that change inside a group wait for the next restart, and no deploy would cause one.
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html
    """
    listed = ", ".join(f"{name}={value}" for name, value in sorted(values.items())) or "defaults"
    return f"Parameters of {settings.stack_name}'s {what}: {listed}"
