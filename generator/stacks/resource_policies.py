"""What buckets, queues and keys let others do: the other side of the policies that roles have."""

from collections.abc import Sequence

from awacs import kms, s3, sqs
from awacs.aws import Action, Allow, ArnLike, Bool, Condition, Deny, PolicyDocument, Principal, Statement, StringEquals
from troposphere import Sub

from generator.stacks.nesting import Value

ACCOUNT = "${AWS::AccountId}"


def document(*statements: Statement) -> PolicyDocument:
    """A policy of these statements."""
    return PolicyDocument(Version="2012-10-17", Statement=list(statements))


def bucket_without_tls(bucket: str) -> Statement:
    """Refuse whoever comes without TLS to the bucket with this logical id.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    arn = f"arn:${{AWS::Partition}}:s3:::${{{bucket}}}"
    return _without_tls(s3.Action("*"), [Sub(arn), Sub(f"{arn}/*")])


def queue_without_tls(queue_arn: Value) -> Statement:
    """Refuse whoever comes to a queue without TLS.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html
    """
    return _without_tls(sqs.Action("*"), [queue_arn])


def key_of_account() -> Statement:
    """Let policies of roles in the account say who uses the key; without this nobody could, or ever change it.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    root = Principal("AWS", Sub(f"arn:${{AWS::Partition}}:iam::{ACCOUNT}:root"))
    return Statement(Sid="Account", Effect=Allow, Principal=root, Action=[kms.Action("*")], Resource=["*"])


def key_for_logs() -> Statement:
    """Let CloudWatch Logs encrypt the account's log groups with the key.

    Its principal is one of a region and of a partition, unlike others:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/service_principal
    """
    groups = Sub(f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:{ACCOUNT}:log-group:*")
    return Statement(
        Sid="Logs",
        Effect=Allow,
        Principal=Principal("Service", Sub("logs.${AWS::Region}.${AWS::URLSuffix}")),
        Action=[kms.Encrypt, kms.Decrypt, kms.Action("ReEncrypt*"), kms.Action("GenerateDataKey*"), kms.DescribeKey],
        Resource=["*"],
        Condition=Condition(ArnLike("kms:EncryptionContext:aws:logs:arn", groups)),
    )


def key_for_alarms() -> Statement:
    """Let alarms speak through a topic that is encrypted with the key.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    """
    return Statement(
        Sid="Alarms",
        Effect=Allow,
        Principal=Principal("Service", "cloudwatch.amazonaws.com"),
        Action=[kms.Decrypt, kms.Action("GenerateDataKey*")],
        Resource=["*"],
        Condition=Condition(StringEquals("aws:SourceAccount", Sub(ACCOUNT))),
    )


def deliver_access_logs(bucket: str) -> Statement:
    """Let load balancers write access logs to the bucket with this logical id; the path bears their account.

    One principal in every partition; accounts of Elastic Load Balancing, as older policies name, are its forerunners:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    https://docs.amazonaws.cn/en_us/aws/latest/userguide/elb.html
    """
    return Statement(
        Sid="AccessLogs",
        Effect=Allow,
        Principal=Principal("Service", "logdelivery.elasticloadbalancing.amazonaws.com"),
        Action=[s3.PutObject],
        Resource=[Sub(f"arn:${{AWS::Partition}}:s3:::${{{bucket}}}/AWSLogs/{ACCOUNT}/*")],
    )


def call_from_this_account(service: str) -> Statement:
    """Let a VPC endpoint pass calls of this account's roles alone; what these may do, their own policies say.

    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    return Statement(
        Sid="ThisAccount",
        Effect=Allow,
        Principal=Principal("*"),
        Action=[Action(service, "*")],
        Resource=["*"],
        Condition=Condition(StringEquals("aws:PrincipalAccount", Sub(ACCOUNT))),
    )


def _without_tls(action: object, resources: Sequence[Value]) -> Statement:
    return Statement(
        Sid="OnlyByTls",
        Effect=Deny,
        Principal=Principal("*"),
        Action=[action],
        Resource=list(resources),
        Condition=Condition(Bool("aws:SecureTransport", "false")),
    )
