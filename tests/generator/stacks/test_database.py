"""The metadata database: private, encrypted, kept, and as the user wants it."""

from typing import Any

import pytest

from generator.stacks import database
from generator.stacks.nesting import joined
from tests.generator.stacks.alone import Body, alone, output, policies, properties, settings_with, skipped

NAME, CLUSTER = "MetadataDatabase", "MetadataCluster"
SERVERLESS = {"engine": "aurora-postgresql"}
ENGINES = pytest.mark.parametrize("engine", [{}, SERVERLESS], ids=["postgres", "aurora"])


def named(engine: dict[str, Any]) -> str:
    """An instance and a cluster have different logical ids: no update may change the type of a resource."""
    return CLUSTER if engine else NAME


def rendered(wanted: dict[str, Any] | None = None, key: str | None = None, **others: object) -> Body:
    settings = settings_with({"metadataDb": wanted or {}, **others})
    aurora = settings.metadata_db.aurora
    given = database.Inputs(
        database_subnet_ids=joined(["subnet-1", "subnet-2"]),
        database_security_group_id="sg-1",
        database_parameter_group="group",
        database_cluster_parameter_group="cluster-group" if aurora else None,
        database_secret_arn="arn",
        key_arn=key,
    )
    return alone(database.build, given, settings)


def test_a_database_that_nobody_outside_reaches() -> None:
    found = properties(rendered(), NAME)
    assert found["PubliclyAccessible"] is False
    assert found["DBSubnetGroupName"] == {"Ref": "DatabaseSubnets"}
    assert properties(rendered(), "DatabaseSubnets")["SubnetIds"] == {"Ref": "DatabaseSubnetIds"}
    assert found["VPCSecurityGroups"] == [{"Ref": "DatabaseSecurityGroupId"}]
    assert found["DBParameterGroupName"] == {"Ref": "DatabaseParameterGroup"}


@ENGINES
def test_it_is_encrypted_and_its_password_stands_nowhere(engine: dict[str, Any]) -> None:
    found = properties(rendered(engine), named(engine))
    assert found["StorageEncrypted"] is True
    assert "KmsKeyId" not in found
    assert found["MasterUsername"] == "airflow"
    secret = "{{resolve:secretsmanager:${DatabaseSecretArn}:SecretString:password}}"
    assert found["MasterUserPassword"] == {"Fn::Sub": secret}
    assert properties(rendered(engine, key="key"), named(engine))["KmsKeyId"] == {"Ref": "KeyArn"}


def test_every_setting_of_an_instance_is_honoured() -> None:
    found = properties(
        rendered(
            {
                "engineVersion": "16",
                "instanceType": "db.m7g.large",
                "port": 5433,
                "dbName": "flow",
                "allocatedStorage": 30,
                "maxAllocatedStorage": 60,
                "multiAz": True,
                "backupRetention": 14,
                "deletionProtection": True,
                "enableIAMDatabaseAuthentication": True,
            }
        ),
        NAME,
    )
    wanted = {
        "Engine": "postgres",
        "EngineVersion": "16",
        "DBInstanceClass": "db.m7g.large",
        "Port": "5433",
        "DBName": "flow",
        "AllocatedStorage": "30",
        "MaxAllocatedStorage": 60,
        "StorageType": "gp3",
        "MultiAZ": True,
        "BackupRetentionPeriod": 14,
        "DeletionProtection": True,
        "EnableIAMDatabaseAuthentication": True,
    }
    assert wanted.items() <= found.items()


def test_storage_need_not_grow() -> None:
    assert "MaxAllocatedStorage" not in properties(rendered({"maxAllocatedStorage": None}), NAME)


def test_another_major_version_is_an_update_and_minor_ones_come_by_themselves() -> None:
    found = properties(rendered(), NAME)
    assert found["AllowMajorVersionUpgrade"] is True
    assert found["AutoMinorVersionUpgrade"] is True


@ENGINES
@pytest.mark.parametrize(("retain", "policy"), [(True, "Snapshot"), (False, "Delete")])
def test_a_snapshot_stays_with_its_tags(engine: dict[str, Any], retain: bool, policy: str) -> None:
    body = rendered(engine, retainData=retain)
    assert policies(body, named(engine)) == (policy, policy)
    assert properties(body, named(engine))["CopyTagsToSnapshot"] is True


