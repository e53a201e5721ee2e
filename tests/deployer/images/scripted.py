"""An engine's program and a repository, played."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from deployer.clock import Clock
from deployer.images.programs import Call, Done, Told
from tests.deployer.scripted_clients import RefusedError

URI = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/images"
REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
FACTS = {
    "airflow": "3.3.2",
    "python": "3.12.7",
    "database": {"alembic_version": {"heads": ["c"], "known": ["a", "b", "c"]}},
}
TOKEN = "a-token-of-twelve-hours"


def still() -> Clock:
    """Time that passes only by sleeping."""
    passed = [0.0]

    def sleep(seconds: float) -> None:
        passed[0] += seconds

    return Clock(now=lambda: passed[0], sleep=sleep)


class ScriptedProgram:
    """A docker that has what it built; `answers` are what a subcommand does instead, once each, in order."""

    def __init__(self, pushed: Callable[[str], object] = str) -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, list[Sequence[str]]] = {}
        self.images: set[str] = set()
        self.architecture = "amd64"
        self.facts = json.dumps(FACTS)
        self.during: Callable[[Call], object] = repr
        self._pushed = pushed

    def fail(self, subcommand: str, *lines: str) -> None:
        self.answers.setdefault(subcommand, []).append(lines)

    @property
    def did(self) -> list[str]:
        return [call.arguments[1] for call in self.calls]

    def __call__(self, call: Call, told: Told | None = None) -> Done:
        self.calls.append(call)
        self.during(call)
        words = call.arguments[1:]
        if left := self.answers.get(words[0]):
            lines = left.pop(0)
            if told:
                for line in lines:
                    told(line)
            return Done(1, tuple(lines))
        if told:
            told(f"{words[0]}: well")
        status, output = self._do(*words)
        return Done(status, tuple(output.splitlines()), output)

    def _do(self, *words: str) -> tuple[int, str]:
        match words[0]:
            case "build":
                self.images.add(next(word.removeprefix("--tag=") for word in words if word.startswith("--tag=")))
            case "image":
                known = {"{{.Architecture}}": self.architecture, "{{.Size}}": "678000000", "{{.Id}}": "sha256:1"}
                asked = words[2].removeprefix("--format=")
                return (0, f"{known[asked]}\n") if words[3] in self.images else (1, f"Error: No such image: {words[3]}")
            case "run":
                assert "--pull=never" in words
                there = self.images.intersection(words)
                return (0, f"{self.facts}\n") if there else (125, "docker: Error response from daemon: No such image")
            case "push":
                self._pushed(words[1])
            case _:
                pass
        return 0, ""


class ScriptedRepository:
    """ECR with one immutable repository."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.images: dict[str, list[str]] = {}
        self.manifests: dict[str, str] = {}
        self.late = 0  # looks for a tag until it is seen
        self.held: set[str] = set()

    def push(self, reference: str) -> str:
        """What a registry does at the end of a push."""
        tag = reference.rpartition(":")[2]
        manifest = f"manifest of {tag}"
        digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
        self.images.setdefault(digest, []).append(tag)
        self.manifests[digest] = manifest
        return digest

    def get_authorization_token(self) -> dict[str, Any]:
        token = base64.b64encode(f"AWS:{TOKEN}".encode()).decode()
        return {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": f"https://{REGISTRY}"}]}

    def describe_images(self, repositoryName: str, imageIds: Any = (), **_: object) -> dict[str, Any]:  # noqa: N803
        self._check(repositoryName)
        digests = [self._find(one) for one in imageIds] or list(self.images)
        if self.late and imageIds:
            self.late -= 1
            digests = [None]
        if None in digests:
            raise RefusedError("ImageNotFoundException", "The image with imageId {...} does not exist")
        first = datetime(2026, 1, 1, tzinfo=UTC)
        details = [
            {"imageDigest": d, "imageTags": self.images[d], "imagePushedAt": first + timedelta(days=n)}
            for n, d in enumerate(digests)
            if d
        ]
        return {"imageDetails": details}

    def batch_get_image(self, repositoryName: str, imageIds: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self._check(repositoryName)
        found = [digest for one in imageIds if (digest := self._find(one))]
        kind = "application/vnd.oci.image.manifest.v1+json"
        return {"images": [{"imageManifest": self.manifests[d], "imageManifestMediaType": kind} for d in found]}

    def put_image(self, imageTag: str, imageDigest: str, imageManifest: str, **rest: str) -> dict[str, Any]:  # noqa: N803
        self._check(rest["repositoryName"])
        assert rest["imageManifestMediaType"] == "application/vnd.oci.image.manifest.v1+json"
        assert self.manifests[imageDigest] == imageManifest
        holder = self._find({"imageTag": imageTag})
        if holder == imageDigest:
            raise RefusedError("ImageAlreadyExistsException", "Image with digest and tag already exists")
        if holder:
            raise RefusedError("ImageTagAlreadyExistsException", "The image tag already exists, and it is immutable")
        self.images[imageDigest].append(imageTag)
        return {}

    def batch_delete_image(self, repositoryName: str, imageIds: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self._check(repositoryName)
        assert len(imageIds) <= 100
        failures = []
        for one in imageIds:
            digest = one["imageDigest"]
            code = "ImageReferencedByManifestList" if digest in self.held else "ImageNotFound"
            if digest in self.held or self.images.pop(digest, None) is None:
                failures.append({"imageId": one, "failureCode": code, "failureReason": "so it is"})
        return {"failures": failures}

    def _check(self, name: str) -> None:
        if name != "images":
            raise RefusedError("RepositoryNotFoundException", f"The repository with name '{name}' does not exist")

    def _find(self, one: dict[str, str]) -> str | None:
        if "imageDigest" in one:
            return one["imageDigest"] if one["imageDigest"] in self.images else None
        return next((digest for digest, tags in self.images.items() if one["imageTag"] in tags), None)
