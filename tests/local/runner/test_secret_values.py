import traceback

import pytest

from local.errors import LocalError
from local.runner.secret_values import SecretReference, SecretValues
from tests.local.runner.scripted_aws import SECRETS, ScriptedAws

ARN = f"{SECRETS}demo-AbCdEf"
CHINESE = "arn:aws-cn:secretsmanager:cn-north-1:1:secret:a/b-X"


@pytest.fixture
def aws() -> ScriptedAws:
    return ScriptedAws()


@pytest.mark.parametrize(
    ("value_from", "reference"),
    [
        (ARN, SecretReference(ARN)),
        (f"{ARN}:token::", SecretReference(ARN, key="token")),
        (f"{ARN}::AWSPREVIOUS:", SecretReference(ARN, stage="AWSPREVIOUS")),
        (f"{ARN}:::9d4cb84b", SecretReference(ARN, version="9d4cb84b")),
        (f"{ARN}:token:AWSCURRENT:9d4cb84b", SecretReference(ARN, "token", "AWSCURRENT", "9d4cb84b")),
        (f"{ARN}:::", SecretReference(ARN)),
        (
            "arn:aws-cn:secretsmanager:cn-north-1:1:secret:a/b-X",
            SecretReference("arn:aws-cn:secretsmanager:cn-north-1:1:secret:a/b-X"),
        ),
    ],
)
def test_syntax(value_from: str, reference: SecretReference) -> None:
    assert SecretReference.parse(value_from) == reference


@pytest.mark.parametrize(
    ("value_from", "said"),
    [
        (f"{ARN}:token", "after a secret's ARN come"),
        (f"{ARN}:token:", "after a secret's ARN come"),
        (f"{ARN}:token:::", "after a secret's ARN come"),
        ("arn:aws:secretsmanager:eu-west-1:1:cluster:demo", "after a secret's ARN come"),
        ("demo-parameter", "no parameter of Systems Manager"),
        ("arn:aws:ssm:eu-west-1:1:parameter/demo", "no parameter of Systems Manager"),
    ],
)
def test_everything_else_is_refused_by_name(value_from: str, said: str) -> None:
    with pytest.raises(LocalError, match=said) as raised:
        SecretReference.parse(value_from)
    assert str(raised.value).startswith(value_from)


def test_stage_and_version_are_asked_for(aws: ScriptedAws) -> None:
    aws.secret({"SecretString": "old"}, {"SecretId": ARN, "VersionStage": "AWSPREVIOUS", "VersionId": "9d4cb84b" * 4})
    assert SecretValues(aws.clients.secrets).of(f"{ARN}::AWSPREVIOUS:{'9d4cb84b' * 4}") == "old"


def test_each_secret_is_read_once(aws: ScriptedAws) -> None:
    aws.secret({"SecretString": '{"user": "airflow", "port": 5432}'}, {"SecretId": ARN})
    values = SecretValues(aws.clients.secrets)
    assert values.of(f"{ARN}:user::") == "airflow"
    assert values.of(f"{ARN}:port::") == "5432"


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ('{"user": "s3cret"}', "has no key 'token', only user"),
        ("s3cret", "is no JSON object, so it has no key 'token'"),
        ('["s3cret"]', "is no JSON object"),
    ],
)
def test_a_missing_key_is_named_and_no_value_told(aws: ScriptedAws, secret: str, said: str) -> None:
    aws.secret({"SecretString": secret}, {"SecretId": ARN})
    with pytest.raises(LocalError, match=said) as raised:
        SecretValues(aws.clients.secrets).of(f"{ARN}:token::")
    assert "s3cret" not in "".join(traceback.format_exception(raised.value))
    assert raised.value.__context__ is None


def test_a_binary_secret_is_refused(aws: ScriptedAws) -> None:
    aws.secret({"SecretBinary": b"\x00"}, {"SecretId": ARN})
    with pytest.raises(LocalError, match="is binary"):
        SecretValues(aws.clients.secrets).of(ARN)
