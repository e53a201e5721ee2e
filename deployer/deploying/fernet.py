"""A Fernet key that somebody brings along, at the first deploy of an environment: into a secret, and nowhere else."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.cloudformation import departed, snapshots, stacks
from deployer.cloudformation.stacks import Stack, StackNames
from deployer.cloudformation.statuses import is_ready
from deployer.deploying import deployed
from deployer.errors import AWS_ERRORS, DeployError, error_code, explain
from deployer.outputs import BUCKET
from deployer.tools import Tools, nothing

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.type_defs import CreateSecretRequestTypeDef, DescribeSecretResponseTypeDef

VARIABLE = "AIRFLOW__CORE__FERNET_KEY"
PARAMETER = "FernetSecretArn"  # the root's
SECRET = "FernetSecret"  # noqa: S105 - where the stack makes the key itself: its logical id, in the nested stack `Secrets`
_PURPOSE = "airflow-on-aws:fernet-key-of"  # tag of what is put away here; its value is the root's name
_NAMED = "-fernet-"  # between the root's name and a mark of the foundation
_KEY_BYTES = 32
_PATIENCE = 2 * 60  # seconds until a secret's name is free again
_RECOVERY = 7  # days in which a deleted secret can be restored, the fewest there are


@dataclass(frozen=True)
class Brought:
    """Parameters of the root that name what was put away, and how to take it back when no stack comes of it."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    withdraw: Callable[[], None] = nothing


@dataclass(frozen=True)
class Offer:
    """A key as it came (empty: none), and how its secret is to be: tagged, and under the foundation's key or AWS's.

    Raises DeployError for what is no Fernet key.
    """

    key: str = field(default="", repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)
    own_key: bool = False

    def __post_init__(self) -> None:
        if self.key and not _decoded(self.key):
            raise DeployError(
                f"{VARIABLE} is no Fernet key: that is 32 bytes in URL-safe base64, 44 characters",
                "correct it, or unset it, and one is made",
            )


def bring(tools: Tools, names: StackNames, root: Stack | None, offer: Offer) -> Brought:
    """Put the key away before the root is made, or compare it with the one that the root has.

    The secret bears a name of its foundation, so that after an interruption it is found again, by its name: listing
    secrets lags by minutes (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html). A
    later foundation makes another name, and one that was kept, or waits for its deletion, is not in the way.

    Raises DeployError for another key than is in use.
    """
    if root:
        if offer.key:
            _require_in_use(tools.aws, root, _decoded(offer.key))
        return Brought()
    foundation = stacks.find(tools.aws, names.foundation)
    if foundation is None:
        return Brought()
    if found := _described(tools.aws, _name(names, foundation)):
        return _taken_up(tools, names, foundation, found, offer)
    return _put_away(tools, names, foundation, offer) if offer.key else Brought()


def require_same(aws: Aws, names: StackNames, offer: Offer) -> None:
    """Compare the key with that of an environment that stands, before a deploy makes anything. Raises DeployError."""
    root = stacks.find(aws, names.root) if offer.key else None
    if root and is_ready(root.status) and root.status != "REVIEW_IN_PROGRESS":
        _require_in_use(aws, root, _decoded(offer.key))


def put_away(aws: Aws, names: StackNames, root: Stack | None, foundation: Stack | None) -> str:
    """Return the ARN of the secret with the key that was brought to an environment, or nothing.

    What may not be looked at is none of ours.
    """
    candidates = [_name(names, foundation)] if foundation else []
    if root and f":secret:{names.root}{_NAMED}" in (used := root.parameters.get(PARAMETER, "")):
        candidates.append(used)
    for each in candidates:
        with suppress(ClientError):
            found = _described(aws, each)
            if found and {"Key": _PURPOSE, "Value": names.root} in found.get("Tags", []):
                return found["ARN"]
    return ""


def is_of(names: StackNames, foundation: Stack | None, arn: str) -> bool:
    """Whether a secret was put away over this very foundation, and no earlier one of the same name."""
    return foundation is not None and f":secret:{_name(names, foundation)}-" in arn


def remove(aws: Aws, arn: str) -> None:
    """Delete a secret that was put away; for seven days it can be restored."""
    try:
        aws.secretsmanager.delete_secret(SecretId=arn, RecoveryWindowInDays=_RECOVERY)
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise


def _put_away(tools: Tools, names: StackNames, foundation: Stack, offer: Offer) -> Brought:
    name = _name(names, foundation)
    request: CreateSecretRequestTypeDef = {
        "Name": name,
        "Description": f"Fernet key that was brought to {names.root}",
        "SecretString": _text(offer),
        "Tags": [{"Key": key, "Value": value} for key, value in {**offer.tags, _PURPOSE: names.root}.items()],
    }
    if offer.own_key:
        request["KmsKeyId"] = foundation.outputs["KeyArn"]
    arn = _created(tools, request)
    tools.report(f"The Fernet key of {VARIABLE} is kept in the secret {name}")
    return Brought({PARAMETER: arn}, _withdrawing(tools, name))


