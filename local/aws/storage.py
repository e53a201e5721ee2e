# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""Buckets through CloudFormation: one that still holds objects is not deleted, as on AWS.

Also the properties of a bucket in the words of S3's API, which are other ones than CloudFormation's
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html).
"""

import re
from typing import Any

from local.aws.emulator import Made, Properties, ResourceType, known, provisioners, s3, teach


def install() -> None:
    """Correct the resource type AWS::S3::Bucket: ministack's own deletion takes the objects along, unasked."""
    own = known("AWS::S3::Bucket")

    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        made = own.create(logical_id, properties, stack)
        _tag(made[0], {}, properties)
        return made

    def update(name: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        made = own.update(name, old, new, stack, logical_id)
        _tag(made[0], old, new)
        return made

    teach("AWS::S3::Bucket", ResourceType(create, update, _delete))


def encryption(value: Properties) -> dict[str, Any]:
    """Say BucketEncryption."""
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
            "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
        }
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def logging(value: Properties) -> dict[str, Any]:
    """Say LoggingConfiguration; nothing of it means that accesses are logged nowhere."""
    if not value:
        return {"BucketLoggingStatus": {}}
    target = {"TargetBucket": value.get("DestinationBucketName", ""), "TargetPrefix": value.get("LogFilePrefix", "")}
    return {"BucketLoggingStatus": {"LoggingEnabled": target}}


def versioning(value: Properties) -> dict[str, Any]:
    """Say VersioningConfiguration; what was versioned once can only be suspended."""
    return {"VersioningConfiguration": value or {"Status": "Suspended"}}


def lifecycle(value: Properties) -> dict[str, Any]:
    """Say LifecycleConfiguration."""
    return {"LifecycleConfiguration": {"Rules": [_rule(rule) for rule in value["Rules"]]}}


def _rule(rule: Properties) -> dict[str, Any]:
    same = ("Id", "Status", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")
    return {
        **{name: rule[name] for name in same if name in rule},
        "Filter": _filter(rule),
        **_some("Expiration", _renamed(rule, _EXPIRATION)),
        **_some("Transitions", [_renamed(one, _TRANSITION) for one in rule.get("Transitions", [])]),
        **_some(
            "NoncurrentVersionTransitions",
            [_renamed(one, _NONCURRENT_TRANSITION) for one in rule.get("NoncurrentVersionTransitions", [])],
        ),
    }


_EXPIRATION = {
    "ExpirationInDays": "Days",
    "ExpirationDate": "Date",
    "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
}
_TRANSITION = {"StorageClass": "StorageClass", "TransitionInDays": "Days", "TransitionDate": "Date"}
_NONCURRENT_TRANSITION = {
    "StorageClass": "StorageClass",
    "TransitionInDays": "NoncurrentDays",
    "NewerNoncurrentVersions": "NewerNoncurrentVersions",
}


def _filter(rule: Properties) -> dict[str, Any]:
    """Say which objects a rule is for: one condition stands by itself, several under `And`."""
    said: dict[str, Any] = {
        name: rule[name] for name in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan") if name in rule
    }
    tags = rule.get("TagFilters", [])
    if len(said) + len(tags) > 1:
        return {"And": {**said, **_some("Tags", tags)}}
    return {"Tag": tags[0]} if tags else said or {"Prefix": ""}


def _renamed(value: Properties, names: dict[str, str]) -> dict[str, Any]:
    return {new: value[old] for old, new in names.items() if old in value}


def _some(name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401
    return {name: value} if value else {}


def _tag(name: str, old: Properties, new: Properties) -> None:
    provisioners._reconcile_tag_map(s3._bucket_tags.setdefault(name, {}), old, new)


def _delete(name: str, _: Properties) -> None:
    if name not in s3._buckets:
        return
    status, _headers, body = s3._delete_bucket(name)
    if status >= 400:
        found = re.search(rb"<Message>(.*?)</Message>", body)
        raise ValueError(found[1].decode() if found else f"{name}: S3 refused with status {status}")
