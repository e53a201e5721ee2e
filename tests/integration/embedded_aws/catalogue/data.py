"""Databases and brokers: an instance, a cluster of Aurora with a member, Redis."""

from typing import Any

from tests.integration.embedded_aws.catalogue.topic import Question, Topic, resource, tags
from tests.integration.embedded_aws.templates import ref

PASSWORD = {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}"}
FORCE_TLS = {"rds.force_ssl": "1"}
BOTH = [ref("SubnetA"), ref("SubnetB")]
TAKES = ("SubnetA", "SubnetB", "GroupId", "KeyArn", "RoleArn")


def databases(now: int) -> Topic:
    login = {"SecretStringTemplate": '{"username": "airflow"}', "GenerateStringKey": "password"}
    resources = {
        "Secret": resource("AWS::SecretsManager::Secret", GenerateSecretString={**login, "ExcludePunctuation": True}),
        "Subnets": resource("AWS::RDS::DBSubnetGroup", DBSubnetGroupDescription="d", SubnetIds=BOTH),
        "Parameters": resource(
            "AWS::RDS::DBParameterGroup", Family="postgres17", Description="p", Parameters=FORCE_TLS
        ),
        "ClusterParameters": resource(
            "AWS::RDS::DBClusterParameterGroup", Family="aurora-postgresql17", Description="c", Parameters=FORCE_TLS
        ),
        "Database": _instance(now) | {"DeletionPolicy": "Delete"},
        "Cluster": _cluster(now) | {"DeletionPolicy": "Delete"},
        "Member": resource(
            "AWS::RDS::DBInstance",
            Engine="aurora-postgresql",
            DBClusterIdentifier=ref("Cluster"),
            DBInstanceClass="db.serverless",
            AutoMinorVersionUpgrade=now == 1,
        ),
    }
    return Topic(resources, _questions(now), TAKES)


def _instance(now: int) -> dict[str, Any]:
    return resource(
        "AWS::RDS::DBInstance",
        Engine="postgres",
        EngineVersion="17",
        DBInstanceClass="db.m7g.large",
        DBName="airflow",
        AllocatedStorage="20",
        MaxAllocatedStorage=50 * now,
        StorageEncrypted=True,
        KmsKeyId=ref("KeyArn"),
        MasterUsername="airflow",
        MasterUserPassword=PASSWORD,
        DBSubnetGroupName=ref("Subnets"),
        DBParameterGroupName=ref("Parameters"),
        VPCSecurityGroups=[ref("GroupId")],
        MultiAZ=now == 2,
        EnableIAMDatabaseAuthentication=True,
        EnableCloudwatchLogsExports=["postgresql", "upgrade"][:now],
        MonitoringInterval=30 * now,
        MonitoringRoleArn=ref("RoleArn"),
        Tags=tags(now=now),
    )


def _cluster(now: int) -> dict[str, Any]:
    return resource(
        "AWS::RDS::DBCluster",
        Engine="aurora-postgresql",
        DatabaseName="airflow",
        MasterUsername="airflow",
        MasterUserPassword=PASSWORD,
        DBSubnetGroupName=ref("Subnets"),
        DBClusterParameterGroupName=ref("ClusterParameters"),
        VpcSecurityGroupIds=[ref("GroupId")],
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 4 * now},
        StorageEncrypted=True,
        KmsKeyId=ref("KeyArn"),
        EnableCloudwatchLogsExports=["postgresql"],
        Tags=tags(now=now),
    )


