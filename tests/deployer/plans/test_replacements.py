"""Whether a property replaces its resource: as AWS's schemas say, and where they say too much."""

from __future__ import annotations

import pytest

from deployer.cloudformation.changes import Recreation
from deployer.plans.expansion import REFERENCE, expand
from deployer.plans.replacements import recreation
from deployer.plans.risks import holds_data
from generator.config import source
from generator.config.environments import judged, overlay
from generator.render import render

DATABASE = "AWS::RDS::DBInstance"


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        (DATABASE, "DBName", Recreation.ALWAYS),
        (DATABASE, "DBInstanceClass", Recreation.NEVER),
        (DATABASE, "Engine", Recreation.MAYBE),
        (DATABASE, "DBSnapshotIdentifier", Recreation.MAYBE),
        (DATABASE, "MultiAZ", Recreation.NEVER),
        (DATABASE, "BackupRetentionPeriod", Recreation.NEVER),
        ("AWS::ECS::TaskDefinition", "ContainerDefinitions.worker.Image", Recreation.ALWAYS),
        ("AWS::ECS::TaskDefinition", "Tags.Name.Value", Recreation.NEVER),
        ("AWS::S3::Bucket", "BucketName", Recreation.ALWAYS),
        ("AWS::S3::Bucket", "VersioningConfiguration.Status", Recreation.NEVER),
        ("AWS::Made::Up", "Anything", Recreation.MAYBE),
    ],
)
def test_what_replaces(kind: str, path: str, expected: Recreation) -> None:
    assert recreation(kind, path.split(".")) is expected


@pytest.mark.parametrize("more", ["", "metadataDb: {engine: aurora-postgresql}", "kms: {customerKey: true}"])
def test_nothing_that_holds_data_is_replaced_for_what_a_sibling_gives_it(more: str) -> None:
    """CloudFormation cannot tell that from what stays as it is (see `changes`), and so nobody would be asked."""
    text = f"serviceName: air\nowner: data\n{more}\nenvironments: {{dev: {{}}}}\n"
    written = expand(render(judged(overlay(source.parse(text, "service.yml"), "dev"))[0]), "root.yml")

    kept = {name: one for name, one in written.items() if holds_data(one.type)}
    assert len(kept) > 3
    for name, one in kept.items():
        for key, value in one.properties.items():
            given = {match[1].rpartition("/")[0] for match in REFERENCE.finditer(str(value))}
            if given - {"", name.rpartition("/")[0]}:
                assert recreation(one.type, (key,)) is not Recreation.ALWAYS, f"{name}.{key}"
