"""Properties that ministack's CloudFormation leaves out of a resource: handed to the service's own API instead.

A row says by which request a property reaches the service, and by which it is taken back.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from local.aws import storage
from local.aws.asking import ask
from local.aws.emulator import Made, Properties, ResourceType, known, teach

Request = tuple[str, dict[str, Any]]
"""An operation and its parameters."""


class LeftOut(NamedTuple):
    """A property, and what to ask of which service for a resource (by physical id) whose template names it."""

    name: str
    service: str
    put: Callable[[str, Any], Request]
    drop: Callable[[str], Request]


def install() -> None:
    """Let CloudFormation hand these properties on."""
    for name, properties in _LEFT_OUT.items():
        teach(name, _completed(known(name), properties))


def _completed(own: ResourceType, left_out: tuple[LeftOut, ...]) -> ResourceType:
    """Wrap ministack's handlers; a resource whose property is refused is removed again."""

    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        made, attributes = own.create(logical_id, properties, stack)
        try:
            _hand_on(made, {}, properties, left_out)
        except BaseException:
            own.delete(made, properties)
            raise
        return made, attributes

    def update(resource: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        made, attributes = own.update(resource, old, new, stack, logical_id)
        _hand_on(made, old if made == resource else {}, new, left_out)
        return made, attributes

    return ResourceType(create, update, own.delete)


def _hand_on(resource: str, old: Properties, new: Properties, left_out: tuple[LeftOut, ...]) -> None:
    for name, service, put, drop in left_out:
        if new.get(name) == old.get(name):
            continue
        operation, parameters = put(resource, new[name]) if name in new else drop(resource)
        ask(service, operation, parameters)


def _bucket(name: str, put: str, parameters: Callable[[Any], dict[str, Any]], drop: str) -> LeftOut:
    """Describe a property of a bucket; an operation that is no deletion takes it back by saying nothing."""

    def put_it(bucket: str, value: Any) -> Request:  # noqa: ANN401
        return put, {"Bucket": bucket, **parameters(value)}

    def drop_it(bucket: str) -> Request:
        return drop, {"Bucket": bucket, **({} if drop.startswith("Delete") else parameters({}))}

    return LeftOut(name, "s3", put_it, drop_it)


def _topic_key(topic: str, key: str) -> Request:
    return "SetTopicAttributes", {"TopicArn": topic, "AttributeName": "KmsMasterKeyId", "AttributeValue": key}


_LEFT_OUT = {
    "AWS::S3::Bucket": (
        _bucket("BucketEncryption", "PutBucketEncryption", storage.encryption, "DeleteBucketEncryption"),
        _bucket(
            "LifecycleConfiguration", "PutBucketLifecycleConfiguration", storage.lifecycle, "DeleteBucketLifecycle"
        ),
        _bucket(
            "OwnershipControls",
            "PutBucketOwnershipControls",
            lambda value: {"OwnershipControls": value},
            "DeleteBucketOwnershipControls",
        ),
        _bucket("LoggingConfiguration", "PutBucketLogging", storage.logging, "PutBucketLogging"),
        _bucket("VersioningConfiguration", "PutBucketVersioning", storage.versioning, "PutBucketVersioning"),
    ),
    "AWS::IAM::Role": (
        LeftOut(
            "PermissionsBoundary",
            "iam",
            lambda role, arn: ("PutRolePermissionsBoundary", {"RoleName": role, "PermissionsBoundary": arn}),
            lambda role: ("DeleteRolePermissionsBoundary", {"RoleName": role}),
        ),
    ),
    "AWS::SNS::Topic": (LeftOut("KmsMasterKeyId", "sns", _topic_key, lambda topic: _topic_key(topic, "")),),
    "AWS::ElasticLoadBalancingV2::Listener": (
        LeftOut(
            "ListenerAttributes",
            "elbv2",
            lambda arn, value: ("ModifyListenerAttributes", {"ListenerArn": arn, "Attributes": value}),
            lambda arn: ("ModifyListenerAttributes", {"ListenerArn": arn, "Attributes": []}),
        ),
    ),
    "AWS::ECS::Cluster": (
        LeftOut(
            "ServiceConnectDefaults",
            "ecs",
            lambda name, value: ("UpdateCluster", {"cluster": name, "serviceConnectDefaults": value}),
            lambda name: ("UpdateCluster", {"cluster": name, "serviceConnectDefaults": {"namespace": ""}}),
        ),
    ),
}