def _questions(now: int) -> list[Question]:
    def instance(name: str, where: str, expected: Any) -> Question:
        asked = {"DBInstanceIdentifier": name}
        return Question("rds", "describe_db_instances", asked, f"DBInstances[0].{where}", expected)

    def cluster(where: str, expected: Any) -> Question:
        asked = {"DBClusterIdentifier": "<Cluster>"}
        return Question("rds", "describe_db_clusters", asked, f"DBClusters[0].{where}", expected)

    endpoint = "Endpoint.[Address, to_string(Port)]"
    return [
        instance("<Database>", endpoint, ["<Database.Endpoint.Address>", "<Database.Endpoint.Port>"]),
        instance("<Database>", "[DBInstanceArn, KmsKeyId]", ["<Database.DBInstanceArn>", "<KeyArn>"]),
        instance("<Database>", "[MaxAllocatedStorage, MultiAZ, MonitoringInterval]", [50 * now, now == 2, 30 * now]),
        instance("<Database>", "[IAMDatabaseAuthenticationEnabled, MonitoringRoleArn]", [True, "<RoleArn>"]),
        instance("<Database>", "EnabledCloudwatchLogsExports", ["postgresql", "upgrade"][:now]),
        instance(
            "<Database>",
            "[DBSubnetGroup.DBSubnetGroupName, VpcSecurityGroups[0].VpcSecurityGroupId]",
            ["<Subnets>", "<GroupId>"],
        ),
        instance("<Database>", "DBParameterGroups[0].DBParameterGroupName", "<Parameters>"),
        instance("<Database>", "TagList[?Key=='now'].Value", [f"{now}"]),
        instance("<Member>", "[DBClusterIdentifier, DBInstanceClass]", ["<Cluster>", "db.serverless"]),
        instance("<Member>", endpoint, ["<Cluster.Endpoint.Address>", "<Cluster.Endpoint.Port>"]),
        instance("<Member>", "AutoMinorVersionUpgrade", now == 1),
        cluster("[Endpoint, to_string(Port)]", ["<Cluster.Endpoint.Address>", "<Cluster.Endpoint.Port>"]),
        cluster("[ReaderEndpoint, DBClusterArn]", ["<Cluster.ReadEndpoint.Address>", "<Cluster.DBClusterArn>"]),
        cluster("ServerlessV2ScalingConfiguration.[MinCapacity, MaxCapacity]", [0.5, 4.0 * now]),
        cluster("[DBSubnetGroup, DBClusterParameterGroup]", ["<Subnets>", "<ClusterParameters>"]),
        cluster("[KmsKeyId, VpcSecurityGroups[0].VpcSecurityGroupId]", ["<KeyArn>", "<GroupId>"]),
        cluster("DBClusterMembers[].[DBInstanceIdentifier, IsClusterWriter]", [["<Member>", True]]),
        cluster("[EnabledCloudwatchLogsExports, TagList[?Key=='now'].Value]", [["postgresql"], [f"{now}"]]),
    ]


def brokers(now: int) -> Topic:
    resources = {
        "Subnets": resource("AWS::ElastiCache::SubnetGroup", Description="d", SubnetIds=BOTH),
        "Parameters": resource(
            "AWS::ElastiCache::ParameterGroup",
            CacheParameterGroupFamily="redis7",
            Description="p",
            Properties={"maxmemory-policy": "noeviction"},
        ),
        "Broker": resource(
            "AWS::ElastiCache::ReplicationGroup",
            ReplicationGroupDescription=f"r{now}",
            Engine="redis",
            EngineVersion="7.1",
            CacheNodeType="cache.t4g.micro",
            NumCacheClusters=2,
            AutomaticFailoverEnabled=True,
            MultiAZEnabled=True,
            CacheSubnetGroupName=ref("Subnets"),
            CacheParameterGroupName=ref("Parameters"),
            SecurityGroupIds=[ref("GroupId")],
            TransitEncryptionEnabled=True,
            AtRestEncryptionEnabled=True,
            KmsKeyId=ref("KeyArn"),
            AutoMinorVersionUpgrade=now == 1,
            AuthToken="a-token-of-sixteen",
            Tags=tags(now=now),
        ),
    }

    def group(where: str, expected: Any) -> Question:
        asked = {"ReplicationGroupId": "<Broker>"}
        return Question("elasticache", "describe_replication_groups", asked, f"ReplicationGroups[0].{where}", expected)

    primary = "NodeGroups[0].PrimaryEndpoint.[Address, to_string(Port)]"
    questions = [
        group(primary, ["<Broker.PrimaryEndPoint.Address>", "<Broker.PrimaryEndPoint.Port>"]),
        group("[Engine, Description, KmsKeyId]", ["redis", f"r{now}", "<KeyArn>"]),
        group("[MultiAZ, AutomaticFailover, AutoMinorVersionUpgrade]", ["enabled", "enabled", now == 1]),
        group("[length(MemberClusters), TransitEncryptionEnabled, AtRestEncryptionEnabled]", [2, True, True]),
        Question(
            "elasticache",
            "describe_cache_clusters",
            {"ShowCacheNodeInfo": True},
            "CacheClusters[].[CacheSubnetGroupName, CacheNodes[0].Endpoint.[Address, to_string(Port)]]",
            [["<Subnets>", ["<Broker.PrimaryEndPoint.Address>", "<Broker.PrimaryEndPoint.Port>"]]] * 2,
        ),
        Question(
            "elasticache",
            "describe_cache_parameters",
            {"CacheParameterGroupName": "<Parameters>"},
            "Parameters[?ParameterName=='maxmemory-policy'].ParameterValue",
            ["noeviction"],
        ),
    ]
    return Topic(resources, questions, TAKES)
