from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from deployer.cloudformation.template_text import Fate, fate, resources

YAML = """
Resources:
  Plain:
    Type: AWS::SQS::Queue
    Properties:
      Name: !Sub '${AWS::StackName}-x'
      Tags: !If [Some, [a], !Ref AWS::NoValue]
      Map: !Transform {Name: x}
  Kept:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
  KeptOnceMade:
    Type: AWS::S3::Bucket
    DeletionPolicy: RetainExceptOnCreate
  Database:
    Type: AWS::RDS::DBInstance
  Replica:
    Type: AWS::RDS::DBInstance
    Properties:
      DBClusterIdentifier: !Ref Cluster
  Cluster:
    Type: AWS::RDS::DBCluster
  Dropped:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
  Cache:
    Type: AWS::ElastiCache::ReplicationGroup
    DeletionPolicy: Snapshot
"""


def fates(template: str | Mapping[str, Any]) -> dict[str, Fate]:
    return {logical_id: fate(resource) for logical_id, resource in resources(template).items()}


def test_fates() -> None:
    assert fates(YAML) == {
        "Plain": Fate.GOES,
        "Kept": Fate.STAYS,
        "KeptOnceMade": Fate.STAYS,
        "Database": Fate.SNAPSHOT,
        "Replica": Fate.GOES,
        "Cluster": Fate.SNAPSHOT,
        "Dropped": Fate.GOES,
        "Cache": Fate.SNAPSHOT,
    }


def test_a_template_that_botocore_has_parsed_already() -> None:
    assert fates({"Resources": {"A": {"Type": "X", "DeletionPolicy": "Retain"}}}) == {"A": Fate.STAYS}


@pytest.mark.parametrize("text", ["", "{}", "Resources:"])
def test_an_empty_template(text: str) -> None:
    assert fates(text) == {}
