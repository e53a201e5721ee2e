# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""Secrets Manager through CloudFormation: Ref is the ARN, and generated values keep to what was asked for."""

import json
from collections.abc import Callable
from typing import Any

from local.aws.emulator import Made, Properties, ResourceType, answer, provisioners, replace, secretsmanager, teach
from local.aws.shapes import to_api


def install() -> None:
    """Correct the resource type AWS::SecretsManager::Secret."""
    # ministack's generator knows length and excluded characters only, not ExcludePunctuation.
    replace(provisioners, "_sm_secret_string", lambda _: _value)
    own = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    teach("AWS::SecretsManager::Secret", _by_arn(own["create"], own["update"], own["delete"]))


def _by_arn(create: Callable[..., Made], update: Callable[..., Made], delete: Callable[..., None]) -> ResourceType:
    """Wrap handlers that take a secret's name for its physical id: on AWS that is the ARN."""

    def create_secret(logical_id: str, properties: Properties, stack: str) -> Made:
        return _told_by_arn(create(logical_id, properties, stack))

    def update_secret(arn: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        return _told_by_arn(update(_name(arn), old, new, stack, logical_id))

    def delete_secret(arn: str, properties: Properties) -> None:
        delete(_name(arn), properties)

    return ResourceType(create_secret, update_secret, delete_secret)


def _told_by_arn(made: Made) -> Made:
    _, attributes = made
    return attributes["Arn"], attributes


def _name(arn: str) -> str:
    """Find the name of a secret; an ARN nobody has is returned as it is."""
    secrets = secretsmanager._secrets
    return next((name for name, secret in secrets.items() if secret["ARN"] == arn), arn)


def _value(properties: Properties) -> str:
    """Make the value of a secret as its properties describe it."""
    wish: dict[str, Any] | None = properties.get("GenerateSecretString")
    if wish is None:
        return str(properties.get("SecretString", ""))
    options = to_api(wish, "secretsmanager", "GetRandomPassword")
    generated: str = answer(secretsmanager._get_random_password(options))["RandomPassword"]
    if "SecretStringTemplate" not in wish:
        return generated
    return json.dumps({**json.loads(wish["SecretStringTemplate"]), wish["GenerateStringKey"]: generated})
