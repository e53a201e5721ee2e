"""The one way to AWS: typed clients with retries and time-outs, made when first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import NoRegionError

from deployer.errors import DeployError, WrongUse, explain

if TYPE_CHECKING:  # the stubs are no part of what a user installs
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sts import STSClient

# Path style, because it is the one form that AWS and the emulators both take.
_CONFIG = Config(
    retries={"mode": "adaptive", "total_max_attempts": 6},
    connect_timeout=10,
    read_timeout=60,
    s3={"addressing_style": "path"},
    user_agent_extra="airflow-on-aws",
)


@dataclass(frozen=True)
class Identity:
    """Who is calling: account number, ARN of the user or role, and the partition (`aws`, `aws-cn`, ...)."""

    account: str
    arn: str
    partition: str


class Aws:
    """Clients for one region. `client` makes one by its service name; tests pass their own."""

    def __init__(self, region: str, client: Callable[[str], Any]) -> None:
        self.region = region
        self._client = client

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """The client of CloudFormation."""
        client: CloudFormationClient = self._client("cloudformation")
        return client

    @cached_property
    def s3(self) -> S3Client:
        """The client of S3."""
        client: S3Client = self._client("s3")
        return client

    @cached_property
    def secretsmanager(self) -> SecretsManagerClient:
        """The client of Secrets Manager."""
        client: SecretsManagerClient = self._client("secretsmanager")
        return client

    @cached_property
    def sts(self) -> STSClient:
        """The client of STS."""
        client: STSClient = self._client("sts")
        return client

    @cached_property
    def ecr(self) -> ECRClient:
        """The client of ECR."""
        client: ECRClient = self._client("ecr")
        return client

    @cached_property
    def ecs(self) -> ECSClient:
        """The client of ECS."""
        client: ECSClient = self._client("ecs")
        return client

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """The client of CloudWatch Logs."""
        client: CloudWatchLogsClient = self._client("logs")
        return client

    def identity(self) -> Identity:
        """Ask STS who is calling. Raises what botocore raises for missing or expired credentials."""
        answer = self.sts.get_caller_identity()
        return Identity(answer["Account"], answer["Arn"], partition=answer["Arn"].split(":")[1])


def own_session(variables: Mapping[str, str], region: str = "") -> boto3.Session:
    """Return a session as the user's environment variables and profile say; in `region`, where one is given.

    Raises what botocore raises for a profile that does not exist, DeployError when AWS_REGION says another region.
    """
    # boto3 knows AWS_DEFAULT_REGION alone; AWS_REGION is what the other SDKs and the AWS CLI take, and first.
    chosen = variables.get("AWS_REGION") or ""
    if region and chosen and chosen != region:
        raise DeployError(
            f"AWS_REGION is {chosen}, but service.yml says region: {region} for this environment",
            "unset AWS_REGION, or choose the right environment",
        )
    return boto3.Session(region_name=region or chosen or None)


def require_region(region: str) -> None:
    """Raise DeployError, with the nearest name, for a region that this version of AWS's client does not know."""
    session = boto3.Session(region_name=region)
    partitions = session.get_available_partitions()
    known = [name for each in partitions for name in session.get_available_regions("cloudformation", each)]
    if region not in known:
        near = get_close_matches(region, known, n=1)
        raise WrongUse(
            f"there is no region {region}", f"did you mean {near[0]}?" if near else "write it like eu-west-1"
        )


def require_account(identity: Identity, account: str) -> None:
    """Raise DeployError when the caller's account is not the one that service.yml says; with none said, any is."""
    if account and identity.account != account:
        raise DeployError(
            f"the credentials are of account {identity.account}, but service.yml says account: {account}",
            "use that account's credentials (AWS_PROFILE), or choose the right environment",
        )


def reach(variables: Mapping[str, str], region: str, account: str) -> Aws:
    """Reach AWS as the user's variables and profile say, in the region and account that service.yml may name.

    Raises DeployError when they are others.
    """
    aws = connect(own_session(variables, region))
    if account:
        require_account(aws.identity(), account)
    return aws


def connect(session: boto3.Session, endpoint_url: str | None = None) -> Aws:
    """Reach AWS, or whatever answers at `endpoint_url`, with the session's credentials and region.

    Raises DeployError when the session has no region.
    """
    if not session.region_name:
        raise explain(NoRegionError())
    make: Callable[..., Any] = session.client
    return Aws(session.region_name, lambda service: make(service, endpoint_url=endpoint_url, config=_CONFIG))