@ENGINES
def test_nothing_bears_a_name_that_a_second_one_could_not_have(engine: dict[str, Any]) -> None:
    body = rendered({**engine, "multiAz": True})
    names = {"DBInstanceIdentifier", "DBClusterIdentifier", "DBSubnetGroupName"}
    for name in ("DatabaseSubnets", named(engine)):
        assert not [one for one in names & set(properties(body, name)) if isinstance(properties(body, name)[one], str)]


@ENGINES
def test_a_snapshot_brings_what_cloudformation_then_refuses(engine: dict[str, Any]) -> None:
    found = properties(rendered({**engine, "snapshotIdentifier": "snap"}), named(engine))
    assert found["SnapshotIdentifier" if engine else "DBSnapshotIdentifier"] == "snap"
    assert not {"DBName", "DatabaseName", "MasterUsername", "StorageEncrypted"} & set(found)
    assert "MasterUserPassword" in found, "the new password, which the components are given"


def test_only_a_cluster_takes_another_key_from_a_snapshot() -> None:
    restored = {"snapshotIdentifier": "snap"}
    assert not database.takes_key(settings_with({"metadataDb": restored}))
    assert database.takes_key(settings_with({"metadataDb": {**SERVERLESS, **restored}}))
    assert database.takes_key(settings_with())
    assert properties(rendered({**SERVERLESS, **restored}, key="key"), CLUSTER)["KmsKeyId"] == {"Ref": "KeyArn"}


def test_aurora_is_a_cluster_that_grows_and_shrinks_and_its_instance() -> None:
    body = rendered(
        {**SERVERLESS, "serverless": {"minCapacity": 0, "maxCapacity": 200}, "port": 5433, "dbName": "flow"}
    )
    cluster = properties(body, CLUSTER)
    assert body["Resources"][CLUSTER]["Type"] == "AWS::RDS::DBCluster"
    assert cluster["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0, "MaxCapacity": 200}
    assert (cluster["Port"], cluster["DatabaseName"], cluster["EngineVersion"]) == (5433, "flow", "17")
    assert cluster["VpcSecurityGroupIds"] == [{"Ref": "DatabaseSecurityGroupId"}]
    assert cluster["DBClusterParameterGroupName"] == {"Ref": "DatabaseClusterParameterGroup"}
    instance = properties(body, "DatabaseInstance")
    assert instance["DBInstanceClass"] == "db.serverless"
    assert instance["DBClusterIdentifier"] == {"Ref": CLUSTER}
    assert instance["PubliclyAccessible"] is False
    assert "DatabaseStandby" not in body["Resources"]


def test_aurora_in_two_zones_has_a_second_instance_and_none_of_them_holds_data() -> None:
    body = rendered({**SERVERLESS, "multiAz": True})
    first, second = properties(body, "DatabaseInstance"), properties(body, "DatabaseStandby")
    assert first == second
    assert policies(body, "DatabaseInstance") == policies(body, "DatabaseStandby") == ("Delete", "Delete")


def test_auroras_instances_have_parameters_to_go_on_with_after_a_major_upgrade() -> None:
    body = rendered(SERVERLESS)
    assert properties(body, CLUSTER)["DBInstanceParameterGroupName"] == {"Ref": "DatabaseParameterGroup"}


@ENGINES
def test_components_are_told_where_it_is(engine: dict[str, Any]) -> None:
    body = rendered(engine)
    assert output(body, "DatabaseHost") == {"Fn::GetAtt": [named(engine), "Endpoint.Address"]}
    assert output(body, "DatabasePort") == {"Fn::GetAtt": [named(engine), "Endpoint.Port"]}
    assert output(body, "DatabaseId") == {"Ref": named(engine)}


def test_what_the_settings_satisfy_needs_no_excuse() -> None:
    without = {"enableIAMDatabaseAuthentication": False}
    assert skipped(rendered(without), NAME) == {"CKV_AWS_118", "CKV_AWS_157", "CKV_AWS_161"}
    assert skipped(rendered({"multiAz": True}), NAME) == {"CKV_AWS_118"}
    assert skipped(rendered({**SERVERLESS, **without}), CLUSTER) == {"CKV_AWS_162"}
    assert skipped(rendered(SERVERLESS), CLUSTER) == set()
