"""The containers of a task: a component of Airflow, and beside one of them what measures for the alarms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from troposphere import Ref, Sub
from troposphere.ecs import (
    ContainerDefinition,
    Environment,
    HealthCheck,
    LogConfiguration,
    PortMapping,
    RestartPolicy,
    Secret,
)

from generator.airflow.components import BROKER, DATABASE, Component
from generator.airflow.reserved import SECRET_VARIABLES
from generator.airflow.variables import chosen_variables, constant_variables
from generator.config.settings import Settings
from generator.logical_ids import logical_id
from generator.stacks.nesting import Value
from generator.stacks.secrets import DATABASE_USER, FLOWER_USER

if TYPE_CHECKING:
    from generator.stacks.services import Inputs

STOP_TIMEOUT = 120  # seconds: the most that Fargate grants
# Seconds that a component waits for a migrated database before it gives up and is started again (services roll once the
# webserver's has, but one may be started at any time). ECS ends one that is not healthy after its start period and the
# retries of its health check (390 s): the line in the log comes before that.
MIGRATION_TIMEOUT = 360
METRICS = "metrics"
METRICS_MEMORY = 64  # MiB that it is held to; it needs some 25


def airflow_container(component: Component, settings: Settings, inputs: Inputs) -> ContainerDefinition:
    """Return the container of a component."""
    check = component.health_check
    container = ContainerDefinition(
        Name=component.name,
        Image=inputs.image,
        Command=component.command,
        Essential=True,
        StopTimeout=STOP_TIMEOUT,
        Environment=_environment(plain_variables(component, settings, inputs)),
        Secrets=_secrets(secrets(component, settings)),
        HealthCheck=HealthCheck(
            Command=list(check.command),
            Interval=check.interval,
            Timeout=check.timeout,
            Retries=check.retries,
            StartPeriod=check.start_period,
        ),
        DockerLabels={"airflow.version": settings.airflow.version},
        LogConfiguration=_log(component, inputs),
    )
    if component.port:
        container.PortMappings = [PortMapping(ContainerPort=component.port)]
    return container


def metrics_container(component: Component, settings: Settings, inputs: Inputs) -> ContainerDefinition:
    """Return what measures beside a component: it asks the database each minute and prints what it was told.

    Its lines become metrics on their way into the log group (see `airflow_runtime.metrics`). It may fail without the
    component, and is then started again.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-restart-policy.html
    """
    variables = {"METRICS_SERVICE": settings.stack_name, **_database(settings, inputs)}
    return ContainerDefinition(
        Name=METRICS,
        Image=inputs.image,
        EntryPoint=["python", "-m", "airflow_runtime.metrics"],
        Essential=False,
        Memory=METRICS_MEMORY,
        RestartPolicy=RestartPolicy(Enabled=True, RestartAttemptPeriod=60),
        Environment=_environment(variables),
        Secrets=_secrets({"DATABASE_PASSWORD": _secret("DATABASE_PASSWORD")}),
        LogConfiguration=_log(component, inputs),
    )


def plain_variables(component: Component, settings: Settings, inputs: Inputs) -> dict[str, Value]:
    """Every variable of a component that is no secret; the user's own win over ours, and their secrets over both."""
    variables: dict[str, Value] = {
        **constant_variables(component, settings),
        "AIRFLOW__API__BASE_URL": inputs.url,
        "AWS_DEFAULT_REGION": Ref("AWS::Region"),
    }
    if component.task_logs:
        variables["AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER"] = inputs.task_logs
    if DATABASE in component.reaches:
        variables |= {**_database(settings, inputs), "MIGRATION_TIMEOUT": str(MIGRATION_TIMEOUT)}
    if BROKER in component.reaches and inputs.broker_host and inputs.broker_port:
        variables |= {"BROKER_HOST": inputs.broker_host, "BROKER_PORT": inputs.broker_port}
    if settings.celery_backend.sqs and (queues := component.sends_to | component.receives_from):
        variables["AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__PREDEFINED_QUEUES"] = _known_queues(queues)
    if "ADMIN_PASSWORD" in component.secrets:
        variables |= {"ADMIN_USER": settings.airflow.admin_user, "ADMIN_EMAIL": settings.airflow.admin_email}
    if "FLOWER_PASSWORD" in component.secrets:
        variables["FLOWER_USER"] = FLOWER_USER
    every = {**variables, **chosen_variables(settings)}
    return {name: value for name, value in every.items() if name not in settings.airflow.secrets}


def secrets(component: Component, settings: Settings) -> dict[str, Value]:
    """Variables that ECS fills from Secrets Manager: name -> ARN, with the JSON key where the secret has several.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """
    return {name: _secret(name) for name in component.secrets} | settings.airflow.secrets


def _secret(variable: str) -> Value:
    name, key = SECRET_VARIABLES[variable]
    parameter = f"{logical_id(name)}SecretArn"
    return Sub(f"${{{parameter}}}:{key}::") if key else Ref(parameter)


def _database(settings: Settings, inputs: Inputs) -> dict[str, Value]:
    return {
        "DATABASE_HOST": inputs.database_host,
        "DATABASE_PORT": inputs.database_port,
        "DATABASE_NAME": settings.metadata_db.db_name,
        "DATABASE_USER": DATABASE_USER,
    }


def _known_queues(queues: frozenset[str]) -> Value:
    """Where queues are, so that Celery neither lists nor makes any.

    https://docs.celeryq.dev/projects/kombu/en/stable/reference/kombu.transport.SQS.html
    """
    return Sub(json.dumps({queue: {"url": f"${{{logical_id(queue)}QueueUrl}}"} for queue in sorted(queues)}))


def _environment(variables: Mapping[str, Value]) -> list[Environment]:
    return [Environment(Name=name, Value=value) for name, value in sorted(variables.items())]


def _secrets(arns: Mapping[str, Value]) -> list[Secret]:
    return [Secret(Name=name, ValueFrom=arn) for name, arn in sorted(arns.items())]


def _log(component: Component, inputs: Inputs) -> LogConfiguration:
    """Streams are named after the component, which may write to those alone."""
    return LogConfiguration(
        LogDriver="awslogs",
        Options={
            "awslogs-group": inputs.log_group,
            "awslogs-region": Ref("AWS::Region"),
            "awslogs-stream-prefix": component.name,
        },
    )
