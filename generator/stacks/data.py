"""The same for every resource that holds data: encryption, no public access, and whether it outlives the stack."""

from collections.abc import Sequence
from typing import TypeVar

from awacs.aws import Statement
from troposphere import AWSObject, Ref, Template
from troposphere.s3 import (
    AbortIncompleteMultipartUpload,
    Bucket,
    BucketEncryption,
    BucketPolicy,
    LifecycleConfiguration,
    LifecycleRule,
    NoncurrentVersionExpiration,
    OwnershipControls,
    OwnershipControlsRule,
    PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
    VersioningConfiguration,
)

from generator.config.settings import Settings
from generator.stacks import resource_policies
from generator.stacks.nesting import Value

R = TypeVar("R", bound=AWSObject)
OWN_KEY = "AWS's own key encrypts it; kms.customerKey makes the key yours"
LEFTOVERS = 7
"""Days after which a bucket forgets what nobody sees: overwritten versions, and uploads that were never completed."""


def kept(resource: R, settings: Settings, *, policy: str = "Retain") -> R:
    """Keep what `resource` holds when it is deleted or replaced, unless the environment is one to throw away.

    `policy` is how: `Retain`, or `Snapshot` where the resource can make one.
    """
    chosen = policy if settings.retain_data else "Delete"
    resource.DeletionPolicy = chosen
    resource.UpdateReplacePolicy = chosen
    return resource


def passing(resource: R) -> R:
    """Say of `resource` that it goes with its stack: nothing in it is worth keeping."""
    resource.DeletionPolicy = "Delete"
    resource.UpdateReplacePolicy = "Delete"
    return resource


def accepted(resource: R, **reasons: str) -> R:
    """Accept what checkov finds in `resource`: the check's name, and why, with the setting that would satisfy it.

    https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
    """
    metadata = dict(resource.resource.get("Metadata", {}))
    skipped = metadata.get("checkov", {}).get("skip", [])
    found = [{"id": check, "comment": reason} for check, reason in sorted(reasons.items())]
    resource.Metadata = {**metadata, "checkov": {"skip": [*skipped, *found]}}
    return resource


def bucket(
    template: Template,
    settings: Settings,
    logical_id: str,
    *,
    key_arn: Value | None = None,
    days: int | None = None,
    statements: Sequence[Statement] = (),
    keep: bool = True,
) -> Bucket:
    """Add a private, encrypted bucket whose name AWS makes up, so that a kept one never stands in the way.

    It is encrypted with the customer's key where there is one. What is older than `days` goes. `statements` let AWS's
    own services write to it; its policy refuses anybody who comes without TLS. Without `keep` it goes with its stack.
    """
    made = Bucket(
        logical_id,
        BucketEncryption=_encryption(key_arn),
        LifecycleConfiguration=LifecycleConfiguration(Rules=[_lifecycle(days)]),
        OwnershipControls=OwnershipControls(Rules=[OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]),
        PublicAccessBlockConfiguration=PublicAccessBlockConfiguration(
            BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
        ),
        VersioningConfiguration=VersioningConfiguration(Status="Enabled"),
    )
    accepted(made, CKV_AWS_18="CloudTrail's data events say who reads it; a bucket of access logs would need another")
    policy = BucketPolicy(
        f"{logical_id}Policy",
        Bucket=Ref(made),
        PolicyDocument=resource_policies.document(resource_policies.bucket_without_tls(logical_id), *statements),
    )
    for resource in (made, policy):
        template.add_resource(kept(resource, settings) if keep else passing(resource))
    return made


def _encryption(key_arn: Value | None) -> BucketEncryption:
    """A bucket key spares a request to KMS for each object.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    if key_arn is None:
        chosen = ServerSideEncryptionRule(
            ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
        )
    else:
        chosen = ServerSideEncryptionRule(
            BucketKeyEnabled=True,
            ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(SSEAlgorithm="aws:kms", KMSMasterKeyID=key_arn),
        )
    return BucketEncryption(ServerSideEncryptionConfiguration=[chosen])


def _lifecycle(days: int | None) -> LifecycleRule:
    rule = LifecycleRule(
        Id="Expiry",
        Status="Enabled",
        AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(DaysAfterInitiation=LEFTOVERS),
        NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=LEFTOVERS),
    )
    if days:
        rule.ExpirationInDays = days
    return rule
