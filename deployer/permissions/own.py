"""What the deployer itself calls, beside what CloudFormation calls in its user's name."""

from __future__ import annotations

from collections.abc import Iterable


def _of(service: str, names: str) -> frozenset[str]:
    return frozenset(f"{service}:{name}" for name in names.split())


def _all(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)


READING = _all(
    (
        _of(
            "cloudformation",
            "DescribeChangeSet DescribeEvents DescribeStackEvents DescribeStacks GetTemplate GetTemplateSummary"
            " ListChangeSets ListStackResources ListStacks",
        ),
        _of("s3", "GetObject ListBucket"),
        _of("sts", "GetCallerIdentity"),
    )
)
"""Seeing how the stacks stand, and reading the records in the foundation's bucket: which every verb does."""

ROLLING = _all(
    (
        _of("application-autoscaling", "DescribeScalableTargets"),
        _of(
            "cloudformation",
            "CreateChangeSet DeleteChangeSet DetectStackResourceDrift ExecuteChangeSet TagResource UntagResource",
        ),
        # The last seven are what an engine calls that pushes or pulls:
        # https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
        _of(
            "ecr",
            "BatchDeleteImage DescribeImages GetAuthorizationToken GetLifecyclePolicy"
            " BatchCheckLayerAvailability BatchGetImage CompleteLayerUpload GetDownloadUrlForLayer InitiateLayerUpload"
            " PutImage UploadLayerPart",
        ),
        _of(
            "ecs",
            "DescribeServices DescribeTaskDefinition DescribeTasks ListServices ListTasks RunTask StopTask"
            " UpdateService",
        ),
        _of("logs", "FilterLogEvents GetLogEvents"),
        _of("s3", "DeleteObject PutObject"),
    )
)
"""Building, pushing and rolling out an image: change sets and drift, the repository, services and what they log,
rehearsals, records and the lock."""

DEPLOYING = _all(
    (
        _of("acm", "DescribeCertificate"),
        _of("cloudformation", "CancelUpdateStack ContinueUpdateRollback DeleteStack RollbackStack"),
        _of(
            "ec2",
            "DescribeAddresses DescribeAvailabilityZones DescribeRouteTables DescribeSubnets DescribeVpcAttribute"
            " DescribeVpcEndpoints DescribeVpcEndpointServices DescribeVpcs",
        ),
        _of("ecr", "ListImages"),
        _of("elasticache", "DescribeCacheEngineVersions DescribeReservedCacheNodesOfferings"),
        _of("iam", "CreateServiceLinkedRole GetPolicy ListRoles"),
        _of(
            "rds",
            "DescribeAccountAttributes DescribeDBClusterSnapshots DescribeDBEngineVersions DescribeDBSnapshots"
            " DescribeOrderableDBInstanceOptions",
        ),
        _of("route53", "GetHostedZone"),
        _of("s3", "CreateBucket DeleteObjectVersion ListBucketVersions"),
        _of("secretsmanager", "CreateSecret DeleteSecret DescribeSecret GetSecretValue PutSecretValue TagResource"),
        _of("servicequotas", "GetAWSDefaultServiceQuota GetServiceQuota"),
    )
)
"""Looking before, ways out of every state, a bucket that is lost, a Fernet key that is brought along."""

DESTROYING = _all(
    (
        _of("cloudformation", "DeleteStack"),
        _of("ec2", "DescribeNetworkInterfaces"),
        _of("ecr", "BatchDeleteImage ListImages"),
        _of("logs", "DescribeLogStreams"),
        _of("rds", "DescribeDBClusterSnapshots DescribeDBSnapshots"),
        _of("s3", "DeleteObject DeleteObjectVersion ListBucketVersions PutObject"),
        _of("secretsmanager", "DeleteSecret DescribeSecret"),
    )
)
"""Listing what goes and what stays, emptying, deleting, and saying what holds it."""
