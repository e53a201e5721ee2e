"""What AWS's schemas count in for properties that a template may not have: those actions it can do without."""

from __future__ import annotations

import re
from collections.abc import Mapping

NEVER = ""
"""A property that no template has: what the actions are for is not in our templates' words at all."""

# Type of a resource, property, and the actions that are for this property alone.
_FOR: tuple[tuple[str, str, str], ...] = (
    ("AWS::ApplicationAutoScaling::ScalableTarget", NEVER, r"lambda:|iam:PassRole"),
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "PredictiveScalingPolicyConfiguration", r"GetMetricData"),
    ("AWS::CertificateManager::Certificate", "CertificateAuthorityArn", r"acm-pca:"),
    ("AWS::CloudFormation::Stack", NEVER, r"iam:PassRole|SetStackPolicy|TerminationProtection"),
    ("AWS::EC2::EIP", "TransferAddress", r"AcceptAddressTransfer"),
    ("AWS::EC2::Subnet", "Ipv6CidrBlock", r"SubnetCidrBlock$"),
    ("AWS::EC2::VPC", "InstanceTenancy", r"ModifyVpcTenancy"),
    ("AWS::EC2::VPC", "VpcEncryptionControl", r"CreateVpcEncryptionControl"),
    ("AWS::EC2::VPCEndpoint", "ServiceNetworkArn", r"vpc-lattice:"),
    ("AWS::EC2::VPCEndpoint", "ServiceRegion", r"vpce:"),
    ("AWS::EC2::VPCGatewayAttachment", "VpnGatewayId", r"(Attach|Detach)VpnGateway"),
    ("AWS::ECS::Cluster", NEVER, r"PutAccountSetting"),
    ("AWS::ElastiCache::ReplicationGroup", "LogDeliveryConfigurations", r"firehose:|logs:"),
    ("AWS::ElastiCache::ReplicationGroup", "SnapshotArns", r"s3:"),
    ("AWS::ElasticLoadBalancingV2::Listener", NEVER, r"cognito-idp:"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Ipv4IpamPoolId", r"IpamPools|IpPools"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "MinimumLoadBalancerCapacity", r"ModifyCapacityReservation"),
    ("AWS::Logs::LogGroup", "BearerTokenAuthenticationEnabled", r"PutBearerToken"),
    ("AWS::Logs::LogGroup", "DataProtectionPolicy", r"firehose:|s3:|LogDelivery|(Put|Delete)DataProtection"),
    ("AWS::Logs::LogGroup", "FieldIndexPolicies", r"(Put|Delete)IndexPolicy"),
    ("AWS::Logs::LogGroup", "KmsKeyId", r"KmsKey"),
    ("AWS::Logs::LogGroup", "ResourcePolicyDocument", r"(Put|Delete)ResourcePolicy"),
    ("AWS::RDS::DBCluster", "AssociatedRoles", r"(AddRole|RemoveRole)"),
    ("AWS::RDS::DBCluster", "ManageMasterUserPassword", r"secretsmanager:"),
    ("AWS::RDS::DBCluster", "MonitoringRoleArn", r"iam:PassRole"),
    ("AWS::RDS::DBCluster", "SnapshotIdentifier", r"FromSnapshot"),
    ("AWS::RDS::DBCluster", "SourceDBClusterIdentifier", r"ToPointInTime"),
    ("AWS::RDS::DBInstance", "AssociatedRoles", r"(AddRole|RemoveRole)"),
    ("AWS::RDS::DBInstance", "AutomaticBackupReplicationRegion", r"AutomatedBackupsReplication"),
    ("AWS::RDS::DBInstance", "DBSnapshotIdentifier", r"FromDBSnapshot"),
    ("AWS::RDS::DBInstance", "ManageMasterUserPassword", r"secretsmanager:"),
    ("AWS::RDS::DBInstance", "MonitoringRoleArn", r"iam:PassRole"),
    ("AWS::RDS::DBInstance", "SourceDBInstanceIdentifier", r"ReadReplica"),
    ("AWS::RDS::DBInstance", "UseLatestRestorableTime", r"ToPointInTime"),
    ("AWS::S3::Bucket", "AbacStatus", r"PutBucketAbac"),
    ("AWS::S3::Bucket", "AccelerateConfiguration", r"PutAccelerate"),
    ("AWS::S3::Bucket", "AccessControl", r"PutBucketAcl|PutObjectAcl"),
    ("AWS::S3::Bucket", "AnalyticsConfigurations", r"PutAnalytics"),
    ("AWS::S3::Bucket", "CorsConfiguration", r"PutBucketCORS"),
    ("AWS::S3::Bucket", "IntelligentTieringConfigurations", r"PutIntelligentTiering"),
    ("AWS::S3::Bucket", "InventoryConfigurations", r"PutInventory"),
    ("AWS::S3::Bucket", "LoggingConfiguration", r"PutBucketLogging"),
    ("AWS::S3::Bucket", "MetadataTableConfiguration", r"s3tables:|(Create|Delete|Update)BucketMetadata"),
    ("AWS::S3::Bucket", "MetricsConfigurations", r"PutMetrics"),
    ("AWS::S3::Bucket", "NotificationConfiguration", r"PutBucketNotification"),
    ("AWS::S3::Bucket", "ObjectLockEnabled", r"PutBucketObjectLock"),
    ("AWS::S3::Bucket", "ReplicationConfiguration", r"PutReplication|iam:PassRole|DeleteObject"),
    ("AWS::S3::Bucket", "WebsiteConfiguration", r"(Put|Delete)BucketWebsite"),
    ("AWS::SNS::Topic", "DataProtectionPolicy", r"PutDataProtection"),
    ("AWS::SNS::Topic", "DeliveryStatusLogging", r"iam:"),
    ("AWS::SecretsManager::Secret", "ReplicaRegions", r"RegionsFromReplication|ToRegions"),
)


def is_unused(action: str, kind: str, properties: Mapping[str, object] | set[str]) -> bool:
    """Whether a type's schema has an action for a property alone that none of its resources has."""
    return any(
        of == kind and name not in properties and re.search(pattern, action) is not None for of, name, pattern in _FOR
    )
