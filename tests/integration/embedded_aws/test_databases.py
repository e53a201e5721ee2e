"""Databases that are more than one instance: clusters with members, and what is restored from snapshots."""

from typing import Any

import pytest

from local.embedded_aws import Endpoint
from local.layout import Layout
from tests.integration.embedded_aws.asking import ask_server
from tests.integration.embedded_aws.catalogue.topic import resource
from tests.integration.embedded_aws.conftest import running_in
from tests.integration.embedded_aws.deploying import Trial
from tests.integration.embedded_aws.templates import Template, att, only_child, ref, template

LOGIN = {"MasterUsername": "airflow", "MasterUserPassword": "first: \\ it's"}


def cluster(deletion: str = "Delete", **more: Any) -> dict[str, Template]:
    aurora = resource("AWS::RDS::DBCluster", Engine="aurora-postgresql", **more) | {"DeletionPolicy": deletion}
    member = resource(
        "AWS::RDS::DBInstance",
        Engine="aurora-postgresql",
        DBClusterIdentifier=ref("Cluster"),
        DBInstanceClass="db.serverless",
    )
    outputs = {"Port": att("Member", "Endpoint.Port"), "Name": ref("Cluster")}
    return {"Only": template({"Cluster": aurora, "Member": member}, outputs)}


def instance(**more: Any) -> dict[str, Template]:
    database = resource(
        "AWS::RDS::DBInstance", Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage=20, **more
    )
    outputs = {"Port": att("Database", "Endpoint.Port"), "Name": ref("Database")}
    return {"Only": template({"Database": database | {"DeletionPolicy": "Delete"}}, outputs)}


@pytest.fixture
def trial(endpoint: Endpoint) -> Trial:
    return Trial(endpoint, only_child("Port", "Name"))


def ask(layout: Layout, trial: Trial, password: str, statement: str) -> str:
    return ask_server(layout, trial.endpoint, int(trial.outputs()["Port"]), password, statement)


def test_a_cluster_answers_and_comes_back_from_the_snapshot_it_left(layout: Layout, trial: Trial) -> None:
    rds = trial.client("rds")
    trial.create(cluster("Snapshot", **LOGIN, DatabaseName="airflow"))
    made = ask(layout, trial, LOGIN["MasterUserPassword"], "CREATE TABLE kept AS SELECT 42 AS answer")
    assert "rror" not in made
    snapshot = f"{trial.outputs()['Name']}-final-snapshot"
    assert trial.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert len(running_in(layout.checkout)) == 1

    restored = cluster(SnapshotIdentifier=snapshot, MasterUserPassword="second")
    assert trial.create(restored)["StackStatus"] == "CREATE_COMPLETE", trial.complaints()
    assert ask(layout, trial, "second", "SELECT answer FROM kept") == "[[42]]\n"

    again = cluster(SnapshotIdentifier=snapshot, MasterUserPassword="third")
    assert trial.update(again)["StackStatus"] == "UPDATE_COMPLETE", trial.complaints()
    assert ask(layout, trial, "third", "SELECT answer FROM kept") == "[[42]]\n"

    trial.delete()
    rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=snapshot)
    assert list((layout.aws / "database").iterdir()) == []
    assert trial.create(restored)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert trial.complaints() == [f"Cluster: AWS::RDS::DBCluster: snapshot '{snapshot}' does not exist"]


def test_an_instance_is_replaced_by_the_snapshot_it_is_told_to_be(layout: Layout, trial: Trial) -> None:
    rds = trial.client("rds")
    trial.create(instance(**LOGIN, DBName="airflow"))
    ask(layout, trial, LOGIN["MasterUserPassword"], "CREATE TABLE kept AS SELECT 1 AS answer")
    first = trial.outputs()
    rds.create_db_snapshot(DBSnapshotIdentifier="before", DBInstanceIdentifier=first["Name"])
    ask(layout, trial, LOGIN["MasterUserPassword"], "UPDATE kept SET answer = 2")

    restored = instance(DBSnapshotIdentifier="before")
    assert trial.update(restored)["StackStatus"] == "UPDATE_COMPLETE", trial.complaints()
    assert trial.outputs()["Name"] != first["Name"]
    assert ask(layout, trial, LOGIN["MasterUserPassword"], "SELECT answer FROM kept") == "[[1]]\n"
    told = rds.describe_db_instances()["DBInstances"]
    assert [(one["DBInstanceIdentifier"], one["MasterUsername"], one["DBName"]) for one in told] == [
        (trial.outputs()["Name"], "airflow", "airflow")
    ]
    assert len(running_in(layout.checkout)) == 2  # the emulator and PostgreSQL


def test_a_member_of_no_cluster_is_refused(trial: Trial) -> None:
    assert trial.create(instance(DBClusterIdentifier="nowhere"))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert trial.complaints() == ["Database: AWS::RDS::DBInstance: DBCluster 'nowhere' does not exist"]
    assert trial.client("rds").describe_db_instances()["DBInstances"] == []
