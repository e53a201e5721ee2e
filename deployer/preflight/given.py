"""What the settings name and somebody else has made: secrets, snapshot, image, a policy that bounds the roles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from deployer.errors import error_code
from deployer.preflight.findings import Finding, error
from deployer.preflight.place import Place

_SNAPSHOT = "metadataDb.snapshotIdentifier"
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
OF_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/"
    r"(?P<repository>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def secrets(place: Place) -> Iterator[Finding]:
    """The secrets that exist already. Their values are not read.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
    """
    for where, arn in place.wanted.secrets.items():
        try:
            found = place.aws.secretsmanager.describe_secret(SecretId=arn)
        except ClientError as trouble:
            if error_code(trouble) != "ResourceNotFoundException":
                raise
            yield error(where, f"there is no secret {arn}", f"write the full ARN of one of {place.aws.region}")
            continue
        if "DeletedDate" in found:
            what = f"the secret {found.get('Name', arn)} is scheduled for deletion"
            restore = f"aws secretsmanager restore-secret --region {place.aws.region} --secret-id {arn}"
            yield error(where, what, f"`{restore}`, or name another one")


def snapshot(place: Place) -> Iterator[Finding]:
    """The snapshot that a new database starts from; afterwards it may be gone."""
    wanted = place.wanted.database
    if wanted is None or not wanted.snapshot or not place.is_new:
        return
    # A cluster starts from a snapshot of an instance, too, which is named by its ARN:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbcluster.html
    of_cluster = wanted.aurora and ":snapshot:" not in wanted.snapshot
    found = _found(place, wanted.snapshot, of_cluster=of_cluster)
    if found is None:
        kind = "db-cluster-snapshots" if of_cluster else "db-snapshots"
        what = f"there is no snapshot {wanted.snapshot} in {place.aws.region}"
        yield error(_SNAPSHOT, what, f"see `aws rds describe-{kind}`")
        return
    if found.get("Status") != "available":
        what = f"the snapshot {wanted.snapshot} is in {found.get('Status')}"
        yield error(_SNAPSHOT, what, "wait until it is available, or name another one")
    if found.get("Engine") not in (None, wanted.engine) and not wanted.aurora:
        what = f"the snapshot {wanted.snapshot} is of {found['Engine']}, and metadataDb.engine is {wanted.engine}"
        yield error(_SNAPSHOT, what, "name a snapshot of that engine")
    if found.get("AllocatedStorage", 0) > wanted.storage and not wanted.aurora:
        what = f"the snapshot holds {found['AllocatedStorage']} GiB, and the database shall have {wanted.storage}"
        yield error("metadataDb.allocatedStorage", what, f"write {found['AllocatedStorage']} or more")


def _found(place: Place, name: str, *, of_cluster: bool) -> Mapping[str, Any] | None:
    """Return what RDS says of a snapshot: of one's own, of one that AWS took, or of one that is shared.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBSnapshots.html
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusterSnapshots.html
    """
    rds, more = place.aws.rds, _more(name)
    try:
        if of_cluster:
            clusters = rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name, **more)
            return next(iter(clusters["DBClusterSnapshots"]), None)
        return next(iter(rds.describe_db_snapshots(DBSnapshotIdentifier=name, **more)["DBSnapshots"]), None)
    except ClientError as trouble:
        if error_code(trouble) in {"DBSnapshotNotFound", "DBClusterSnapshotNotFoundFault", "DBSnapshotNotFoundFault"}:
            return None
        raise


def _more(name: str) -> dict[str, Any]:
    """What RDS must be told to find a snapshot: that AWS or AWS Backup took it; others may be another account's."""
    if "snapshot:rds:" in name or name.startswith("rds:"):
        return {"SnapshotType": "automated"}
    if "snapshot:awsbackup:" in name or name.startswith("awsbackup:"):
        return {"SnapshotType": "awsbackup"}
    return {"IncludeShared": True} if name.startswith("arn:") else {}


def image(place: Place) -> Iterator[Finding]:
    """The image that was named, where it is in ECR in this region; others are seen when they are pulled."""
    named = OF_ECR.fullmatch(place.wanted.image)
    if not named or named["region"] != place.aws.region or not (named["digest"] or named["tag"]):
        return
    wanted: Any = {"imageDigest": named["digest"]} if named["digest"] else {"imageTag": named["tag"]}
    try:
        place.aws.ecr.describe_images(
            registryId=named["account"], repositoryName=named["repository"], imageIds=[wanted]
        )
    except ClientError as trouble:
        if error_code(trouble) not in {"ImageNotFoundException", "RepositoryNotFoundException"}:
            raise
        yield error("airflow.image", f"there is no image {place.wanted.image}", "push it, or name one that is there")


def boundary(place: Place) -> Iterator[Finding]:
    """The policy that bounds the roles."""
    wanted = place.wanted.boundary
    if not wanted:
        return
    who = place.identity
    arn = wanted if wanted.startswith("arn:") else f"arn:{who.partition}:iam::{who.account}:policy/{wanted}"
    try:
        place.aws.iam.get_policy(PolicyArn=arn)
    except ClientError as trouble:
        if error_code(trouble) not in {"NoSuchEntity", "NoSuchEntityException"}:
            raise
        yield error("iam.permissionsBoundary", f"there is no policy {arn}", "correct its name, or create it")
