"""What counts as losing data, and what does not."""

from __future__ import annotations

import pytest

from deployer.cloudformation.changes import Change, Property, Recreation, Replacement
from deployer.plans.risks import risks

BUCKET, DATABASE = "AWS::S3::Bucket", "AWS::RDS::DBInstance"


def change(kind: str, action: str = "Modify", **more: object) -> Change:
    return Change("app/Data", "Thing", "id", kind, action, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "kind",
    [
        "AWS::ECR::Repository",
        "AWS::EFS::FileSystem",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
    ],
)
def test_what_holds_data_is_named_when_it_goes_or_is_replaced(kind: str) -> None:
    gone, replaced = change(kind, "Remove"), change(kind, replacement=Replacement.YES)

    assert [(each.name, each.what) for each in risks([gone, replaced])] == [
        ("Data/Thing", "is removed"),
        ("Data/Thing", "is replaced by an empty one"),
    ]


@pytest.mark.parametrize("kind", ["AWS::RDS::DBSubnetGroup", "AWS::S3::BucketPolicy", "AWS::ECS::TaskDefinition"])
def test_what_holds_none_is_not(kind: str) -> None:
    assert risks([change(kind, "Remove"), change(kind, replacement=Replacement.YES)]) == ()


def test_what_is_added_or_changed_in_place_loses_nothing() -> None:
    assert risks([change(BUCKET, "Add"), change(BUCKET, properties=(Property("Tags"),))]) == ()


@pytest.mark.parametrize(("certain", "named"), [(True, True), (False, False)])
def test_what_may_be_replaced_counts_when_its_property_does_change(certain: bool, named: bool) -> None:
    engine = Property("Engine", Recreation.MAYBE, certain)
    asked = risks([change(DATABASE, replacement=Replacement.MAYBE, properties=(engine,))])

    assert bool(asked) is named
    assert all(each.what == "may be replaced by an empty one" and each.because == ("Engine",) for each in asked)


def test_what_only_may_change_is_no_reason_that_is_told() -> None:
    both = (Property("DBName", Recreation.ALWAYS), Property("KmsKeyId", Recreation.ALWAYS, certain=False))
    (risk,) = risks([change(DATABASE, replacement=Replacement.YES, properties=both)])
    assert risk.because == ("DBName",)


@pytest.mark.parametrize(
    ("properties", "replacement", "named"),
    [
        ((Property("KmsKeyId", Recreation.ALWAYS, certain=False),), Replacement.MAYBE, True),
        ((), Replacement.MAYBE, True),
        ((), Replacement.YES, True),
        ((Property("MultiAZ", Recreation.MAYBE),), Replacement.MAYBE, False),
        ((Property("Tags"),), Replacement.NO, False),
    ],
)
def test_where_values_are_missing_all_counts_that_is_not_proven_harmless(
    properties: tuple[Property, ...], replacement: Replacement, named: bool
) -> None:
    found = risks([change(DATABASE, replacement=replacement, properties=properties, blind=True)])

    assert bool(found) is named
    assert all("which CloudFormation does not tell" in each.what for each in found)
    assert not risks([change("AWS::SNS::Topic", replacement=replacement, properties=properties, blind=True)])


def test_what_cloudformation_has_yet_to_decide_counts() -> None:
    (risk,) = risks([change(DATABASE, "Dynamic")])
    assert risk.what.startswith("may be removed or replaced")


def test_a_standby_is_no_replacement_whatever_the_change_set_says() -> None:
    standby = Property("MultiAZ", Recreation.MAYBE)
    assert risks([change(DATABASE, replacement=Replacement.MAYBE, properties=(standby,))]) == ()


@pytest.mark.parametrize(
    ("policy", "fate"),
    [
        ("Delete", "what it holds is lost"),
        ("", "what it holds is lost"),
        ("ReplaceAndDelete", "what it holds is lost"),
        ("Retain", "what it holds stays behind, outside of the stack"),
        ("ReplaceAndRetain", "what it holds stays behind, outside of the stack"),
        ("ReplaceAndSnapshot", "a snapshot of it is taken first"),
    ],
)
def test_what_becomes_of_it_is_told(policy: str, fate: str) -> None:
    (risk,) = risks([change(BUCKET, "Remove", policy=policy)])
    assert str(risk) == f"Data/Thing holds data and is removed: {fate}"
