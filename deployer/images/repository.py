"""The repository of images, asked through ECR: what a tag names, what there is, one more tag, fewer images."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.errors import DeployError, error_code

if TYPE_CHECKING:
    from mypy_boto3_ecr.type_defs import ImageIdentifierTypeDef

_ECR = re.compile(r"\d{12}\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+/")
_PAGE = 100  # images that ECR takes in one request
_DEPLOY = "`make airflow-deploy` makes it"


@dataclass(frozen=True)
class Credentials:
    """What a registry is logged in to with; the password is a token of twelve hours, and is never shown."""

    registry: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Image:
    """An image in the repository: its digest, every tag, when it was pushed, and its size there in bytes."""

    digest: str
    tags: tuple[str, ...]
    pushed: datetime
    size: int


def registry(uri: str) -> str:
    """Host of a repository's URI, `<account>.dkr.ecr.<region>.amazonaws.com`, in China with `.cn` behind."""
    return uri.partition("/")[0]


def name(uri: str) -> str:
    """Name of the repository within its registry."""
    return uri.partition("/")[2]


def credentials(aws: Aws, uri: str) -> Credentials:
    """Ask ECR for a token to log in with.

    It is `user:password` in base64, good for twelve hours, whichever host it names as its end point
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_AuthorizationData.html).
    """
    given = aws.ecr.get_authorization_token()["authorizationData"]
    user, colon, password = base64.b64decode(given[0].get("authorizationToken", "") if given else "").partition(b":")
    if not colon:
        raise DeployError("ECR gave no token to log in with")
    return Credentials(registry(uri), user.decode(), password.decode())


def may_log_in(aws: Aws, reference: str) -> bool:
    """Whether an image is in a private ECR of the region that is deployed to: a token is good for one region.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
    """
    host = _ECR.match(reference)
    return host is not None and host["region"] == aws.region


def digest_of(aws: Aws, uri: str, tag: str) -> str | None:
    """The digest that a tag names; None when there is no such tag. Raises DeployError without the repository."""
    try:
        with _of(uri):
            answer = aws.ecr.describe_images(repositoryName=name(uri), imageIds=[{"imageTag": tag}])
    except ClientError as error:
        if error_code(error) == "ImageNotFoundException":
            return None
        raise
    return next((image["imageDigest"] for image in answer["imageDetails"]), None)


def images(aws: Aws, uri: str) -> tuple[Image, ...]:
    """Every image of the repository with its tags, newest first."""
    pages = aws.ecr.get_paginator("describe_images").paginate(repositoryName=name(uri))
    with _of(uri):
        found = [
            Image(
                each["imageDigest"],
                tuple(sorted(each.get("imageTags", []))),
                each["imagePushedAt"],
                each.get("imageSizeInBytes", 0),
            )
            for page in pages
            for each in page["imageDetails"]
        ]
    return tuple(sorted(found, key=lambda image: image.pushed, reverse=True))


def add_tag(aws: Aws, uri: str, digest: str, tag: str) -> None:
    """Give an image one more tag; that it has it already is well. An immutable repository takes new tags, too.

    The manifest is put again under the other name (https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-retag.html).
    Raises DeployError when the image is gone, or the tag is another image's.
    """
    with _of(uri):
        got = aws.ecr.batch_get_image(repositoryName=name(uri), imageIds=[{"imageDigest": digest}])
    if not got.get("images"):
        raise DeployError(f"{uri}@{digest} is no longer in the repository", "push the image again")
    image = got["images"][0]
    manifest, kind = image["imageManifest"], image.get("imageManifestMediaType")
    try:
        aws.ecr.put_image(
            repositoryName=name(uri),
            imageManifest=manifest,
            imageTag=tag,
            imageDigest=digest,
            **({"imageManifestMediaType": kind} if kind else {}),
        )
    except ClientError as error:
        # In an immutable repository both come for a tag that is there, whatever image it names.
        if error_code(error) not in {"ImageAlreadyExistsException", "ImageTagAlreadyExistsException"}:
            raise
        if (named := digest_of(aws, uri, tag)) != digest:
            raise DeployError(f"{uri}:{tag} names another image already, {named}") from error


def delete(aws: Aws, uri: str, digests: Iterable[str]) -> None:
    """Delete images with all their tags; what is gone already is well. Raises DeployError for what stays."""
    wanted: list[ImageIdentifierTypeDef] = [{"imageDigest": each} for each in sorted(set(digests))]
    for start in range(0, len(wanted), _PAGE):
        with _of(uri):
            answer = aws.ecr.batch_delete_image(repositoryName=name(uri), imageIds=wanted[start : start + _PAGE])
        left = [one for one in answer.get("failures", []) if one.get("failureCode") != "ImageNotFound"]
        if left:
            first = left[0]
            raise DeployError(
                f"{uri}: {len(left)} images could not be deleted, the first is "
                f"{first.get('imageId', {}).get('imageDigest', '')}: {first.get('failureReason', '')}"
            )


@contextmanager
def _of(uri: str) -> Iterator[None]:
    """Say in one line that the repository itself is missing."""
    try:
        yield
    except ClientError as error:
        if error_code(error) != "RepositoryNotFoundException":
            raise
        raise DeployError(f"there is no image repository {uri}", _DEPLOY) from error
