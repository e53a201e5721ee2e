"""What the settings name and somebody else has made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from deployer.preflight.given import boundary, image, secrets, snapshot
from deployer.preflight.wanted import Database, Wanted
from tests.deployer.preflight.scripted import STACK, Answer, found, stands
from tests.deployer.scripted_clients import ACCOUNT, RefusedError

SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:fernet-AbCdEf"
DATABASE = Database("postgres", "17", "postgres17", "db.t4g.micro", storage=20, snapshot="before")
CLUSTER = Database("aurora-postgresql", "17", "aurora-postgresql17", "db.serverless", snapshot="before")
OTHERS = "arn:aws:rds:eu-west-1:999999999999"
URI = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/airflow"


def described(answer: Answer) -> dict[str, dict[str, Answer]]:
    return {"secretsmanager": {"describe_secret": answer}}


def test_a_secret_that_is_there_is_not_read() -> None:
    assert found(secrets, Wanted(STACK, secrets={"secrets.fernet": SECRET}), described({"ARN": SECRET})) == []


def test_a_secret_that_is_not_there() -> None:
    gone = RefusedError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    assert found(secrets, Wanted(STACK, secrets={"secrets.fernet": SECRET}), described(gone)) == [
        f"error: secrets.fernet: there is no secret {SECRET}; write the full ARN of one of eu-west-1"
    ]


def test_a_secret_that_is_scheduled_for_deletion() -> None:
    leaving = {"ARN": SECRET, "Name": "fernet", "DeletedDate": datetime(2026, 1, 1, tzinfo=UTC)}
    assert found(secrets, Wanted(STACK, secrets={"secrets.fernet": SECRET}), described(leaving)) == [
        "error: secrets.fernet: the secret fernet is scheduled for deletion;"
        f" `aws secretsmanager restore-secret --region eu-west-1 --secret-id {SECRET}`, or name another one"
    ]


def rds(**more: Any) -> dict[str, dict[str, Answer]]:
    one = {
        "DBSnapshotIdentifier": "before",
        "Status": "available",
        "Engine": "postgres",
        "AllocatedStorage": 20,
        **more,
    }
    return {"rds": {"describe_db_snapshots": {"DBSnapshots": [one]}}}


def test_a_snapshot_that_can_be_restored() -> None:
    assert found(snapshot, Wanted(STACK, database=DATABASE), rds()) == []
    assert found(snapshot, Wanted(STACK, database=replace(DATABASE, snapshot="")), {}) == []
    assert found(snapshot, Wanted(STACK, database=DATABASE), stands()) == []  # it was restored, and may be gone


def test_a_snapshot_that_cannot() -> None:
    assert found(snapshot, Wanted(STACK, database=DATABASE), rds(Status="creating", AllocatedStorage=50)) == [
        "error: metadataDb.snapshotIdentifier: the snapshot before is in creating;"
        " wait until it is available, or name another one",
        "error: metadataDb.allocatedStorage: the snapshot holds 50 GiB, and the database shall have 20;"
        " write 50 or more",
    ]
    (line,) = found(snapshot, Wanted(STACK, database=DATABASE), rds(Engine="mysql"))
    assert "the snapshot before is of mysql, and metadataDb.engine is postgres" in line


def test_a_snapshot_that_is_not_there() -> None:
    gone = {"rds": {"describe_db_snapshots": RefusedError("DBSnapshotNotFound", "DBSnapshot before not found", 404)}}
    assert found(snapshot, Wanted(STACK, database=DATABASE), gone) == [
        "error: metadataDb.snapshotIdentifier: there is no snapshot before in eu-west-1;"
        " see `aws rds describe-db-snapshots`"
    ]


def test_a_snapshot_of_a_cluster() -> None:
    one = {"DBClusterSnapshotIdentifier": "before", "Status": "available", "Engine": "aurora-postgresql"}
    there: Any = {"rds": {"describe_db_cluster_snapshots": {"DBClusterSnapshots": [one]}}}
    assert found(snapshot, Wanted(STACK, database=CLUSTER), there) == []
    error = RefusedError("DBClusterSnapshotNotFoundFault", "not found", 404)
    (line,) = found(snapshot, Wanted(STACK, database=CLUSTER), {"rds": {"describe_db_cluster_snapshots": error}})
    assert line.endswith("see `aws rds describe-db-cluster-snapshots`")


@pytest.mark.parametrize(
    ("wanted", "name", "method", "more"),
    [
        (DATABASE, "before", "describe_db_snapshots", {}),
        (DATABASE, f"{OTHERS}:snapshot:theirs", "describe_db_snapshots", {"IncludeShared": True}),
        (DATABASE, "rds:air-2026-01-01", "describe_db_snapshots", {"SnapshotType": "automated"}),
        (DATABASE, f"{OTHERS}:snapshot:rds:air", "describe_db_snapshots", {"SnapshotType": "automated"}),
        (DATABASE, f"{OTHERS}:snapshot:awsbackup:air", "describe_db_snapshots", {"SnapshotType": "awsbackup"}),
        (CLUSTER, f"{OTHERS}:cluster-snapshot:one", "describe_db_cluster_snapshots", {"IncludeShared": True}),
        (CLUSTER, "rds:air", "describe_db_cluster_snapshots", {"SnapshotType": "automated"}),
        (CLUSTER, f"{OTHERS}:snapshot:one", "describe_db_snapshots", {"IncludeShared": True}),  # of an instance
    ],
)
def test_a_snapshot_of_somebody_elses_making(wanted: Database, name: str, method: str, more: dict[str, Any]) -> None:
    asked: list[Any] = []
    clusters = "cluster" in method

    def describe(**params: Any) -> dict[str, Any]:
        asked.append(params)
        return {"DBClusterSnapshots" if clusters else "DBSnapshots": [{"Status": "available"}]}

    there: Any = {"rds": {method: describe}}
    assert found(snapshot, Wanted(STACK, database=replace(wanted, snapshot=name)), there) == []
    assert asked == [{"DBClusterSnapshotIdentifier" if clusters else "DBSnapshotIdentifier": name, **more}]


def test_an_answer_without_a_snapshot() -> None:
    for wanted, method, key in (
        (DATABASE, "describe_db_snapshots", "DBSnapshots"),
        (CLUSTER, "describe_db_cluster_snapshots", "DBClusterSnapshots"),
    ):
        (line,) = found(snapshot, Wanted(STACK, database=wanted), {"rds": {method: {key: []}}})
        assert "there is no snapshot before" in line


def test_an_image_of_this_region_is_looked_for() -> None:
    asked: list[Any] = []

    def describe_images(**wanted: Any) -> dict[str, Any]:
        asked.append(wanted)
        return {"imageDetails": []}

    digest = f"sha256:{'0' * 64}"
    for reference in (f"{URI}:one", f"{URI}@{digest}", f"{URI}:one@{digest}"):
        assert found(image, Wanted(STACK, image=reference), {"ecr": {"describe_images": describe_images}}) == []
    assert [one["imageIds"] for one in asked] == [
        [{"imageTag": "one"}],
        [{"imageDigest": digest}],
        [{"imageDigest": digest}],
    ]
    assert asked[0] | {"imageIds": []} == {"registryId": ACCOUNT, "repositoryName": "airflow", "imageIds": []}


def test_an_image_that_is_not_there() -> None:
    for code in ("ImageNotFoundException", "RepositoryNotFoundException"):
        assert found(
            image, Wanted(STACK, image=f"{URI}:one"), {"ecr": {"describe_images": RefusedError(code, "")}}
        ) == [f"error: airflow.image: there is no image {URI}:one; push it, or name one that is there"]


def test_images_elsewhere_are_not_looked_for() -> None:
    for reference in ("", "docker.io/apache/airflow:3.3.2", URI.replace("eu-west-1", "us-east-1") + ":one"):
        assert found(image, Wanted(STACK, image=reference), {}) == []


def test_a_policy_that_bounds_the_roles() -> None:
    asked: list[str] = []

    def get_policy(PolicyArn: str) -> dict[str, Any]:  # noqa: N803
        asked.append(PolicyArn)
        return {"Policy": {"Arn": PolicyArn}}

    arn = "arn:aws:iam::aws:policy/Boundary"
    for named in ("boundary", arn):
        assert found(boundary, Wanted(STACK, boundary=named), {"iam": {"get_policy": get_policy}}) == []
    assert asked == [f"arn:aws:iam::{ACCOUNT}:policy/boundary", arn]
    gone = {"iam": {"get_policy": RefusedError("NoSuchEntity", "Policy was not found.", 404)}}
    assert found(boundary, Wanted(STACK, boundary=arn), gone) == [
        f"error: iam.permissionsBoundary: there is no policy {arn}; correct its name, or create it"
    ]
