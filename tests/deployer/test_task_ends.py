from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deployer.services import Definition
from deployer.task_ends import stopped_task, without_secrets
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cluster import ScriptedLogs

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TaskTypeDef


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("connection to rediss://:t0ken@broker:6379/0 failed", "connection to rediss://***@broker:6379/0 failed"),
        ("sqlalchemy: postgresql+psycopg://u:p@db/airflow", "sqlalchemy: postgresql+psycopg://***@db/airflow"),
        ("PGPASSWORD=abcdefgh psql", "PGPASSWORD=*** psql"),
        ('{"password": "hunter22", "user": "u"}', '{"password": ***, "user": "u"}'),
        ('{"password": "correct horse"}', '{"password": ***}'),
        (r"{\"password\": \"abcdef\", \"user\": \"u\"}", r"{\"password\": ***, \"user\": \"u\"}"),
        ("AIRFLOW__API__SECRET_KEY=abcdef", "AIRFLOW__API__SECRET_KEY=***"),
        ("aws_secret_access_key=wJalrXUtnFEMI/K7", "aws_secret_access_key=***"),
        ("{'AWS_SECRET_ACCESS_KEY': 'wJalrXUt'}", "{'AWS_SECRET_ACCESS_KEY': ***}"),
        ("AuthToken: abcdefg1", "AuthToken: ***"),
        ("Authorization: Bearer eyJhbGciOi.abc", "Authorization: Bearer ***"),
        ("sent Bearer eyJhbGciOi.abc1 to it", "sent Bearer *** to it"),
        ("https://b/a?X-Amz-Signature=ab&X-Amz-Security-Token=IQ", "https://b/a?X-Amz-Signature=***"),
        ("cannot reach postgresql://u:p@ss@db/airflow", "cannot reach postgresql://***@db/airflow"),
        ("FERNET_KEY = dGhpcyBpcyBub3QgYSBrZXkgYXQgYWxsIC4uLi4uLi4=", "FERNET_KEY = ***"),
    ],
)
def test_what_looks_like_a_secret_is_blanked(line: str, shown: str) -> None:
    assert without_secrets(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        "scheduler: AIRFLOW__CORE__FERNET_KEY is missing",
        "failed to fetch secret arn:aws:secretsmanager:eu-west-1:1:secret:a-b1",
        '"AdminSecretArn": "arn:aws:secretsmanager:eu-west-1:1:secret:a-b1"',
        "invalid token: signature verification failed",
        "GET https://db.example.com:5432/airflow",
        "the password has 3 characters",
    ],
)
def test_what_is_none_stays(line: str) -> None:
    assert without_secrets(line) == line


def test_what_ecs_says_of_a_task_holds_no_secret() -> None:
    said = "exec failed: psql postgresql://airflow:hunter2@db"
    aws = scripted({"logs": ScriptedLogs()})
    task: TaskTypeDef = {"stoppedReason": said, "containers": [{"name": "worker", "reason": said}]}

    found = stopped_task(aws, task, Definition("arn", "X86_64", ()))
    assert (found.reason, found.cause) == ("exec failed: psql postgresql://***@db",) * 2
