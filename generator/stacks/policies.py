"""Every IAM statement, each a named function that says in a line what it is for."""

from collections.abc import Sequence

from awacs import ecr, logs, s3, secretsmanager, ssmmessages, sts
from awacs.aws import Allow, PolicyDocument, Principal, Statement
from troposphere import Sub

from generator.stacks.nesting import Value


def document(*statements: Statement) -> PolicyDocument:
    """A policy of these statements."""
    return PolicyDocument(Version="2012-10-17", Statement=list(statements))


def assumed_by_tasks() -> PolicyDocument:
    """ECS tasks may take the role. The principal is the same in every partition."""
    principal = Principal("Service", "ecs-tasks.amazonaws.com")
    return document(Statement(Effect=Allow, Principal=principal, Action=[sts.AssumeRole]))


def pull_images() -> list[Statement]:
    """Fetch the image of the components from a repository of this account."""
    layers = [ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer]
    repositories = Sub("arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/*")
    return [
        Statement(Effect=Allow, Action=[ecr.GetAuthorizationToken], Resource=["*"]),
        Statement(Effect=Allow, Action=layers, Resource=[repositories]),
    ]


def write_component_logs(log_group_arn: Value) -> Statement:
    """Send what the components print to their log group."""
    return Statement(Effect=Allow, Action=[logs.CreateLogStream, logs.PutLogEvents], Resource=[log_group_arn])


def read_secrets(arns: Sequence[Value]) -> Statement:
    """Hand these secrets to the containers."""
    return Statement(Effect=Allow, Action=[secretsmanager.GetSecretValue], Resource=list(arns))


def keep_task_logs(bucket: Value) -> list[Statement]:
    """Write and read the logs of Airflow's tasks."""
    return [
        Statement(Effect=Allow, Action=[s3.ListBucket], Resource=[_bucket_arn(bucket)]),
        Statement(Effect=Allow, Action=[s3.GetObject, s3.PutObject], Resource=[_bucket_arn(bucket, "/logs/*")]),
    ]


def open_shells() -> Statement:
    """Let ECS Exec open a shell in the container.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html#ecs-exec-required-iam-permissions
    """
    channels = [
        ssmmessages.CreateControlChannel,
        ssmmessages.CreateDataChannel,
        ssmmessages.OpenControlChannel,
        ssmmessages.OpenDataChannel,
    ]
    return Statement(Effect=Allow, Action=channels, Resource=["*"])


def _bucket_arn(bucket: Value, path: str = "") -> Sub:
    return Sub(f"arn:${{AWS::Partition}}:s3:::${{Bucket}}{path}", Bucket=bucket)
