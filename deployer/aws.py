"""The one way to AWS: typed clients with retries and time-outs, made when first needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import NoRegionError, UnknownRegionError
from botocore.parsers import ResponseParserError

from deployer.errors import WrongUse, explain

if TYPE_CHECKING:  # the stubs are no part of what a user installs
    from botocore.model import OperationModel
    from mypy_boto3_acm import ACMClient
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_elasticache import ElastiCacheClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_sts import STSClient

# Path style, because it is the one form that AWS and the emulators both take.
_CONFIG = Config(
    retries={"mode": "adaptive", "total_max_attempts": 6},
    connect_timeout=10,
    read_timeout=60,
    s3={"addressing_style": "path"},
    user_agent_extra="airflow-on-aws",
)
_NOT_DONE = 300  # from this HTTP status on


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

    @cached_property
    def acm(self) -> ACMClient:
        """The client of Certificate Manager."""
        client: ACMClient = self._client("acm")
        return client

    @cached_property
    def scaling(self) -> ApplicationAutoScalingClient:
        """The client of Application Auto Scaling."""
        client: ApplicationAutoScalingClient = self._client("application-autoscaling")
        return client

    @cached_property
    def ec2(self) -> EC2Client:
        """The client of EC2."""
        client: EC2Client = self._client("ec2")
        return client

    @cached_property
    def elasticache(self) -> ElastiCacheClient:
        """The client of ElastiCache."""
        client: ElastiCacheClient = self._client("elasticache")
        return client

    @cached_property
    def iam(self) -> IAMClient:
        """The client of IAM."""
        client: IAMClient = self._client("iam")
        return client

    @cached_property
    def rds(self) -> RDSClient:
        """The client of RDS."""
        client: RDSClient = self._client("rds")
        return client

    @cached_property
    def route53(self) -> Route53Client:
        """The client of Route 53."""
        client: Route53Client = self._client("route53")
        return client

    @cached_property
    def quotas(self) -> ServiceQuotasClient:
        """The client of Service Quotas."""
        client: ServiceQuotasClient = self._client("service-quotas")
        return client

    def identity(self) -> Identity:
        """Ask STS, once, who is calling. Raises what botocore raises for missing or expired credentials."""
        return self._identity

    @cached_property
    def _identity(self) -> Identity:
        answer = self.sts.get_caller_identity()
        return Identity(answer["Account"], answer["Arn"], partition=answer["Arn"].split(":")[1])


def own_session(variables: Mapping[str, str], region: str = "") -> boto3.Session:
    """Return a session as the user's environment variables and profile say; in `region`, where one is given.

    Raises what botocore raises for a profile that does not exist, WrongUse when AWS_REGION says another region.
    """
    # boto3 knows AWS_DEFAULT_REGION alone; AWS_REGION is what the other SDKs and the AWS CLI take, and first.
    chosen = variables.get("AWS_REGION") or ""
    if region and chosen and chosen != region:
        raise WrongUse(
            f"AWS_REGION is {chosen}, but service.yml says region: {region} for this environment",
            "unset AWS_REGION, or choose the right environment",
        )
    return boto3.Session(region_name=region or chosen or None)


def require_region(region: str) -> None:
    """Raise WrongUse, with the nearest name, for a region that this version of AWS's client does not know."""
    session = boto3.Session(region_name=region)
    partitions = session.get_available_partitions()
    known = [name for each in partitions for name in session.get_available_regions("cloudformation", each)]
    if region not in known:
        near = get_close_matches(region, known, n=1)
        raise WrongUse(
            f"there is no region {region}", f"did you mean {near[0]}?" if near else "write it like eu-west-1"
        )


def require_account(identity: Identity, account: str) -> None:
    """Raise WrongUse when the caller's account is not the one that service.yml says; with none said, any is."""
    if account and identity.account != account:
        raise WrongUse(
            f"the credentials are of account {identity.account}, but service.yml says account: {account}",
            "use that account's credentials (AWS_PROFILE), or choose the right environment",
        )


def reach(variables: Mapping[str, str], region: str, account: str) -> Aws:
    """Reach AWS as the user's variables and profile say, in the region and account that service.yml may name.

    Raises WrongUse when they are others, and for what no region is called like: one that is newer than this version of
    AWS's client is taken.
    """
    session = own_session(variables, region)
    aws = connect(session)
    try:
        session.get_partition_for_region(aws.region)
    except UnknownRegionError:
        require_region(aws.region)
    if account:
        require_account(aws.identity(), account)
    return aws


def connect(session: boto3.Session, endpoint_url: str | None = None) -> Aws:
    """Reach AWS, or whatever answers at `endpoint_url`, with the session's credentials and region.

    Raises WrongUse when the session has no region.
    """
    if not session.region_name:
        raise explain(NoRegionError())
    region = session.region_name
    return Aws(region, lambda service: client(session, service, region, endpoint_url))


def client(session: boto3.Session, service: str, region: str, endpoint_url: str | None = None) -> Any:  # noqa: ANN401
    """Make a client with retries and time-outs, which says of an answer cut short that it is damaged."""
    make: Callable[..., Any] = session.client
    made = make(service, region_name=region, endpoint_url=endpoint_url, config=_CONFIG)
    made.meta.events.register("before-parse.*.*", _require_whole)
    return made


def _require_whole(operation_model: OperationModel, response_dict: Mapping[str, Any], **_: object) -> None:
    """Raise ResponseParserError for JSON that cannot be read: botocore takes it for an answer without any members."""
    body, status = response_dict["body"], response_dict["status_code"]
    is_json = operation_model.service_model.resolved_protocol in {"json", "rest-json"}
    # What comes as a stream is not read yet; an error may be any text, and its status says whether to try again.
    if is_json and status < _NOT_DONE and isinstance(body, bytes) and body:
        try:
            json.loads(body)
        except ValueError as error:
            raise ResponseParserError(f"{operation_model.name}: an answer that is no JSON") from error
