"""The metadata database: Amazon RDS for PostgreSQL."""

from dataclasses import dataclass

from troposphere import GetAtt, Ref, Sub, Template
from troposphere.ec2 import SecurityGroup
from troposphere.rds import DBInstance, DBParameterGroup, DBSubnetGroup

from generator.config.settings import Settings
from generator.stacks.data import kept
from generator.stacks.nesting import Value, Values
from generator.stacks.network import named
from generator.stacks.secrets import DATABASE_USER


@dataclass(frozen=True)
class Inputs:
    """Where the database stands, who may reach it, and the secret with its password."""

    vpc_id: Value
    subnet_ids: Values
    tasks_security_group_id: Value
    database_secret_arn: Value


@dataclass(frozen=True)
class Outputs:
    """Where the components find the database."""

    database_host: Value
    database_port: Value


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Metadata database: PostgreSQL, encrypted at rest and in transit, reachable by Airflow's tasks alone."""
    wanted = settings.metadata_db
    subnets = template.add_resource(
        DBSubnetGroup(
            "DatabaseSubnets",
            DBSubnetGroupDescription=f"Subnets of {settings.stack_name}'s database",
            SubnetIds=inputs.subnet_ids,
        )
    )
    group = template.add_resource(
        closed_group(
            "DatabaseSecurityGroup",
            settings,
            "database",
            wanted.port,
            inputs.vpc_id,
            inputs.tasks_security_group_id,
        )
    )
    parameters = template.add_resource(
        DBParameterGroup(
            "DatabaseParameters",
            Description=f"Parameters of {settings.stack_name}'s database",
            Family=f"{wanted.engine}{wanted.engine_version.split('.')[0]}",
            Parameters={"rds.force_ssl": "1"},
        )
    )
    instance = _instance(settings, Ref(subnets), Ref(parameters), Ref(group))
    database = template.add_resource(kept(instance, settings, policy="Snapshot"))
    return Outputs(GetAtt(database, "Endpoint.Address"), GetAtt(database, "Endpoint.Port"))


def _instance(settings: Settings, subnets: Value, parameters: Value, group: Value) -> DBInstance:
    wanted = settings.metadata_db
    return DBInstance(
        "MetadataDatabase",
        Engine=wanted.engine,
        EngineVersion=wanted.engine_version,
        DBInstanceClass=wanted.instance_type,
        DBName=wanted.db_name,
        Port=str(wanted.port),
        AllocatedStorage=str(wanted.allocated_storage),
        StorageType="gp3",
        StorageEncrypted=True,
        MasterUsername=DATABASE_USER,
        MasterUserPassword=Sub("{{resolve:secretsmanager:${DatabaseSecretArn}:SecretString:password}}"),
        DBSubnetGroupName=subnets,
        DBParameterGroupName=parameters,
        VPCSecurityGroups=[group],
        PubliclyAccessible=False,
        DeletionProtection=wanted.deletion_protection,
        BackupRetentionPeriod=7 if settings.retain_data else 1,
        CopyTagsToSnapshot=True,
        AutoMinorVersionUpgrade=True,
        # A major version alone is meant: a pinned minor breaks the stack after AWS's own minor upgrade.
        Metadata={"cfn-lint": {"config": {"ignore_checks": ["W3691"]}}},
    )


def closed_group(
    logical_id: str, settings: Settings, what: str, port: int, vpc_id: Value, tasks_group_id: Value
) -> SecurityGroup:
    """A security group of what Airflow's tasks alone may reach, on one port, and that opens no connection itself.

    A group without egress rules gets one that allows everything; 127.0.0.1/32 is AWS's own way to say nothing:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
    """
    return SecurityGroup(
        logical_id,
        GroupDescription=f"The {what} of {settings.stack_name}",
        VpcId=vpc_id,
        SecurityGroupIngress=[
            {
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "SourceSecurityGroupId": tasks_group_id,
                "Description": f"Airflow tasks to the {what}",
            }
        ],
        SecurityGroupEgress=[{"IpProtocol": "-1", "CidrIp": "127.0.0.1/32", "Description": "Nothing"}],
        Tags=named(settings, what),
    )
