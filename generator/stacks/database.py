"""The metadata database: Amazon RDS for PostgreSQL, or Aurora PostgreSQL Serverless v2."""

from dataclasses import dataclass
from typing import Any

from troposphere import GetAtt, Ref, Sub, Template
from troposphere.rds import DBCluster, DBInstance, DBSubnetGroup, ServerlessV2ScalingConfiguration
from troposphere.validators import double

from generator.config.settings import Settings
from generator.stacks.data import accepted, kept, passing
from generator.stacks.nesting import Value, Values
from generator.stacks.secrets import DATABASE_USER

PASSWORD = "{{resolve:secretsmanager:${DatabaseSecretArn}:SecretString:password}}"  # noqa: S105


@dataclass(frozen=True)
class Inputs:
    """Where the database stands, who may reach it, its parameters, the secret with its password, the customer's key."""

    database_subnet_ids: Values
    database_security_group_id: Value
    database_parameter_group: Value
    database_cluster_parameter_group: Value | None
    database_secret_arn: Value
    key_arn: Value | None


@dataclass(frozen=True)
class Outputs:
    """Where the components find the database, and its name in AWS: of the instance, or of Aurora's cluster."""

    database_host: Value
    database_port: Value
    database_id: Value


class Capacity(ServerlessV2ScalingConfiguration):
    """Troposphere's own stops at limits that AWS has lifted: from 0 to 256 is right today.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
    """

    props = {"MinCapacity": (double, True), "MaxCapacity": (double, True)}  # noqa: RUF012


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Metadata database: PostgreSQL, encrypted at rest and in transit, reachable by Airflow's components alone."""
    subnets = template.add_resource(
        DBSubnetGroup(
            "DatabaseSubnets",
            DBSubnetGroupDescription=f"Subnets of {settings.stack_name}'s database",
            SubnetIds=inputs.database_subnet_ids,
        )
    )
    if settings.metadata_db.aurora:
        return _aurora(template, settings, inputs, Ref(subnets))
    instance = template.add_resource(
        DBInstance(
            "MetadataDatabase",
            **_origin(settings, inputs),
            **_instance(settings),
            DBSubnetGroupName=Ref(subnets),
            DBParameterGroupName=inputs.database_parameter_group,
            VPCSecurityGroups=[inputs.database_security_group_id],
            Metadata=_ignored("W3691"),
        )
    )
    _weighed(kept(instance, settings, policy="Snapshot"), settings)
    return Outputs(GetAtt(instance, "Endpoint.Address"), GetAtt(instance, "Endpoint.Port"), Ref(instance))


def _instance(settings: Settings) -> dict[str, Any]:
    wanted = settings.metadata_db
    grows = {} if wanted.max_allocated_storage is None else {"MaxAllocatedStorage": wanted.max_allocated_storage}
    return {
        "Engine": wanted.engine,
        "EngineVersion": wanted.engine_version,
        "AllowMajorVersionUpgrade": True,
        "AutoMinorVersionUpgrade": True,
        "DBInstanceClass": wanted.instance_type,
        "Port": str(wanted.port),
        "AllocatedStorage": str(wanted.allocated_storage),
        **grows,
        "StorageType": "gp3",
        "MultiAZ": wanted.multi_az,
        "PubliclyAccessible": False,
        "EnableIAMDatabaseAuthentication": wanted.enable_iam_database_authentication,
        "DeletionProtection": wanted.deletion_protection,
        "BackupRetentionPeriod": wanted.backup_retention,
        "CopyTagsToSnapshot": True,
    }


def _origin(settings: Settings, inputs: Inputs) -> dict[str, Any]:
    """New and empty, or from a snapshot, which brings name, user and encryption along: CloudFormation refuses them.

    The password is set after the snapshot is restored.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html
    https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds
    """
    password = {"MasterUserPassword": Sub(PASSWORD)}
    if snapshot := settings.metadata_db.snapshot_identifier:
        return {"DBSnapshotIdentifier": snapshot, **password}
    name = {"DBName": settings.metadata_db.db_name, "MasterUsername": DATABASE_USER}
    return {**name, **password, "StorageEncrypted": True, **_key(inputs)}


