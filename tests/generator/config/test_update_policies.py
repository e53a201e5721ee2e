"""Every setting says what changing it does to a running system, and that is what CloudFormation would do."""

from collections.abc import Iterable

import pytest

from generator.config.data import SecretArns
from generator.config.fields import Change
from generator.config.leaves import Entry, entries, leaves
from generator.config.settings import Settings
from tests.generator.config.cases import case
from tests.generator.config.differences import Difference, differences

HOLDS_DATA = {
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::SQS::Queue",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::ECR::Repository",
    "AWS::Logs::LogGroup",
}
# Parts of something else, whose replacement nobody sees but by what it does to that.
PARTS = {
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBClusterParameterGroup",
    "AWS::ElastiCache::ParameterGroup",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
}
# Database and broker cannot leave a subnet or a VPC that they stand in.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSubnetGroup.html (SubnetAlreadyInUse)
# https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheSubnetGroup.html (SubnetInUse)
PLACES = {"AWS::RDS::DBSubnetGroup", "AWS::ElastiCache::SubnetGroup"}
# "Some interruptions", as the pages of these resources say:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticache-replicationgroup.html
INTERRUPTS = {
    "DBInstanceClass",
    "EngineVersion",
    "Port",
    "DBParameterGroupName",
    "DBClusterParameterGroupName",
    "CacheNodeType",
    "CacheParameterGroupName",
}
RESTARTS = {"TaskDefinition", "NetworkConfiguration", "CapacityProviderStrategy", "LoadBalancers", "ServiceRegistries"}
# Not to be seen in the templates of one deployment.
UNSEEN = {
    "environment": "names the stacks",
    "serviceName": "names the stacks",
    "region": "is another place",
    "account": "is another place",
    "accept": "silences findings",
    "owner": "is a tag of the stacks",
    "tags": "are tags of the stacks",
    "airflow.image": "is a parameter of the root",
    "image.base": "goes into the image, which is a parameter of the root",
    "image.packageIndex": "goes into the image",
    "image.debianMirror": "goes into the image",
    "image.refresh": "goes into the image",
    **{f"secrets.{name}": "is a parameter of the root" for name in SecretArns.model_fields},
}


def _refused(one: Difference) -> bool:
    if one.kind == "AWS::EC2::SecurityGroup" and one.name == "VpcId":
        return True
    return one.what == "retyped" or (one.kind in PLACES and one.name == "SubnetIds" and one.shrinks)


def _loses_data(one: Difference) -> bool:
    return one.what in ("replaced", "removed") and one.kind in HOLDS_DATA


def _replaces(one: Difference) -> bool:
    return one.what == "replaced" and one.kind not in PARTS and one.kind != "AWS::ECS::TaskDefinition"


def _interrupts(one: Difference) -> bool:
    if one.kind == "AWS::ElasticLoadBalancingV2::TargetGroup":
        return one.what == "replaced"
    return one.kind in HOLDS_DATA | PARTS and one.what == "updated" and one.name in INTERRUPTS | {"Parameters"}


def _restarts(one: Difference) -> bool:
    if one.kind == "AWS::ECS::TaskDefinition":
        return one.what == "replaced"
    return one.kind == "AWS::ECS::Service" and one.what == "updated" and one.name in RESTARTS


def effect(found: Iterable[Difference]) -> Change:
    """The gravest that a change does."""
    found = list(found)
    grave = {
        Change.REFUSED: _refused,
        Change.DATA: _loses_data,
        Change.REPLACEMENT: _replaces,
        Change.INTERRUPTION: _interrupts,
        Change.RESTART: _restarts,
    }
    for change, does in grave.items():
        if any(map(does, found)):
            return change
    if all(one.kind == "AWS::ECS::Service" and one.name == "Tags" for one in found):
        return Change.FIRST if found else Change.NOTHING
    return Change.IN_PLACE


@pytest.mark.parametrize(
    "leaf", [leaf for leaf in leaves(Settings) if leaf.dotted not in UNSEEN], ids=lambda leaf: leaf.dotted
)
def test_what_a_setting_says_of_a_change_is_what_cloudformation_does(leaf: Entry) -> None:
    changed = case(leaf.dotted)
    found = differences(changed.before(), changed.after())
    assert leaf.change == effect(found), "\n".join(map(str, found))


def test_every_key_has_a_meaning_and_every_leaf_a_policy() -> None:
    assert [entry.dotted for entry in entries(Settings) if not entry.meaning] == []
    assert [leaf.dotted for leaf in leaves(Settings) if leaf.change is None] == []
