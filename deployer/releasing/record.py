"""The record of one release while it is being rolled out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from deployer.errors import AWS_ERRORS, DeployError, explain
from deployer.images import repository
from deployer.releasing import history, releases, retention
from deployer.releasing.releases import Migrated, Release, State
from deployer.releasing.targets import Image, Target
from deployer.tools import Tools


class Record:
    """A release that is yet to begin, that is being rolled out, or that is closed."""

    def __init__(self, tools: Tools, target: Target) -> None:
        self._tools, self._target = tools, target
        self._release: Release | None = None

    @property
    def release(self) -> Release:
        """The release. Raises DeployError before it has begun."""
        if self._release is None:
            raise DeployError("the release has not begun", "this is a defect of the deployer")
        return self._release

    @property
    def has_begun(self) -> bool:
        """Whether it is written down."""
        return self._release is not None

    @property
    def is_open(self) -> bool:
        """Whether it is not known yet what becomes of it."""
        return self._release is not None and self._release.state is State.ROLLING

    def begin(self, image: Image, settings: str, known: Sequence[Release]) -> None:
        """Write a release down, and keep its image from expiring. Raises DeployError, and then it is closed."""
        number, in_repository = self._next_number(image, known)
        about = (image.reference, image.tag, settings, image.airflow, image.facts)
        begun = Release(number, *about, history.now(self._tools), self._tools.aws.identity().arn)
        releases.begin(self._tools.aws, self._target.bucket, begun)
        self._release = begun
        if not in_repository:
            return
        try:
            retention.check_policy(self._tools, self._target)
            repository.add_tag(self._tools.aws, self._target.repository, begun.digest, retention.tag_of(number))
        except BaseException:
            self.close(State.FAILED, Migrated.NO)
            raise

    def take_up(self, release: Release) -> None:
        """Open one again that is in the services and was not proven."""
        self._release = release
        self.note(state=State.ROLLING, ended="")

    def note(self, **changed: Any) -> None:  # noqa: ANN401 - fields of a release
        """Write down what is known by now. That it cannot be written down does not hide what has happened."""
        self._release = replace(self.release, **changed)
        try:
            releases.write(self._tools.aws, self._target.bucket, self._release)
        except AWS_ERRORS as error:
            number = self._release.number
            self._tools.report(f"the record of release {number} could not be written: {explain(error)}")

    def close(self, state: State, migrated: Migrated, unproven: str = "") -> Release:
        """Write down what has become of it."""
        ended = history.now(self._tools)
        self.note(state=state, migrated=migrated, unproven=unproven, ended=ended)
        return self.release

    def _next_number(self, image: Image, known: Sequence[Release]) -> tuple[int, bool]:
        """The next number, and whether the image is in our repository: tags there tell of releases, too."""
        numbers = [each.number for each in known]
        if not self._target.holds(image.reference):
            return max(numbers, default=0) + 1, False
        there = repository.images(self._tools.aws, self._target.repository)
        tagged = retention.numbers(tag for one in there for tag in one.tags)
        return max([*numbers, *tagged], default=0) + 1, True
