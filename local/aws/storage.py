# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""Buckets through CloudFormation: one that still holds objects is not deleted, as on AWS."""

import re

from local.aws.emulator import Properties, ResourceType, provisioners, s3, teach


def install() -> None:
    """Correct the resource type AWS::S3::Bucket: ministack's own deletion takes the objects along, unasked."""
    own = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]

    def update(name: str, old: Properties, new: Properties, stack: str, _: str) -> tuple[str, dict[str, object]]:
        made: tuple[str, dict[str, object]] = own["update"](name, old, new, stack)
        return made

    teach("AWS::S3::Bucket", ResourceType(own["create"], update, _delete))


def _delete(name: str, _: Properties) -> None:
    if name not in s3._buckets:
        return
    status, _headers, body = s3._delete_bucket(name)
    if status >= 400:
        found = re.search(rb"<Message>(.*?)</Message>", body)
        raise ValueError(found[1].decode() if found else f"{name}: S3 refused with status {status}")
