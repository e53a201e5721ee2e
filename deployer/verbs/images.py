"""The verb of every day: push the image and roll it out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deployer.checkout import LOCAL
from deployer.console.lines import say
from deployer.errors import DONE, DeployError, WrongUse
from deployer.verbs.dags import checked
from deployer.verbs.offline import settings_of
from deployer.verbs.pasting import here
from deployer.verbs.reaching import reach, screen_of, tools_of

if TYPE_CHECKING:
    from deployer.cloudformation.stacks import Stack
    from deployer.console.screen import Screen
    from deployer.images.engine import Engine
    from deployer.releasing.releases import Release
    from deployer.releasing.targets import Image, Target
    from deployer.tools import Tools
    from deployer.verbs.image_sources import Check
    from generator.config.settings import Settings

DEPLOY = "deploy first with `make airflow-deploy`, which builds and pushes the image, too"


def push_image(options: argparse.Namespace) -> int:
    """Check the DAGs, build the image, push it, roll it out, and say what is live."""
    from deployer.verbs.image_sources import engine

    settings = of_an_account(options, "push")
    screen = screen_of(options)
    tools = tools_of(reach(settings), screen.say)
    check = None if options.skip_dag_check else checked
    summary = push(settings, tools, engine(), check, nested=not options.no_nested, screen=screen)
    tools.done()
    return tell(summary, options)


@dataclass(frozen=True)
class Summary:
    """What a verb has to say at its end: in one line, and as data."""

    line: str
    data: Mapping[str, object]


def push(
    settings: Settings,
    tools: Tools,
    engine: Engine,
    check: Check | None = checked,
    *,
    screen: Screen,
    nested: bool = True,
) -> Summary:
    """Publish the image of this checkout and roll it out; without `check` the DAGs go in as they are.

    Raises DeployError, WrongUse.
    """
    from deployer.locking import lock

    if settings.airflow.image:
        raise WrongUse(
            f"airflow.image in service.yml names a ready image, {settings.airflow.image}: there is nothing to build",
            "take it out to have the image built here; or name another one and run `make airflow-deploy`",
        )
    target, _ = found(settings, tools)
    with lock.held(tools, target.bucket, "push") as hold:  # before a build of minutes: somebody may be at work
        image, is_deployed = _published(settings, tools, engine, check, target)
        if not is_deployed:
            line = f"pushed: {image.reference}; nothing is deployed yet that could run it: run `make airflow-deploy`"
            return Summary(line, {"image": image.reference, "state": "pushed"})
        release = rolled(replace(tools, require=hold.require), target, image, screen, nested=nested)
    if release is None:
        line = f"unchanged: {image.reference} is live already"
        return Summary(line, {"image": image.reference, "state": "unchanged"})
    return Summary(live_line(release), brief(release))


def _published(
    settings: Settings, tools: Tools, engine: Engine, check: Check | None, target: Target
) -> tuple[Image, bool]:
    """Have the image in the repository, and say whether a root is there to run it."""
    from deployer.ecs.services import Services
    from deployer.outputs import CLUSTER
    from deployer.releasing import history
    from deployer.verbs.image_sources import architecture, content_of, published, require_good_dags

    current = history.at_rest(tools, target)
    history.settled(tools, target, current)
    running = Services(tools.aws).read(current.outputs.get(CLUSTER) if current else None)
    wanted = content_of(settings, architecture(settings, running))
    require_good_dags(settings, tools, check)
    return published(wanted, engine, settings, tools, target), current is not None


def rolled(tools: Tools, target: Target, image: Image, screen: Screen, *, nested: bool) -> Release | None:
    """Roll an image out, showing what happens; None when it is live already."""
    from deployer.releasing.image_changes import only_the_image
    from deployer.releasing.rollout import roll

    return screen.show(roll(tools, target, image, screen.told(only_the_image), nested=nested))


def live_line(release: Release, note: str = "") -> str:
    """Say what is live, or that nobody has seen it run."""
    word = f"rolled out, not proven ({release.unproven})" if release.unproven else "live"
    return f"{word}: {release.image}, release {release.number}{note}"


def brief(release: Release) -> dict[str, object]:
    """A release as data without every revision that its image knows."""
    from deployer.releasing.releases import as_data

    return {name: value for name, value in as_data(release).items() if name != "facts"}


def tell(summary: Summary, options: argparse.Namespace) -> int:
    """Say it, and print it as data where that is asked for."""
    say(here(summary.line, options))
    if options.json:
        print(json.dumps(summary.data, indent=2))
    return DONE


def of_an_account(options: argparse.Namespace, what: str) -> Settings:
    """Read the settings of an environment. Raises WrongUse for the one that has no image."""
    settings = settings_of(options)
    if settings.environment == LOCAL:
        raise WrongUse(
            f"the environment local has no image to {what}: its components run as processes of this checkout",
            'run `make airflow-local`, or, in containers of the image, `make airflow-local ARGS="--docker"`',
        )
    return settings


def found(settings: Settings, tools: Tools) -> tuple[Target, Stack | None]:
    """Find the foundation and the root; that is None when it is yet to be deployed. Raises DeployError."""
    from deployer.cloudformation import stacks
    from deployer.releasing.targets import Target

    foundation = stacks.made(stacks.find(tools.aws, f"{settings.stack_name}-foundation"))
    if foundation is None:
        raise DeployError(f"there is no stack {settings.stack_name}-foundation in {tools.aws.region}", DEPLOY)
    current = stacks.made(stacks.find(tools.aws, settings.stack_name))
    target = Target.of(settings.stack_name, foundation.outputs, settings.ecr.images_lifecycle_count)
    return target, current