def _taken_up(
    tools: Tools, names: StackNames, foundation: Stack, found: DescribeSecretResponseTypeDef, offer: Offer
) -> Brought:
    """Use what an earlier run has put away; it can be exchanged, and taken back, where surely nothing needs it."""
    name, arn, keys = _name(names, foundation), found["ARN"], _decoded(offer.key) if offer.key else []
    unused = _is_unused(tools.aws, names, foundation, found)
    if keys and unused and not set(keys) <= set(_kept(tools.aws, names.root, arn)):
        tools.aws.secretsmanager.put_secret_value(SecretId=arn, SecretString=_text(offer))
        tools.report(f"The Fernet key of {VARIABLE} takes the place of the one brought before, in the secret {name}")
    else:
        if keys:
            _require_same(tools.aws, names.root, arn, keys)
        tools.report(f"The Fernet key that was brought before is used: it is in the secret {name}")
    return Brought({PARAMETER: arn}, _withdrawing(tools, name) if unused else nothing)


def _is_unused(aws: Aws, names: StackNames, foundation: Stack, found: DescribeSecretResponseTypeDef) -> bool:
    """Whether surely nothing was ever encrypted with a key that was put away over this foundation. In doubt it was.

    What is written down of deploys does not tell it alone: a bucket can be lost, or be made anew.
    """
    try:
        last = departed.look_up(aws, [names.root]).get(names.root)
        return (
            deployed.look_up(aws, foundation.outputs[BUCKET]).is_blank
            and (last is None or last.parameters.get(PARAMETER) != found["ARN"])
            and all(each.time < found["CreatedDate"] for each in snapshots.of(aws, (), names.tags))
        )
    except ClientError:
        return False


def _withdrawing(tools: Tools, name: str) -> Callable[[], None]:
    def withdraw() -> None:
        try:
            tools.aws.secretsmanager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        except AWS_ERRORS as error:
            tools.report(f"the secret {name} stays behind: {explain(error).line}; the next deploy takes it up")

    return withdraw


def _text(offer: Offer) -> str:
    return ",".join(key.strip() for key in offer.key.split(","))


def _created(tools: Tools, request: CreateSecretRequestTypeDef) -> str:
    """Make a secret, waiting until its name is free: a deleted one goes in the background.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
    """
    for _ in tools.clock.ticks(_PATIENCE):
        try:
            return tools.aws.secretsmanager.create_secret(**request)["ARN"]
        except ClientError as error:
            if error_code(error) != "InvalidRequestException" or "deletion" not in str(error):
                raise
    name = request["Name"]
    raise DeployError(
        f"the secret {name} is scheduled for deletion, and its name is not free",
        f"`aws secretsmanager restore-secret --region {tools.aws.region} --secret-id {name}` brings it back; then run"
        " it again",
    )


def _name(names: StackNames, foundation: Stack) -> str:
    return f"{names.root}{_NAMED}{hashlib.sha256(foundation.id.encode()).hexdigest()[:8]}"


def _described(aws: Aws, secret: str) -> DescribeSecretResponseTypeDef | None:
    try:
        found = aws.secretsmanager.describe_secret(SecretId=secret)
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return None
        raise
    return None if found.get("DeletedDate") else found


def _require_in_use(aws: Aws, root: Stack, keys: list[bytes]) -> None:
    used = root.parameters.get(PARAMETER) or _of_stack(aws, root)
    if used:  # otherwise the first deploy has not come so far
        _require_same(aws, root.name, used, keys)


def _of_stack(aws: Aws, root: Stack) -> str:
    """The secret that the stack has made itself; nothing when it has none."""
    secrets = _resource(aws, root.id, "Secrets")
    return _resource(aws, secrets, SECRET) if secrets else ""


def _resource(aws: Aws, stack: str, logical_id: str) -> str:
    pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    for each in (summary for page in pages for summary in page["StackResourceSummaries"]):
        if each["LogicalResourceId"] == logical_id:
            return each.get("PhysicalResourceId", "")
    return ""


def _require_same(aws: Aws, name: str, arn: str, keys: list[bytes]) -> None:
    """Raise DeployError unless every key is among those in the secret, which are two while one is being rotated."""
    if not set(keys) <= set(_kept(aws, name, arn)):
        raise DeployError(
            f"{VARIABLE} is another key than {name} has: what is encrypted with that one could not be read any more",
            f"unset it: a key is brought at the first deploy. To change it later, write both into the secret {arn}, the"
            " new one first, as `NEW,OLD`, and restart the services",
        )


def _kept(aws: Aws, name: str, arn: str) -> list[bytes]:
    try:
        return _decoded(aws.secretsmanager.get_secret_value(SecretId=arn).get("SecretString", ""))
    except ClientError as error:
        raise DeployError(
            f"whether {VARIABLE} is the key that {name} has cannot be told: {explain(error).line}",
            f"unset it: {name} keeps its key",
        ) from error


def _decoded(text: str) -> list[bytes]:
    """Read Fernet keys, separated by commas, with or without their final `=`; none when one of them is no such key.

    https://github.com/fernet/spec/blob/master/Spec.md
    """
    try:
        keys = [base64.b64decode(each.strip().rstrip("=") + "=", b"-_", validate=True) for each in text.split(",")]
    except (binascii.Error, ValueError):
        return []
    return keys if all(len(key) == _KEY_BYTES for key in keys) else []
