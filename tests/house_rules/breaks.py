"""Ways to break good templates, each with the house rule that must see it."""

from dataclasses import dataclass
from typing import Any

BASES: dict[str, dict[str, Any]] = {
    "default": {"whitelistedIPs": ["192.0.2.0/24"]},
    "throw-away": {"retainData": False},
    "serverless": {
        "metadataDb": {"engine": "aurora-postgresql", "multiAz": True},
        "celeryBackend": {"engine": "sqs"},
        "logging": {"target": "cloudwatch"},
        "kms": {"customerKey": True},
        "network": {"mode": "private"},
        "https": {
            "certificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1",
            "domainName": "air.example.com",
        },
        "iam": {"path": "/team/", "permissionsBoundary": "boundary"},
        "alarms": {"email": "who@example.com"},
    },
    "long names": {
        "environment": "e" * 12,
        "serviceName": "s" * 20,
        "owner": "o" * 128,
        "service": {"logGroupName": "l" * 100, "workerGroups": {"w" * 20: {"queue": "q" * 40}}},
        "celeryBackend": {"engine": "sqs"},
        "alarms": {"email": "who@example.com"},
        "iam": {"path": f"/{'p' * 198}/"},
    },
    "isolated": {
        "network": {"mode": "isolated"},
        "metadataDb": {"snapshotIdentifier": "snap"},
        "kms": {"customerKey": True},
    },
}
GONE = object()
ON, OFF = True, False
DATABASE = "database.yml/Resources/MetadataDatabase"
CLUSTER = "database.yml/Resources/MetadataCluster"
BROKER = "broker.yml/Resources/Broker/Properties"
QUEUE = "broker.yml/Resources/DefaultQueue"
WORKERS = "services.yml/Resources/WorkersTaskDefinition/Properties"
CONTAINER = f"{WORKERS}/ContainerDefinitions/0"
SERVICE = "services.yml/Resources/WorkersService/Properties"
LOGS = "storage.yml/Resources/LogsBucket"
ROLE = "roles.yml/Resources/WorkersTaskRole/Properties"
RIGHTS = f"{ROLE}/Policies/0/PolicyDocument/Statement/0"
KEY = "foundation.yml/Resources/EncryptionKey"
GROUP = "firewall.yml/Resources/DatabaseSecurityGroup/Properties"
FRONT = "load_balancer.yml/Resources/Listener443/Properties"
ANYBODY = {"CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "Description": "All"}
PLAIN_POLICY = {"Statement": [], "Version": "2012-10-17"}


@dataclass(frozen=True)
class Break:
    """One change to good templates, and the rule that must see it."""

    rule: str
    path: str
    value: Any
    base: str = "default"

    def __str__(self) -> str:
        return f"{self.rule}-{self.path.rpartition('/')[2]}"


BREAKS = [
    Break("secret_properties", f"{DATABASE}/Properties/MasterUserPassword", "swordfish"),
    Break("secret_properties", f"{DATABASE}/Properties/MasterUserPassword", {"Ref": "DatabaseSecretArn"}),
    Break("secret_properties", f"{BROKER}/AuthToken", "swordfish"),
    Break("secret_properties", "secrets.yml/Resources/JwtSecret/Properties/SecretString", "swordfish"),
    Break("secret_variables", f"{CONTAINER}/Environment/0", {"Name": "FERNET_KEY", "Value": "x"}),
    Break("secret_variables", f"{CONTAINER}/Environment/0", {"Name": "AIRFLOW_CONN_S3", "Value": "x"}),
    Break("secret_looking_values", f"{CONTAINER}/Environment/0", {"Name": "WAREHOUSE", "Value": "pg://me:pw@host/x"}),
    Break("secret_looking_values", f"{CONTAINER}/Environment/0", {"Name": "ID", "Value": "AKIAIOSFODNN7EXAMPLE"}),
    Break("secret_outputs", "secrets.yml/Outputs/Password", {"Description": "x", "Value": "x"}),
    Break("partitions", f"{RIGHTS}/Resource", ["arn:aws:s3:::x"]),
    Break("partitions", f"{RIGHTS}/Resource", ["arn:aws-cn:s3:::x"]),
    Break("partitions", f"{CONTAINER}/Environment/0", {"Name": "HOST", "Value": "sqs.amazonaws.com"}),
    Break("places", f"{RIGHTS}/Resource", [{"Fn::Sub": "arn:${AWS::Partition}:sqs:eu-west-1:x:y"}]),
    Break("places", f"{RIGHTS}/Resource", [{"Fn::Sub": "arn:${AWS::Partition}:sqs:x:123456789012:y"}]),
    Break("places", "network.yml/Resources/PublicSubnet1/Properties/AvailabilityZone", "us-gov-west-1a"),
    Break("deletion", f"{DATABASE}/DeletionPolicy", GONE),
    Break("deletion", f"{DATABASE}/UpdateReplacePolicy", "Delete"),
    Break("deletion", f"{DATABASE}/DeletionPolicy", "Snapshot", "throw-away"),
    Break("deletion", f"{LOGS}/UpdateReplacePolicy", GONE),
    Break("deletion", "secrets.yml/Resources/FernetSecret/DeletionPolicy", "Delete"),
    Break("deletion", "foundation.yml/Resources/ImageRepository/DeletionPolicy", "Delete"),
    Break("deletion", f"{KEY}/DeletionPolicy", GONE, "serverless"),
    Break("deletion", "storage.yml/Resources/TaskLogs/DeletionPolicy", "Delete", "serverless"),
    Break("deletion", "storage.yml/Resources/ComponentLogs/DeletionPolicy", "Retain"),
    Break("deletion", "database.yml/Resources/DatabaseInstance/DeletionPolicy", "Snapshot", "serverless"),
    Break("fernet_key", "secrets.yml/Resources/FernetSecret/DeletionPolicy", "Delete"),
    Break("fernet_key", "secrets.yml/Resources/FernetSecret", GONE),
    Break("names_of_what_stays", f"{LOGS}/Properties/BucketName", "air-logs"),
    Break("names_of_what_stays", f"{DATABASE}/Properties/DBInstanceIdentifier", "air"),
    Break("names_of_what_stays", "secrets.yml/Resources/JwtSecret/Properties/Name", "air/jwt"),
    Break("snapshot_tags", f"{CLUSTER}/Properties/CopyTagsToSnapshot", OFF, "serverless"),
    Break("encryption", f"{DATABASE}/Properties/StorageEncrypted", GONE),
    Break("encryption", f"{CLUSTER}/Properties/StorageEncrypted", OFF, "serverless"),
    Break("encryption", f"{BROKER}/TransitEncryptionEnabled", OFF),
    Break("encryption", f"{BROKER}/AtRestEncryptionEnabled", GONE),
    Break("encryption", f"{LOGS}/Properties/BucketEncryption", GONE),
    Break("encryption", f"{QUEUE}/Properties/KmsMasterKeyId", GONE, "serverless"),
    Break("customers_key", f"{CLUSTER}/Properties/KmsKeyId", GONE, "serverless"),
    Break("customers_key", "storage.yml/Resources/TaskLogs/Properties/KmsKeyId", GONE, "serverless"),
    Break("customers_key", "alarms.yml/Resources/Topic/Properties/KmsMasterKeyId", "alias/aws/sns", "serverless"),
    Break("customers_key", "secrets.yml/Resources/JwtSecret/Properties/KmsKeyId", {"Ref": "KeyArn"}),
    Break("bucket_privacy", f"{LOGS}/Properties/PublicAccessBlockConfiguration/BlockPublicPolicy", OFF),
    Break("bucket_privacy", f"{LOGS}/Properties/OwnershipControls", GONE),
    Break("bucket_privacy", f"{LOGS}/Properties/LifecycleConfiguration", GONE),
    Break("bucket_privacy", "storage.yml/Resources/LogsBucketPolicy/Properties/PolicyDocument", PLAIN_POLICY),
    Break("queue_privacy", "broker.yml/Resources/DefaultQueuePolicy", GONE, "serverless"),
    Break("database_tls", "parameter_groups.yml/Resources/DatabaseParameters/Properties/Parameters/rds.force_ssl", "0"),
    Break("database_tls", "parameter_groups.yml/Resources/DatabaseClusterParameters", GONE, "serverless"),
    Break("broker_secret", f"{BROKER}/AuthToken", GONE),
    Break("broker_secret", "parameter_groups.yml/Resources/BrokerParameters/Properties/Properties", {}),
    Break("log_retention", "storage.yml/Resources/ComponentLogs/Properties/RetentionInDays", GONE),
    Break("key_rotation", f"{KEY}/Properties/EnableKeyRotation", OFF, "serverless"),
    Break("actions", f"{RIGHTS}/Action", ["*"]),
    Break("actions", f"{RIGHTS}/Action", ["s3:*"]),
    Break("actions", f"{RIGHTS}/Action", ["s3:Get*"]),
    Break("actions", f"{RIGHTS}/NotResource", ["x"]),
    Break("anything", f"{RIGHTS}/Action", ["s3:GetObject"]),
    Break("anything", f"{ROLE}/Policies/0/PolicyDocument/Statement/1/Resource", ["*"]),
    Break("principals", f"{KEY}/Properties/KeyPolicy/Statement/2/Principal", {"AWS": "*"}, "serverless"),
    Break(
        "principals",
        f"{ROLE}/AssumeRolePolicyDocument/Statement/0/Principal",
        {"Service": "ecs-tasks.amazonaws.com.cn"},
    ),
    Break(
        "principals",
        f"{ROLE}/AssumeRolePolicyDocument/Statement/0/Principal",
        {"Service": {"Fn::Sub": "ecs-tasks.${AWS::URLSuffix}"}},
    ),
    Break(
        "principals",
        "endpoints.yml/Resources/LogsEndpoint/Properties/PolicyDocument/Statement/0/Condition",
        GONE,
        "isolated",
    ),
    Break("trust", f"{ROLE}/AssumeRolePolicyDocument/Statement/0/Principal", {"AWS": "*"}),
    Break("roles", f"{ROLE}/Path", "/other/"),
    Break("roles", f"{ROLE}/PermissionsBoundary", GONE, "serverless"),
    Break("roles", f"{ROLE}/RoleName", "air-workers"),
    Break("roles", "roles.yml/Resources/Somebody", {"Type": "AWS::IAM::User"}),
    Break("public_databases", f"{DATABASE}/Properties/PubliclyAccessible", ON),
    Break(
        "public_databases", "database.yml/Resources/DatabaseStandby/Properties/PubliclyAccessible", GONE, "serverless"
    ),
    Break("inbound", f"{GROUP}/SecurityGroupIngress", [ANYBODY]),
    Break("inbound", f"{GROUP}/SecurityGroupIngress", [{**ANYBODY, "CidrIp": "198.51.100.0/24"}]),
    Break("inbound", f"{GROUP}/SecurityGroupIngress", [{**ANYBODY, "CidrIp": "192.0.2.0/24", "IpProtocol": "-1"}]),
    Break("inbound", f"{GROUP}/SecurityGroupIngress", [{**ANYBODY, "CidrIp": "192.0.2.0/24", "ToPort": 90}]),
    Break("outbound", f"{GROUP}/SecurityGroupEgress", GONE),
    Break("front_door", f"{FRONT}/SslPolicy", "ELBSecurityPolicy-2016-08", "serverless"),
    Break("front_door", f"{FRONT}/Protocol", "HTTP", "serverless"),
    Break("timeouts", f"{CONTAINER}/StopTimeout", 600),
    Break("timeouts", f"{CONTAINER}/StartTimeout", 1),
    Break("timeouts", f"{CONTAINER}/StopTimeout", GONE),
    Break("timeouts", f"{CONTAINER}/HealthCheck/StartPeriod", 301),
    Break("timeouts", f"{CONTAINER}/HealthCheck/Timeout", 30),
    Break("health_checks", f"{CONTAINER}/HealthCheck", GONE),
    Break("container_logs", f"{CONTAINER}/LogConfiguration", GONE),
    Break("confinement", f"{WORKERS}/NetworkMode", "host"),
    Break("confinement", f"{WORKERS}/TaskRoleArn", {"Ref": "WorkersExecutionRoleArn"}),
    Break("confinement", f"{WORKERS}/TaskRoleArn", GONE),
    Break("confinement", f"{CONTAINER}/Privileged", ON),
    Break("services", f"{SERVICE}/DeploymentConfiguration/DeploymentCircuitBreaker/Rollback", OFF),
    Break("services", f"{SERVICE}/EnableExecuteCommand", GONE),
    Break("services", f"{SERVICE}/PropagateTags", "NONE"),
    Break("services", f"{SERVICE}/DesiredCount", 1),
    Break("descriptions", "storage.yml/Description", ""),
    Break("descriptions", "storage.yml/Outputs/LogGroup/Description", GONE),
    Break("descriptions", "database.yml/Parameters/DatabaseSecretArn/Description", GONE),
    Break("rule_descriptions", f"{GROUP}/SecurityGroupEgress/0/Description", GONE),
    Break("rule_descriptions", f"{GROUP}/SecurityGroupEgress/0/Description", "Airflow's"),
    Break("parameters", "database.yml/Parameters/DatabaseSecretArn/Type", "Number"),
    Break("parameters", "database.yml/Parameters/DatabaseSubnetIds/Type", "List<AWS::EC2::Subnet::Id>"),
    Break("parameters", "database.yml/Parameters/Spare", {"Type": "String", "Description": "x"}),
    Break("conditions", "secrets.yml/Conditions/Spare", {"Fn::Equals": ["a", "b"]}),
    Break("couplings", "storage.yml/Outputs/LogGroup/Export", {"Name": "x"}),
    Break("couplings", f"{WORKERS}/Family", {"Fn::ImportValue": "x"}),
    Break("couplings", f"{WORKERS}/Family", {"Fn::Select": [0, {"Ref": "TaskSubnetIds"}]}),
    Break("couplings", f"{WORKERS}/Family", {"Fn::Split": [",", {"Ref": "Url"}]}),
    Break("children", "root.yml/Resources/Database/Properties/TemplateURL", "data.yml"),
    Break("children", "spare.yml", {"Description": "x", "Resources": {}}),
    Break("sizes", "foundation.yml/Resources/TemplatesBucket/Metadata/x", "x" * 51_200),
    Break("sizes", "storage.yml/Resources/LogsBucket/Metadata/x", "x" * 1_000_000),
    Break("sizes", "storage.yml/Resources", {f"R{number}": {"Type": "AWS::SNS::Topic"} for number in range(501)}),
    Break("names", f"{GROUP}/GroupDescription", "Airflow's database"),
    Break("names", f"{WORKERS}/Family", "x" * 256),
    Break("names", "storage.yml/Resources/Log_Group", {"Type": "AWS::SNS::Topic"}),
    Break("tags", "network.yml/Resources/Vpc/Properties/Tags", GONE),
    Break("tags", f"{GROUP}/Tags", [{"Key": "Name", "Value": "x" * 257}]),
    Break("tags", f"{LOGS}/Properties/Tags", [{"Key": "Owner", "Value": "somebody"}]),
]
