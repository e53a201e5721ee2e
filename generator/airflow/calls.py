"""The calls of AWS's services that each component makes, listed once: roles allow these and no others.

A test compares this listing with what the rendered roles allow, another with what running components call.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from generator.airflow.components import Component
from generator.airflow.reserved import SECRET_VARIABLES
from generator.config.settings import Settings


class On(Enum):
    """What a call is made on."""

    ANYTHING = auto()
    """Calls for which AWS knows no resource."""
    IMAGES = auto()
    OWN_LOG = auto()
    SECRETS = auto()
    """Secrets of the deployment, by name."""
    GIVEN_SECRETS = auto()
    """Secrets that the user names, by ARN."""
    TASK_LOG_BUCKET = auto()
    TASK_LOG_OBJECTS = auto()
    TASK_LOG_GROUP = auto()
    LOG_GROUPS = auto()
    """The names of all log groups."""
    QUEUES = auto()
    """Queues, by the name that Airflow knows them by."""
    LOOKED_UP = auto()
    """Connections and variables in Secrets Manager."""
    KEY = auto()


@dataclass(frozen=True)
class Calls:
    """Calls on something: IAM's names of what they do, as `s3:GetObject`, and which ones where there are several."""

    on: On
    actions: tuple[str, ...]
    names: tuple[str, ...] = ()


def of_start(component: Component, settings: Settings) -> list[Calls]:
    """Return what ECS calls to start a component: fetch the image, write what it prints, hand it its secrets.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
    """
    secrets = {SECRET_VARIABLES[variable][0] for variable in component.secrets}
    found = [
        Calls(On.ANYTHING, ("ecr:GetAuthorizationToken",)),
        Calls(On.IMAGES, ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")),
        Calls(On.OWN_LOG, ("logs:CreateLogStream", "logs:PutLogEvents")),
        Calls(On.SECRETS, ("secretsmanager:GetSecretValue",), tuple(sorted(secrets))),
        *_given(sorted(set(settings.airflow.secrets.values()))),
    ]
    return [*found, Calls(On.KEY, ("kms:Decrypt",))] if settings.kms.customer else found


def of_run(component: Component, settings: Settings) -> list[Calls]:
    """Return what a component calls while it runs, beside what users' code calls."""
    found = [_shells(), *_task_logs(component, settings), *_queues(component, settings)]
    if component.looks_up and settings.airflow.secrets_backend:
        found.append(Calls(On.LOOKED_UP, ("secretsmanager:GetSecretValue",)))
    return [*found, *_key(found)] if settings.kms.customer else found


def _shells() -> Calls:
    """ECS Exec's channels.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html#ecs-exec-required-iam-permissions
    """
    channels = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
    return Calls(On.ANYTHING, tuple(f"ssmmessages:{channel}" for channel in channels))


def _given(references: Sequence[str]) -> Iterable[Calls]:
    """Secrets that the user names: their ARNs without what may follow them (JSON key, version).

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """
    parameters = tuple(one for one in references if one.split(":")[2] == "ssm")
    secrets = dict.fromkeys(":".join(one.split(":")[:7]) for one in references if one not in parameters)
    if secrets:
        yield Calls(On.GIVEN_SECRETS, ("secretsmanager:GetSecretValue",), tuple(secrets))
    if parameters:
        yield Calls(On.GIVEN_SECRETS, ("ssm:GetParameters",), parameters)


def _key(calls: Iterable[Calls]) -> Iterable[Calls]:
    """What S3, SQS and Secrets Manager call with the rights of whoever makes `calls`: read with the key, or write.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    writing = {"s3:PutObject", "sqs:SendMessage"}
    reading = {"s3:GetObject", "sqs:ReceiveMessage", "secretsmanager:GetSecretValue"}
    made = {action for one in calls for action in one.actions}
    if made & writing:
        yield Calls(On.KEY, ("kms:Decrypt", "kms:GenerateDataKey"))
    elif made & reading:
        yield Calls(On.KEY, ("kms:Decrypt",))


def _task_logs(component: Component, settings: Settings) -> Iterable[Calls]:
    if not component.task_logs:
        return
    writes = component.task_logs == "writes"
    if settings.logging.target == "s3":
        # Who may not list a bucket is told "denied" of what is not there, and takes it for an error.
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
        yield Calls(On.TASK_LOG_BUCKET, ("s3:ListBucket",))
        yield Calls(On.TASK_LOG_OBJECTS, ("s3:GetObject", "s3:PutObject") if writes else ("s3:GetObject",))
        return
    if writes:
        # Airflow's writer first looks for its log group by name, among all.
        yield Calls(On.LOG_GROUPS, ("logs:DescribeLogGroups",))
    yield Calls(On.TASK_LOG_GROUP, ("logs:CreateLogStream", "logs:PutLogEvents") if writes else ("logs:GetLogEvents",))


def _queues(component: Component, settings: Settings) -> Iterable[Calls]:
    """SQS's queues. Celery's client (kombu) looks whether a queue it was told of is there by asking for its length.

    A worker that ends puts what it has fetched and not begun back by making it visible again.
    """
    if not settings.celery_backend.sqs:
        return
    if component.sends_to:
        yield Calls(On.QUEUES, ("sqs:GetQueueAttributes", "sqs:SendMessage"), tuple(sorted(component.sends_to)))
    if component.receives_from:
        taking = ("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
        actions = tuple(f"sqs:{action}" for action in taking)
        yield Calls(On.QUEUES, actions, tuple(sorted(component.receives_from)))
