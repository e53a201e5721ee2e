"""The verb that brings an environment to what service.yml says."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.checkout import LOCAL
from deployer.clock import REAL_TIME, Clock
from deployer.errors import DONE
from deployer.verbs.costing import shown
from deployer.verbs.dags import checked
from deployer.verbs.offline import rendered, require_reviewed, settings_of
from deployer.verbs.pasting import here
from deployer.verbs.reaching import inside, layout, names_of, reach, screen_of, tools_of
from deployer.verbs.reading import show_outputs
from deployer.verbs.wanted import wanted_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from deployer.aws import Aws
    from deployer.cloudformation.stacks import Stack
    from deployer.deploying.deployment import Deployed
    from deployer.deploying.fernet import Brought
    from deployer.releasing.targets import Image, Target
    from deployer.tools import Tools
    from generator.config.settings import Settings

LOCAL_IMAGE = "processes"  # there the components run as processes, of no image


def deploy(options: argparse.Namespace) -> int:
    """Bring both stacks of an environment to what service.yml says."""
    from deployer.console.lines import say

    settings = settings_of(options, told=True)
    if settings.environment == LOCAL:
        from local.session import deploying

        with deploying(layout(), say) as endpoint:
            aws = inside(endpoint)
            deployed = bring(settings, options, aws)
    else:
        aws = reach(settings)
        deployed = bring(settings, options, aws)
    show_outputs(deployed.foundation.outputs | deployed.root.outputs, options, settings, aws.region)
    for line in (*deployed.foundation.left, *deployed.root.left):  # last of all, so that nobody misses it
        say(here(line, options))
    return DONE


def bring(settings: Settings, options: argparse.Namespace, aws: Aws, clock: Clock = REAL_TIME) -> Deployed:
    """Render, show, ask, deploy, and say what came of it. Raises Declined, DeployError."""
    from deployer.deploying import deployment, fernet
    from deployer.plans.consent import consent
    from deployer.plans.revisions import git_in, head
    from deployer.verbs.images import live_line

    require_reviewed(settings, options)
    commit = head(git_in(Path.cwd()))  # before rendering, which may change files
    folder, _ = rendered(settings, options)
    screen = screen_of(options)
    tools = replace(tools_of(aws, screen.say), clock=clock)
    identity = aws.identity()
    screen.say(f"Deploying {settings.stack_name} to account {identity.account} in {aws.region} as {identity.arn}")
    image_is_local = settings.environment == LOCAL
    desired = deployment.Desired(
        names_of(settings),
        folder,
        parameters=parameters(settings, _local_image(settings, options) if image_is_local else ""),
        tags=settings.all_tags,
        nested=not options.no_nested,
        inherited=inherited(settings),
        image=None if image_is_local else _image(settings, options, tools),
        keep=settings.ecr.images_lifecycle_count,
        ready=_preflight(settings, options, tools),
        secrets=fernet_key(settings, tools, os.environ.get(fernet.VARIABLE, "")),
        settings=settings.model_dump(mode="json", by_alias=True),
        commit=commit,
    )

    agree = consent(screen.ask, lambda changes: shown(changes, settings, aws), nested=desired.nested)
    deployed = screen.show(deployment.deploy(tools, desired, screen.told(agree), screen.ask))
    tools.done()
    for result in (deployed.foundation, deployed.root):
        screen.say(f"{result.stack}: {result.outcome}")
    if deployed.release:
        screen.say(live_line(deployed.release))
    return deployed


def inherited(settings: Settings) -> tuple[str, ...]:
    """Outputs of the foundation that are parameters of the root, too."""
    return ("KeyArn",) if settings.kms.customer else ()


def _preflight(settings: Settings, options: argparse.Namespace, tools: Tools) -> Callable[[], Callable[[], None]]:
    """Check account and region; the AWS inside this machine has all that there is to want."""
    from deployer.preflight import checks
    from deployer.tools import nothing

    if settings.environment == LOCAL:
        return lambda: nothing
    wanted = wanted_of(settings, tools.aws.region, options.image or "")
    return lambda: checks.ready(tools, wanted)


def _image(settings: Settings, options: argparse.Namespace, tools: Tools) -> Callable[[Target], Image]:
    from deployer.verbs.image_sources import image_of

    check = None if options.skip_dag_check else checked
    return image_of(settings, options.image or settings.airflow.image, tools, check)


def _local_image(settings: Settings, options: argparse.Namespace) -> str:
    return str(options.image or settings.airflow.image or LOCAL_IMAGE)


def parameters(settings: Settings, image: str = "") -> dict[str, str]:
    """Values of the root's parameters: the image, if one is named, and the secrets that exist already.

    Without a word of a Fernet key the root keeps the one it has, which may have been brought to the first deploy.
    """
    from deployer.deploying.fernet import PARAMETER
    from generator.airflow.components import secret_names
    from generator.logical_ids import logical_id

    given = settings.secrets.model_dump()
    arns = {f"{logical_id(name)}SecretArn": given[name] for name in secret_names(settings)}
    if not settings.secrets.fernet:
        arns.pop(PARAMETER, None)
    return {"Image": image, **arns} if image else arns


def fernet_key(settings: Settings, tools: Tools, key: str) -> Callable[[Stack | None], Brought]:
    """What becomes of a Fernet key in the process's own variables.

    Raises DeployError for what is none, and for another one than an environment has that stands.
    """
    from deployer.deploying import fernet

    if settings.secrets.fernet:
        if key:
            tools.report(f"{fernet.VARIABLE} is not used: secrets.fernet in service.yml names the key")
        return lambda _: fernet.Brought()
    offer = fernet.Offer(key, settings.all_tags, own_key=settings.kms.customer)
    names = names_of(settings)
    fernet.require_same(tools.aws, names, offer)
    return lambda root: fernet.bring(tools, names, root, offer)
