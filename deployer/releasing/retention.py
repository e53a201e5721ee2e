"""Which images stay in the repository: those that somebody can return to, those in service, those on their way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from botocore.exceptions import ClientError

from deployer.ecs.services import Services
from deployer.errors import AWS_ERRORS, DeployError, error_code, explain
from deployer.images import repository
from deployer.releasing import releases
from deployer.releasing.releases import Release, State
from deployer.releasing.targets import Target
from deployer.tools import Tools

_PREFIX = "release-"
_TAG = re.compile(rf"{_PREFIX}(?P<number>\d+)")


def tag_of(number: int) -> str:
    """The tag that keeps the image of a release from expiring."""
    return f"{_PREFIX}{number}"


def numbers(tags: Iterable[str]) -> tuple[int, ...]:
    """Numbers of the releases that an image's tags name."""
    return tuple(int(match["number"]) for tag in tags if (match := _TAG.fullmatch(tag)))


def check_policy(tools: Tools, target: Target) -> None:
    """Tell when the repository's policy is of before there were releases, and may let their images expire.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetLifecyclePolicy.html
    """
    try:
        told = tools.aws.ecr.get_lifecycle_policy(repositoryName=repository.name(target.repository))
        rules = json.loads(told.get("lifecyclePolicyText", "")).get("rules", [])
        prefixes = {one for rule in rules for one in rule.get("selection", {}).get("tagPrefixList", [])}
    except AWS_ERRORS as error:
        if isinstance(error, ClientError) and error_code(error) == "LifecyclePolicyNotFoundException":
            return  # nothing expires
        tools.report(f"the repository's lifecycle policy cannot be looked at: {explain(error)}")
        return
    except (ValueError, AttributeError):
        prefixes = set()
    if _PREFIX not in prefixes:
        tools.report(
            "warning: the repository's lifecycle policy may let images of releases expire, also those in service;"
            " run `make airflow-deploy` first, which brings the policy that keeps them"
        )


def prune(tools: Tools, target: Target, release: Release, cluster: str) -> None:
    """Remove images of releases that are too old to return to, and that nothing runs. Nothing fails by it.

    Records and tags are read afresh: somebody may have begun a release since.
    """
    try:
        if old := _old(tools, target, release, cluster):
            repository.delete(tools.aws, target.repository, old)
            tools.report(f"images of releases that nobody can return to any more: {len(old)} removed")
    except AWS_ERRORS as error:
        tools.report(f"images of old releases were not removed: {explain(error)}")
    except DeployError as error:
        tools.report(f"images of old releases were not removed: {error}")


def _old(tools: Tools, target: Target, release: Release, cluster: str) -> list[str]:
    known = releases.read(tools.aws, target.bucket, target.keep)
    offered = list(
        dict.fromkeys(each.digest for each in known if each.state is State.LIVE and target.holds(each.image))
    )
    if len(offered) < target.keep:
        return []  # older ones that were live may not have been read
    kept = {*offered[: target.keep], release.digest, *(each.digest for each in known if each.state is State.ROLLING)}
    kept |= {releases.digest_of(reference) for reference in Services(tools.aws).images_in_use(cluster)}
    return [
        image.digest
        for image in repository.images(tools.aws, target.repository)
        if image.digest not in kept and 0 < max(numbers(image.tags), default=0) < release.number
    ]
