"""Where the image of a release comes from: it is built from this checkout, or it is there and was named."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from deployer.checkout import CHECKOUT
from deployer.cloudformation import stacks
from deployer.ecs.services import Service
from deployer.errors import DeployError, WrongUse
from deployer.images import facts, repository
from deployer.images.content import Content, content
from deployer.images.engine import Engine, chosen
from deployer.images.publish import Destination, Report, build, publish
from deployer.outputs import REPOSITORY
from deployer.releasing import releases
from deployer.releasing.targets import Image, Target
from deployer.tools import Tools
from local.layout import Layout

if TYPE_CHECKING:
    from deployer.dag_checks.dags import DagReport
    from generator.config.settings import Settings

    Check = Callable[[Settings, Callable[[str], None]], DagReport]

# https://github.com/distribution/reference/blob/main/reference.go
_ONE_IMAGE = re.compile(r"[^\s@]+(@sha256:[0-9a-f]{64}|:\w[\w.-]{0,127})")


def image_of(settings: Settings, reference: str, tools: Tools, check: Check | None) -> Callable[[Target], Image]:
    """What makes the image that a deploy needs: `reference`, if one is given, else it is built and pushed.

    What can be missing for that is found here, before anything is deployed: WrongUse is raised for a reference that is
    none, DeployError for the rest.
    """
    if reference:
        if not _ONE_IMAGE.fullmatch(reference):
            line = f"{reference} names no image: behind its repository there is neither a digest nor a tag"
            raise WrongUse(line, "write it like repository@sha256:64-HEX-DIGITS")
        return lambda target: named(settings, reference, tools, target)
    wanted, program = content_of(settings, settings.service.architecture.upper()), engine()
    foundation = stacks.find(tools.aws, f"{settings.stack_name}-foundation")
    uri = foundation.outputs.get(REPOSITORY, "") if foundation else ""
    if not uri or repository.digest_of(tools.aws, uri, wanted.tag) is None:
        program.require()
        require_good_dags(settings, tools, check)
    return lambda target: published(wanted, program, settings, tools, target)


def named(settings: Settings, reference: str, tools: Tools, target: Target) -> Image:
    """An image that is there. One of our own repository is taken by its digest, whatever tag it was named by.

    So that it can be kept, and returned to, though the tag may one day be another image's. Raises DeployError when our
    repository has no such tag.
    """
    tag = ""
    if reference.startswith(f"{target.repository}:"):
        tag = reference.removeprefix(f"{target.repository}:")
        digest = repository.digest_of(tools.aws, target.repository, tag)
        if digest is None:
            raise DeployError(f"there is no image {reference}", "push it, or name one that is there")
        reference = f"{target.repository}@{digest}"
    known = None
    if target.holds(reference):
        known = facts.stored(tools.aws, target.bucket, releases.digest_of(reference))
    return Image(reference, known.airflow if known else settings.airflow.version, tag, known)


def published(wanted: Content, program: Engine, settings: Settings, tools: Tools, target: Target) -> Image:
    """Build and push an image, unless it is there. Raises DeployError."""
    tools.step("building and pushing the image")
    destination = Destination(target.repository, target.bucket)
    done = publish(tools.aws, destination, wanted, program, tools.report, tools.clock)
    tools.done()
    airflow = done.facts.airflow if done.facts else settings.airflow.version
    return Image(done.reference, airflow, done.tag, done.facts)


def built_here(settings: Settings, report: Report) -> str:
    """Build the image for this machine's own processor, unless its engine has it, and name it. Raises DeployError."""
    builder = engine()
    builder.require()
    wanted = content_of(settings, "ARM64" if platform.machine().lower() in ("arm64", "aarch64") else "X86_64")
    reference = f"airflow-local:{wanted.tag}"
    if not builder.exists(reference):
        build(wanted, reference, builder, report)
    return reference


def require_good_dags(settings: Settings, tools: Tools, check: Check | None) -> None:
    """Raise DeployError, after telling every finding, when the DAGs would not all come up."""
    if check is None:
        tools.report("the DAGs are not checked (--skip-dag-check)")
        return
    tools.step("checking the DAGs")
    found = check(settings, tools.report)
    for finding in found.findings:
        tools.report(str(finding))
    tools.report(found.summary)
    tools.done()
    if not found.passed:
        raise DeployError(
            "the DAGs have errors: nothing was built, pushed or changed",
            'mend what is named above; if it is a false alarm, go on with ARGS="--skip-dag-check"',
        )


def architecture(settings: Settings, running: Sequence[Service]) -> str:
    """What the image must be built for: what the deployed task definitions want, else what the settings say."""
    wanted = settings.service.architecture.upper()
    deployed = sorted({each.definition.architecture for each in running})
    if deployed and deployed != [wanted]:
        raise DeployError(
            f"service.architecture in service.yml is {wanted}, but what is deployed wants {', '.join(deployed)}",
            "deploy that change with `make airflow-deploy`, which builds for it; or take it back",
        )
    return wanted


def content_of(settings: Settings, wanted: str) -> Content:
    """What goes into the image of this checkout, for an architecture."""
    return content(CHECKOUT, settings.build_arguments, wanted)


def engine() -> Engine:
    """The program that builds, as the user's variables choose it."""
    return chosen(os.environ, Layout(CHECKOUT).home)
