"""An RDS that knows snapshots, as far as they are listed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.deployer.scripted_clients import RefusedError

TAGS = {"Service": "airflow", "Environment": "dev"}


def on(day: int) -> datetime:
    return datetime(2026, 1, day, tzinfo=UTC)


class Rds:
    """Snapshots of instances and clusters, a page each."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.instances: list[dict[str, Any]] = []
        self.clusters: list[dict[str, Any]] = []
        self.denied = False

    def instance(self, name: str, database: str, day: int, key: str = "", **tags: str) -> None:
        """A snapshot of a day in January, encrypted with a key by its ARN."""
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        about = {"DBSnapshotIdentifier": name, "DBInstanceIdentifier": database, "AllocatedStorage": 30}
        encrypted = {"KmsKeyId": key} if key else {}
        self.instances.append({**about, **encrypted, "SnapshotCreateTime": on(day), "TagList": listed})

    def earlier(self, name: str, database: str, **tags: str) -> None:
        """A snapshot of the year before."""
        self.instance(name, database, 1, **tags)
        self.instances[-1]["SnapshotCreateTime"] -= timedelta(days=60)

    def cluster(self, name: str, database: str, day: int, **tags: str) -> None:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        about = {"DBClusterSnapshotIdentifier": name, "DBClusterIdentifier": database, "AllocatedStorage": 1}
        self.clusters.append({**about, "SnapshotCreateTime": on(day), "TagList": listed})

    def describe_db_snapshots(self, SnapshotType: str, Marker: str = "0") -> dict[str, Any]:  # noqa: N803
        assert SnapshotType == "manual"
        if self.denied:
            raise RefusedError("AccessDenied", "not authorized to perform rds:DescribeDBSnapshots", 403)
        at = int(Marker)
        more = {"Marker": str(at + 1)} if at + 1 < len(self.instances) else {}
        return {"DBSnapshots": self.instances[at : at + 1]} | more

    def describe_db_cluster_snapshots(self, SnapshotType: str) -> dict[str, Any]:  # noqa: N803
        assert SnapshotType == "manual"
        return {"DBClusterSnapshots": self.clusters}
