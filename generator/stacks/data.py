"""The same for every resource that holds data: encryption, no public access, and whether it outlives the stack."""

from typing import TypeVar

from troposphere import AWSObject
from troposphere.s3 import (
    Bucket,
    BucketEncryption,
    PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
)

from generator.config.settings import Settings

R = TypeVar("R", bound=AWSObject)


def kept(resource: R, settings: Settings, *, policy: str = "Retain") -> R:
    """Keep what `resource` holds when it is deleted or replaced, unless the environment is one to throw away.

    `policy` is how: `Retain`, or `Snapshot` where the resource can make one.
    """
    chosen = policy if settings.retain_data else "Delete"
    resource.DeletionPolicy = chosen
    resource.UpdateReplacePolicy = chosen
    return resource


def bucket(logical_id: str) -> Bucket:
    """A private, encrypted bucket whose name AWS makes up."""
    rule = ServerSideEncryptionRule(ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(SSEAlgorithm="AES256"))
    return Bucket(
        logical_id,
        BucketEncryption=BucketEncryption(ServerSideEncryptionConfiguration=[rule]),
        PublicAccessBlockConfiguration=PublicAccessBlockConfiguration(
            BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
        ),
    )
