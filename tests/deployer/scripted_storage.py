"""An S3 and an ECR that hold things in memory."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.response import StreamingBody

from tests.deployer.scripted_clients import RefusedError


class ScriptedS3:
    """Buckets of versions; `page` versions are listed at once, `locked` keys cannot be deleted."""

    def __init__(self, *buckets: str, page: int = 1000) -> None:
        self.calls: list[str] = []
        self.buckets: dict[str, list[tuple[str, str, bytes | None]]] = {name: [] for name in buckets}
        self.page = page
        self.locked: set[str] = set()
        self.now: Callable[[], datetime] = lambda: datetime(2026, 1, 1, tzinfo=UTC)
        self.headers: dict[str, str] = {}  # of every answer
        self._times: dict[tuple[str, str], datetime] = {}

    def fill(self, bucket: str, *keys: str) -> None:
        for key in keys:
            self.put_object(Bucket=bucket, Key=key, Body=b"")

    def bodies(self, bucket: str) -> dict[str, bytes]:
        newest = {key: body for key, _, body in self.buckets[bucket]}
        return {key: body for key, body in newest.items() if body is not None}

    def put_object(self, Bucket: str, Key: str, Body: bytes, **rest: object) -> Any:  # noqa: N803
        versions = self._versions(Bucket)
        if rest.get("IfNoneMatch") == "*" and Key in self.bodies(Bucket):
            raise _otherwise()
        self._require(Bucket, Key, rest.get("IfMatch"))
        versions.append((Key, f"v{len(versions)}", Body))
        self._times[Bucket, Key] = self.now()
        return {"ETag": _etag(Body)}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        self._versions(Bucket)
        body = self.bodies(Bucket).get(Key)
        if body is None:
            raise RefusedError("NoSuchKey", "The specified key does not exist.", 404)
        stream = StreamingBody(io.BytesIO(body), len(body))
        return {"Body": stream, "ETag": _etag(body), "LastModified": self._times[Bucket, Key]}

    def delete_object(self, Bucket: str, Key: str, IfMatch: str = "") -> dict[str, Any]:  # noqa: N803
        versions = self._versions(Bucket)
        self._require(Bucket, Key, IfMatch)
        versions.append((Key, f"v{len(versions)}", None))
        return {"DeleteMarker": True}

    def head_object(self, Bucket: str, Key: str) -> None:  # noqa: N803
        self._versions(Bucket)
        if Key not in self.bodies(Bucket):
            raise RefusedError("404", "Not Found", 404)

    def list_objects_v2(self, Bucket: str, Prefix: str = "", **_: object) -> dict[str, Any]:  # noqa: N803
        self._versions(Bucket)
        found = sorted(key for key in self.bodies(Bucket) if key.startswith(Prefix))
        return {"Contents": [{"Key": key} for key in found]} if found else {}

    def list_object_versions(self, Bucket: str, KeyMarker: str = "", **_: object) -> dict[str, Any]:  # noqa: N803
        left = [(key, version) for key, version, _ in self._versions(Bucket) if f"{key} {version}" > KeyMarker]
        left = sorted(left, key=lambda each: f"{each[0]} {each[1]}")
        page = [{"Key": key, "VersionId": version} for key, version in left[: self.page]]
        if len(left) <= self.page:
            return {"DeleteMarkers": page[:1], "Versions": page[1:], "IsTruncated": False}
        marker = f"{page[-1]['Key']} {page[-1]['VersionId']}"
        return {"Versions": page, "IsTruncated": True, "NextKeyMarker": marker, "NextVersionIdMarker": "-"}

    def delete_objects(self, Bucket: str, Delete: dict[str, Any], **_: object) -> dict[str, Any]:  # noqa: N803
        asked = {(each["Key"], each["VersionId"]) for each in Delete["Objects"]}
        held = self._versions(Bucket)
        self.buckets[Bucket] = [e for e in held if (e[0], e[1]) not in asked or e[0] in self.locked]
        refused = [{"Key": key, "Code": "AccessDenied", "Message": "held"} for key, _ in asked if key in self.locked]
        return {"Errors": refused} if refused else {}

    def _versions(self, bucket: str) -> list[tuple[str, str, bytes | None]]:
        if bucket not in self.buckets:
            raise RefusedError("NoSuchBucket", "The specified bucket does not exist", 404)
        return self.buckets[bucket]

    def _require(self, bucket: str, key: str, etag: object) -> None:
        body = self.bodies(bucket).get(key)
        if etag and body is None:
            raise RefusedError("NoSuchKey", "The specified key does not exist.", 404)
        if etag and body is not None and _etag(body) != etag:
            raise _otherwise()


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _otherwise() -> RefusedError:
    return RefusedError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)


class ScriptedEcr:
    """Repositories of images; an image that a manifest list refers to goes only after the list."""

    def __init__(self, **repositories: list[str]) -> None:
        self.calls: list[str] = []
        self.repositories = {name.replace("_", "-"): list(digests) for name, digests in repositories.items()}
        self.lists: dict[str, str] = {}  # digest of an image: digest of the list that refers to it

    def list_images(self, repositoryName: str, **_: object) -> dict[str, Any]:  # noqa: N803
        digests = self._images(repositoryName)
        tagged = [{"imageDigest": digest, "imageTag": tag} for digest in digests for tag in ("one", "two")]
        return {"imageIds": tagged} if tagged else {}

    def batch_delete_image(self, repositoryName: str, imageIds: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        held = self._images(repositoryName)
        before = set(held)
        for image in imageIds:
            if self.lists.get(image["imageDigest"]) not in before:
                held.remove(image["imageDigest"])
        return {"failures": []}

    def _images(self, repository: str) -> list[str]:
        if repository not in self.repositories:
            raise RefusedError("RepositoryNotFoundException", "The repository does not exist")
        return self.repositories[repository]
