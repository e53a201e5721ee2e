"""What is rolled out, and where to: an image, and the stacks of an environment with what they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deployer.errors import DeployError
from deployer.images.facts import ImageFacts
from deployer.outputs import BUCKET, REPOSITORY


@dataclass(frozen=True)
class Image:
    """An image that can be rolled out: its reference by digest, and what is known of it."""

    reference: str
    airflow: str
    tag: str = ""
    facts: ImageFacts | None = None


@dataclass(frozen=True)
class Target:
    """Where releases go: the root stack, the foundation's bucket and repository, and how many images are kept."""

    root: str
    bucket: str
    repository: str
    keep: int

    @classmethod
    def of(cls, root: str, foundation: Mapping[str, str], keep: int) -> Target:
        """Read it from the foundation's outputs. Raises DeployError when they lack something."""
        if missing := [name for name in (BUCKET, REPOSITORY) if not foundation.get(name)]:
            raise DeployError(f"{root}-foundation has no output {missing[0]}", "`make airflow-deploy` mends it")
        return cls(root, foundation[BUCKET], foundation[REPOSITORY], keep)

    def holds(self, reference: str) -> bool:
        """Whether an image, by digest, is in the environment's own repository."""
        return reference.startswith(f"{self.repository}@")
