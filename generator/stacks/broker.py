"""The broker between scheduler and workers: Amazon ElastiCache for Valkey."""

from dataclasses import dataclass

from troposphere import GetAtt, Ref, Sub, Template
from troposphere.elasticache import ParameterGroup, ReplicationGroup, SubnetGroup

from generator.config.settings import Settings
from generator.stacks.database import closed_group
from generator.stacks.nesting import Value, Values


@dataclass(frozen=True)
class Inputs:
    """Where the broker stands, who may reach it, and the secret with its token."""

    vpc_id: Value
    subnet_ids: Values
    tasks_security_group_id: Value
    broker_secret_arn: Value


@dataclass(frozen=True)
class Outputs:
    """Where scheduler and workers find the broker."""

    broker_host: Value
    broker_port: Value


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Broker: Valkey with TLS and a token, reachable by Airflow's tasks alone.

    One shard with cluster mode off, since Celery's keys may not be spread over slots; `noeviction`, since an evicted
    key is a lost task.
    """
    wanted = settings.celery_backend
    subnets = template.add_resource(
        SubnetGroup(
            "BrokerSubnets",
            Description=f"Subnets of {settings.stack_name}'s broker",
            SubnetIds=inputs.subnet_ids,
        )
    )
    group = template.add_resource(
        closed_group(
            "BrokerSecurityGroup",
            settings,
            "broker",
            wanted.port,
            inputs.vpc_id,
            inputs.tasks_security_group_id,
        )
    )
    parameters = template.add_resource(
        ParameterGroup(
            "BrokerParameters",
            Description=f"Parameters of {settings.stack_name}'s broker",
            CacheParameterGroupFamily=f"{wanted.engine}{wanted.engine_version.split('.')[0]}",
            Properties={"maxmemory-policy": "noeviction"},
        )
    )
    broker = template.add_resource(
        ReplicationGroup(
            "Broker",
            ReplicationGroupDescription=f"Celery's broker of {settings.stack_name}",
            Engine=wanted.engine,
            EngineVersion=wanted.engine_version,
            CacheNodeType=wanted.instance_type,
            NumCacheClusters=1,
            AutomaticFailoverEnabled=False,
            Port=wanted.port,
            CacheSubnetGroupName=Ref(subnets),
            CacheParameterGroupName=Ref(parameters),
            SecurityGroupIds=[Ref(group)],
            TransitEncryptionEnabled=True,
            AtRestEncryptionEnabled=True,
            AuthToken=Sub("{{resolve:secretsmanager:${BrokerSecretArn}:SecretString}}"),
        )
    )
    return Outputs(GetAtt(broker, "PrimaryEndPoint.Address"), GetAtt(broker, "PrimaryEndPoint.Port"))