def _aurora(template: Template, settings: Settings, inputs: Inputs, subnets: Value) -> Outputs:
    """Add a cluster, which holds the data, and its instances: one, or one in each of two zones.

    Its logical id is not the instance's: CloudFormation refuses an update that changes the type of a resource.
    """
    wanted = settings.metadata_db
    cluster = template.add_resource(
        DBCluster(
            "MetadataCluster",
            **_cluster_origin(settings, inputs),
            Engine=wanted.engine,
            EngineVersion=wanted.engine_version,
            Port=wanted.port,
            ServerlessV2ScalingConfiguration=Capacity(
                MinCapacity=float(wanted.serverless.min_capacity), MaxCapacity=float(wanted.serverless.max_capacity)
            ),
            DBSubnetGroupName=subnets,
            VpcSecurityGroupIds=[inputs.database_security_group_id],
            DBClusterParameterGroupName=inputs.database_cluster_parameter_group,
            # What the instances get in an upgrade to another major version, when they cannot keep theirs.
            DBInstanceParameterGroupName=inputs.database_parameter_group,
            EnableIAMDatabaseAuthentication=wanted.enable_iam_database_authentication,
            DeletionProtection=wanted.deletion_protection,
            BackupRetentionPeriod=wanted.backup_retention,
            CopyTagsToSnapshot=True,
            Metadata=_ignored("W3690", *(["E3021"] if wanted.snapshot_identifier else [])),
        )
    )
    _weighed(kept(cluster, settings, policy="Snapshot"), settings)
    for logical_id in ("DatabaseInstance", "DatabaseStandby")[: 2 if wanted.multi_az else 1]:
        instance = DBInstance(
            logical_id,
            DBClusterIdentifier=Ref(cluster),
            Engine=wanted.engine,
            DBInstanceClass="db.serverless",
            DBParameterGroupName=inputs.database_parameter_group,
            AutoMinorVersionUpgrade=True,
            PubliclyAccessible=False,
        )
        _unmonitored(template.add_resource(passing(instance)))
    return Outputs(GetAtt(cluster, "Endpoint.Address"), GetAtt(cluster, "Endpoint.Port"), Ref(cluster))


def _cluster_origin(settings: Settings, inputs: Inputs) -> dict[str, Any]:
    """As `_origin`; a cluster may get another key on the way.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbcluster.html
    """
    password = {"MasterUserPassword": Sub(PASSWORD)}
    if snapshot := settings.metadata_db.snapshot_identifier:
        return {"SnapshotIdentifier": snapshot, **password, **_key(inputs)}
    name = {"DatabaseName": settings.metadata_db.db_name, "MasterUsername": DATABASE_USER}
    return {**name, **password, "StorageEncrypted": True, **_key(inputs)}


def _ignored(*checks: str) -> dict[str, Any]:
    """Say to cfn-lint what is meant here.

    W3691, W3690 (of a cluster): a major version alone, as a pinned minor breaks the stack after AWS's own minor
    upgrade. E3021: a password without a user, who comes with the snapshot.
    """
    return {"cfn-lint": {"config": {"ignore_checks": list(checks)}}}


def _key(inputs: Inputs) -> dict[str, Any]:
    return {} if inputs.key_arn is None else {"KmsKeyId": inputs.key_arn}


def takes_key(settings: Settings) -> bool:
    """Whether the customer's key is the database's to choose: an instance restored from a snapshot keeps its own."""
    return settings.metadata_db.aurora or not settings.metadata_db.snapshot_identifier


def _weighed(database: DBInstance | DBCluster, settings: Settings) -> None:
    """Say what checkov finds and the settings have decided."""
    wanted = settings.metadata_db
    if not wanted.aurora:
        _unmonitored(database)
        if not wanted.multi_az:
            accepted(database, CKV_AWS_157="A standby doubles the price; metadataDb.multiAz makes one")
    if not wanted.enable_iam_database_authentication:
        check = "CKV_AWS_162" if wanted.aurora else "CKV_AWS_161"
        accepted(database, **{check: "Airflow has a password; metadataDb.enableIAMDatabaseAuthentication adds IAM"})
    if wanted.snapshot_identifier and not wanted.aurora:
        accepted(database, CKV_AWS_16="The snapshot decides; without metadataDb.snapshotIdentifier it is encrypted")


def _unmonitored(instance: DBInstance | DBCluster) -> None:
    accepted(instance, CKV_AWS_118="CloudWatch's own metrics of the database do; no setting adds the enhanced ones")
