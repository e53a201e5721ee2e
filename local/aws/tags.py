# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""Tags of a stack on the resources that ministack's CloudFormation does not tag."""

from local.aws.emulator import provisioners

_TAGGED = (
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::NatGateway",
    "AWS::ECS::TaskDefinition",
    "AWS::ElastiCache::ParameterGroup",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::SubnetGroup",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::RDS::DBCluster",
    "AWS::S3::Bucket",
)


def install() -> None:
    """Let the tags of a stack reach these types by their property `Tags`, and hosted zones by theirs."""
    properties = provisioners._STACK_TAG_PROPERTY
    properties.update(dict.fromkeys(_TAGGED, ("Tags", "list")))
    properties["AWS::Route53::HostedZone"] = ("HostedZoneTags", "list")
