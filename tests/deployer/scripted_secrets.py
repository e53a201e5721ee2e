"""A Secrets Manager that holds secrets in memory: deleted ones keep their name until they are gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.deployer.scripted_clients import ACCOUNT, REGION, RefusedError

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Secret:
    arn: str
    value: str
    tags: dict[str, str] = field(default_factory=dict)
    key: str = ""
    deleted: bool = False
    lingers: float = 0  # how often its name is refused before it has gone


class ScriptedSecrets:
    """`lingering` is how often the name of what is deleted at once is refused before it is free."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.secrets: dict[str, Secret] = {}
        self.lingering = 0
        self.denied: set[str] = set()
        self.closed = False  # to whoever wants to know of any secret

    def put(self, name: str, value: str, **tags: str) -> str:
        arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf"
        self.secrets[name] = Secret(arn, value, tags)
        return arn

    def create_secret(
        self,
        Name: str,  # noqa: N803
        SecretString: str,  # noqa: N803
        Tags: list[dict[str, str]],  # noqa: N803
        KmsKeyId: str = "",  # noqa: N803
        **_: object,
    ) -> dict[str, Any]:
        there = self.secrets.get(Name)
        if there and there.deleted and there.lingers > 0:
            there.lingers -= 1
            raise RefusedError(
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            )
        if there and not there.deleted:
            raise RefusedError("ResourceExistsException", f"a secret with the name {Name} already exists")
        arn = self.put(Name, SecretString)
        self.secrets[Name].tags = {tag["Key"]: tag["Value"] for tag in Tags}
        self.secrets[Name].key = KmsKeyId
        return {"ARN": arn}

    def put_secret_value(self, SecretId: str, SecretString: str, **_: object) -> dict[str, Any]:  # noqa: N803
        name, secret = self._found(SecretId)
        secret.value = SecretString
        return {"ARN": secret.arn, "Name": name}

    def describe_secret(self, SecretId: str) -> dict[str, Any]:  # noqa: N803
        if self.closed:
            raise RefusedError("AccessDeniedException", "not authorized to perform: secretsmanager:DescribeSecret")
        name, secret = self._found(SecretId)
        tags = [{"Key": key, "Value": value} for key, value in secret.tags.items()]
        deleted = {"DeletedDate": MIDNIGHT} if secret.deleted else {}
        return {"ARN": secret.arn, "Name": name, "Tags": tags, "CreatedDate": MIDNIGHT} | deleted

    def get_secret_value(self, SecretId: str) -> dict[str, Any]:  # noqa: N803
        _, secret = self._found(SecretId)
        if secret.arn in self.denied:
            raise RefusedError("AccessDeniedException", "not authorized to perform secretsmanager:GetSecretValue")
        return {"ARN": secret.arn, "SecretString": secret.value}

    def delete_secret(
        self,
        SecretId: str,  # noqa: N803
        ForceDeleteWithoutRecovery: bool = False,  # noqa: N803, FBT002
        RecoveryWindowInDays: int = 30,  # noqa: N803
    ) -> dict[str, Any]:
        _, secret = self._found(SecretId)
        assert 7 <= RecoveryWindowInDays <= 30
        secret.deleted, secret.lingers = True, self.lingering if ForceDeleteWithoutRecovery else float("inf")
        return {"ARN": secret.arn}

    @property
    def alive(self) -> dict[str, Secret]:
        return {name: secret for name, secret in self.secrets.items() if not secret.deleted}

    def _found(self, name_or_arn: str) -> tuple[str, Secret]:
        for name, secret in self.secrets.items():
            if name_or_arn in (name, secret.arn):
                return name, secret
        raise RefusedError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
