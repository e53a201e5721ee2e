from __future__ import annotations

from deployer.cloudformation import snapshots
from deployer.cloudformation.inventory import Resource
from deployer.cloudformation.template_text import Fate
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_snapshots import TAGS, Rds, on


def database(name: str, kind: str = "AWS::RDS::DBInstance") -> Resource:
    return Resource("airflow-dev/Database", "MetadataDatabase", name, kind, Fate.SNAPSHOT)


def test_the_newest_of_the_database_that_went_is_found() -> None:
    rds = Rds()
    rds.instance("old", "db-1", 1, **TAGS)
    rds.instance("last", "db-1", 2)
    rds.instance("of-another", "db-2", 3, **TAGS)

    found = snapshots.newest(scripted({"rds": rds}), [database("db-1")], TAGS)

    assert found == snapshots.Snapshot("last", "db-1", on(2), 30)


def test_a_cluster_has_no_storage_of_its_own() -> None:
    rds = Rds()
    rds.cluster("last", "cluster-1", 2)

    found = snapshots.newest(scripted({"rds": rds}), [database("cluster-1", "AWS::RDS::DBCluster")], TAGS)

    assert found == snapshots.Snapshot("last", "cluster-1", on(2), 0)


def test_without_a_database_the_tags_tell() -> None:
    rds = Rds()
    rds.instance("of-another", "db-2", 3, Service="airflow", Environment="prod")
    rds.instance("ours", "db-1", 1, **TAGS, more="tags")

    found = snapshots.newest(scripted({"rds": rds}), [], TAGS)

    assert found is not None
    assert found.name == "ours"


def test_there_may_be_none() -> None:
    rds = Rds()
    rds.instance("of-another", "db-2", 3, **TAGS)
    aws = scripted({"rds": rds})

    assert snapshots.newest(aws, [database("db-1")], TAGS) is None
    assert snapshots.newest(aws, [], {}) is None
