"""What ECS puts into a container's variable for a secret's `valueFrom`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.errors import LocalError
from local.runner.asking import asking

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_ARN = 7  # arn:partition:secretsmanager:region:account:secret:name
_ARN_AND_PARTS = 10  # ...:key:stage:version, each of which may be empty; ECS takes all three or none
_SERVICE, _RESOURCE = 2, 5


@dataclass(frozen=True)
class SecretReference:
    """A secret, or the value of one `key` in a secret that is a JSON object; of one stage or version."""

    arn: str
    key: str = ""
    stage: str = ""
    version: str = ""

    @classmethod
    def parse(cls, value_from: str) -> SecretReference:
        """Read `arn` or `arn:key:stage:version`. Raises LocalError for anything else.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
        """
        parts = value_from.split(":")
        if parts[0] != "arn" or len(parts) < _ARN or parts[_SERVICE] != "secretsmanager":
            raise LocalError(
                f"{value_from}: only secrets of Secrets Manager can be resolved here, no parameter of Systems Manager; "
                "write the ARN of a secret"
            )
        if len(parts) not in {_ARN, _ARN_AND_PARTS} or parts[_RESOURCE] != "secret":
            raise LocalError(
                f"{value_from}: after a secret's ARN come :key:version-stage:version-id (each may be empty) or nothing"
            )
        return cls(":".join(parts[:_ARN]), *parts[_ARN:])


class SecretValues:
    """Reads secrets, each once."""

    def __init__(self, secrets: SecretsManagerClient) -> None:
        self._secrets = secrets
        self._known: dict[tuple[str, str, str], str] = {}

    def of(self, value_from: str) -> str:
        """Return the value behind `valueFrom`. Raises LocalError, which never holds a value."""
        reference = SecretReference.parse(value_from)
        whole = self._whole(reference)
        return _value_of_key(whole, reference) if reference.key else whole

    def _whole(self, reference: SecretReference) -> str:
        wanted = (reference.arn, reference.stage, reference.version)
        if wanted not in self._known:
            self._known[wanted] = self._fetch(reference)
        return self._known[wanted]

    def _fetch(self, reference: SecretReference) -> str:
        choice = {"VersionStage": reference.stage, "VersionId": reference.version}
        chosen = {name: value for name, value in choice.items() if value}
        with asking(f"secret {reference.arn}"):
            answer = self._secrets.get_secret_value(SecretId=reference.arn, **chosen)
        if "SecretString" not in answer:
            raise LocalError(f"secret {reference.arn}: is binary, which no variable can hold; store it as text")
        return answer["SecretString"]


def _value_of_key(whole: str, reference: SecretReference) -> str:
    try:
        values = json.loads(whole)
    except json.JSONDecodeError:
        values = None  # and not "from error", for that error holds the secret
    if not isinstance(values, dict):
        raise LocalError(f"secret {reference.arn}: is no JSON object, so it has no key {reference.key!r}")
    if reference.key not in values:
        raise LocalError(f"secret {reference.arn}: has no key {reference.key!r}, only {', '.join(sorted(values))}")
    value = values[reference.key]
    return value if isinstance(value, str) else json.dumps(value)
