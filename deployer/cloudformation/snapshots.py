"""The snapshot that a database leaves when its stack is deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deployer.aws import Aws
from deployer.cloudformation.inventory import Resource

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import TagTypeDef

DATABASES = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster")
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of `database`. `gib` is the storage that a database made of it needs; 0 where none is allocated.

    `key` is the ARN of the key that encrypts it; it may be empty.
    """

    name: str
    database: str
    time: datetime
    gib: int = 0
    key: str = ""


def newest(aws: Aws, left: Collection[Resource], tags: Mapping[str, str]) -> Snapshot | None:
    """Find what the databases that are `left` behind have become, or the newest snapshot with these tags.

    CloudFormation chooses the name, and does not tell it; it makes a manual snapshot. Without a database to go by, as
    after an interruption, the tags tell, which a database of ours hands on to its snapshots.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html

    Raises what botocore raises, for example when the caller may not list them.
    """
    names = {each.physical_id for each in left if each.type in DATABASES}
    return max(of(aws, names, {} if names else tags), key=lambda snapshot: snapshot.time, default=None)


def of(aws: Aws, databases: Collection[str], tags: Mapping[str, str]) -> list[Snapshot]:
    """Find the snapshots of these databases, and those with all these tags (none: these databases' alone).

    Raises what botocore raises, for example when the caller may not list them.
    """
    found = (*_of_instances(aws), *_of_clusters(aws))
    return [snapshot for snapshot, own in found if snapshot.database in databases or _has(own, tags)]


def _of_instances(aws: Aws) -> Iterator[tuple[Snapshot, Sequence[TagTypeDef]]]:
    for page in aws.rds.get_paginator("describe_db_snapshots").paginate(SnapshotType="manual"):
        for each in page["DBSnapshots"]:
            about = (each.get("DBSnapshotIdentifier", ""), each.get("DBInstanceIdentifier", ""))
            time, gib = each.get("SnapshotCreateTime", _EVER), each.get("AllocatedStorage", 0)
            yield Snapshot(*about, time, gib, each.get("KmsKeyId", "")), each.get("TagList", [])


def _of_clusters(aws: Aws) -> Iterator[tuple[Snapshot, Sequence[TagTypeDef]]]:
    for page in aws.rds.get_paginator("describe_db_cluster_snapshots").paginate(SnapshotType="manual"):
        for each in page["DBClusterSnapshots"]:
            about = (each.get("DBClusterSnapshotIdentifier", ""), each.get("DBClusterIdentifier", ""))
            made = Snapshot(*about, each.get("SnapshotCreateTime", _EVER), key=each.get("KmsKeyId", ""))
            yield made, each.get("TagList", [])


def _has(own: Sequence[TagTypeDef], tags: Mapping[str, str]) -> bool:
    return bool(tags) and tags.items() <= {tag.get("Key", ""): tag.get("Value", "") for tag in own}.items()
