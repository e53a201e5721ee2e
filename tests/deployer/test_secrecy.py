"""What is shown of values: names of what may be a secret, and never the secret."""

from __future__ import annotations

import json

import pytest

from deployer.secrecy import HIDDEN, hides, shown, without_secrets

VARIABLES = [{"Name": "SMTP_PASSWORD", "Value": "s3cret"}, {"Name": "LEVEL", "Value": "info"}]


@pytest.mark.parametrize(
    "name",
    [
        "MasterUserPassword",
        "SecretString",
        "AuthToken",
        "ApiKey",
        "/Settings/api_key",
        "ContainerDefinitions.worker.Environment.LEVEL.Value",
        "/ContainerDefinitions/0/Environment/1/Value",
    ],
)
def test_what_may_be_a_secret_by_its_name_is_not_shown(name: str) -> None:
    assert hides(name)
    assert shown(name, "s3cret") == ""


@pytest.mark.parametrize("name", ["DBInstanceClass", "Tags.0.Key", "Tags.Name.Value", "CidrBlock"])
def test_other_values_are_shown_as_they_are(name: str) -> None:
    assert not hides(name)
    assert shown(name, "10.0.0.0/16") == "10.0.0.0/16"


@pytest.mark.parametrize("given", [VARIABLES, {each["Name"]: each["Value"] for each in VARIABLES}])
def test_of_variables_the_names_are_shown(given: object) -> None:
    assert shown("ContainerDefinitions.worker.Environment", json.dumps(given)) == "LEVEL, SMTP_PASSWORD"
    inside = shown("ContainerDefinitions.worker", json.dumps({"Name": "worker", "Environment": given}))
    assert json.loads(inside) == {"Name": "worker", "Environment": "LEVEL, SMTP_PASSWORD"}


def test_names_inside_a_value_hide_what_they_name() -> None:
    options = [
        {"Name": "db_password", "Value": "s3cret"},
        {"Name": "size", "Value": "2"},
        {"Key": "team", "Value": "a"},
    ]
    told = json.loads(shown("Options", json.dumps({"Options": options, "apiKey": "s3cret"})))

    assert told["apiKey"] == HIDDEN
    assert [each["Value"] for each in told["Options"]] == [HIDDEN, "2", "a"]


@pytest.mark.parametrize(
    "text", ["postgres://u:s3cret@h/db", '["amqp://:s3cret@h"]', '{"a": {"b": "https://u:s3cret@h"}}']
)
def test_passwords_in_addresses_are_not_shown(text: str) -> None:
    told = shown("Command", text)
    assert "s3cret" not in told
    assert "@h" in told


def test_a_value_that_was_cut_off_is_shown_only_when_nothing_in_it_may_be_a_secret() -> None:
    assert shown("Definitions", '[{"Name": "w", "Environment": [{"Name": "A", "Value": "s3cr') == ""
    assert shown("Definitions", '[{"db_password": "s3cr') == ""
    assert shown("Definitions", '[{"Name": "w", "Ima') == '[{"Name": "w", "Ima'
    assert shown("Command", "{{resolve:ssm:a}}") == "{{resolve:ssm:a}}"


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
