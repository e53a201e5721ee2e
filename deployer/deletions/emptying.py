"""Buckets and image repositories, which CloudFormation does not delete while something is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.cloudformation.inventory import Resource
from deployer.errors import DeployError, error_code
from deployer.locking import lock

if TYPE_CHECKING:
    from mypy_boto3_ecr.type_defs import ImageIdentifierTypeDef
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_GONE = {"NoSuchBucket", "RepositoryNotFoundException"}
# What the deployer keeps in the foundation's bucket: whoever deploys has it, or it means nothing without the stacks.
_RECORDS = ("templates/", "releases/", "images/", "operations/", "deployed.json", lock.KEY)


@dataclass(frozen=True)
class Content:
    """What is in a bucket or a repository: `count` things, or more when `more`.

    `records`: nothing but what the deployer itself keeps there.
    """

    resource: Resource
    count: int
    more: bool
    noun: str
    records: bool = False

    def __str__(self) -> str:
        return f"{'more than ' if self.more else ''}{self.count} {self.noun}{'' if self.count == 1 else 's'}"


def content(aws: Aws, resource: Resource, records_bucket: str = "") -> Content | None:
    """Return what stands in the way of deleting a resource; None when it is empty or of another kind.

    `records_bucket` is the foundation's: in it the deployer keeps things itself.
    """
    kind = _KINDS.get(resource.type)
    if kind is None:
        return None
    pages = kind.names(aws, resource.physical_id)
    if resource.physical_id == records_bucket:
        names = [name for page in pages for name in page]
        records = all(name.startswith(_RECORDS) for name in names)
        return Content(resource, len(names), more=False, noun=kind.noun, records=records) if names else None
    counts = [len(page) for page in islice(pages, 2)]  # a full bucket need not be counted out
    return Content(resource, counts[0], more=sum(counts) > counts[0], noun=kind.noun) if sum(counts) else None


def empty(aws: Aws, resource: Resource) -> None:
    """Delete all that is in a bucket (every version) or a repository (every image). Raises DeployError."""
    _KINDS[resource.type].empty(aws, resource.physical_id)


def _keys(aws: Aws, bucket: str) -> Iterator[Sequence[str]]:
    return ([version["Key"] for version in page] for page in _versions(aws, bucket))


def _versions(aws: Aws, bucket: str) -> Iterator[list[ObjectIdentifierTypeDef]]:
    pages = aws.s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    with _while_there():
        for page in pages:
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            yield [{"Key": e["Key"], "VersionId": e["VersionId"]} for e in entries if "Key" in e and "VersionId" in e]


def _empty_bucket(aws: Aws, bucket: str) -> None:
    for page in _versions(aws, bucket):
        if not page:
            continue
        answer = aws.s3.delete_objects(Bucket=bucket, Delete={"Objects": page, "Quiet": True})
        if errors := answer.get("Errors"):
            first = errors[0]
            raise DeployError(
                f"bucket {bucket}: {len(errors)} objects could not be deleted, "
                f"the first is {first.get('Key', '')}: {first.get('Code', '')}: {first.get('Message', '')}"
            )


def _digests(aws: Aws, repository: str) -> Iterator[Sequence[str]]:
    return ([image["imageDigest"] for image in page if "imageDigest" in image] for page in _images(aws, repository))


def _images(aws: Aws, repository: str) -> Iterator[list[ImageIdentifierTypeDef]]:
    pages = aws.ecr.get_paginator("list_images").paginate(repositoryName=repository, PaginationConfig={"PageSize": 100})
    with _while_there():
        for page in pages:
            # Tags of one image are listed apart; deleting its digest deletes all of them.
            digests = sorted({image["imageDigest"] for image in page.get("imageIds", []) if "imageDigest" in image})
            yield [{"imageDigest": digest} for digest in digests]


def _empty_repository(aws: Aws, repository: str) -> None:
    """Delete in rounds: an image that a manifest list refers to can only go once the list has gone."""
    before: set[str] = set()
    while left := [image for page in _images(aws, repository) for image in page]:
        digests = {image["imageDigest"] for image in left if "imageDigest" in image}
        if digests == before:
            raise DeployError(f"repository {repository}: {len(left)} images could not be deleted")
        before = digests
        with _while_there():  # CloudFormation, which is deleting its stack, may be quicker
            for start in range(0, len(left), 100):
                aws.ecr.batch_delete_image(repositoryName=repository, imageIds=left[start : start + 100])


@contextmanager
def _while_there() -> Iterator[None]:
    """What is gone already, or goes meanwhile, is empty."""
    try:
        yield
    except ClientError as error:
        if error_code(error) not in _GONE:
            raise


@dataclass(frozen=True)
class _Kind:
    """How to look into a kind of resource, page by page, and how to empty it."""

    noun: str
    names: Callable[[Aws, str], Iterator[Sequence[str]]]
    empty: Callable[[Aws, str], None]


_KINDS = {
    "AWS::S3::Bucket": _Kind("object version", _keys, _empty_bucket),
    "AWS::ECR::Repository": _Kind("image", _digests, _empty_repository),
}

TYPES = frozenset(_KINDS)
