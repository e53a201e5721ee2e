"""The verb that writes down what a deployer must be allowed to do."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.console.lines import say
from deployer.errors import DONE, DeployError
from deployer.verbs.offline import settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deployer.permissions.policies import Document
    from deployer.permissions.schemas import Resources
    from deployer.permissions.scope import Scope
    from generator.config.settings import Settings

_ATTACH = (
    "make each a managed policy (`aws iam create-policy`), and attach all of a verb to who shall have it;"
    " after a change of the settings keep the old ones attached beside the new until it is deployed"
)


def permissions(options: argparse.Namespace) -> int:
    """Print the least IAM policies for deploy, push and destroy with these settings; with OUT=folder, write them."""
    settings = settings_of(options)
    region = _region(settings)
    documents = policies_of(settings, region)
    if options.out:
        folder = _written(Path(options.out), documents)
        say(f"{folder}: {', '.join(f'{name}.json' for name in documents)}; {_ATTACH}")
    else:
        print(json.dumps(documents, indent=2))
        say(f"{len(documents)} policies: {_ATTACH}; OUT=folder writes a file of each")
    if not region:
        say("no region is said: they are for partition aws; with AWS_REGION=cn-north-1, say, they are for that one's")
    if near := _near(settings, Path(options.settings)):
        say(f"names of {', '.join(near)} begin like those of {settings.environment}: these policies reach there, too")
    return DONE


def _region(settings: Settings) -> str:
    """As the settings, the shell or the profile say, or none. Raises DeployError for a region that there is not."""
    from deployer.aws import own_session, require_region

    region = settings.region or own_session(os.environ).region_name or ""
    if region:
        require_region(region)
    return region


def _near(settings: Settings, file: Path) -> list[str]:
    """Other environments of the file whose names this one's patterns of names fit."""
    from deployer.permissions.scope import short
    from generator.config import source
    from generator.config.environments import defined

    others = (name for name in defined(source.read(file)) if name != settings.environment)
    return [name for name in others if f"{settings.service_name}-{name}-".startswith(short(settings.stack_name))]


def policies_of(settings: Settings, region: str = "") -> dict[str, Document]:
    """The policies by name; `region` is where the settings name none."""
    from deployer.cloudformation.template_text import resources
    from deployer.permissions.policies import policies
    from generator.render import render

    templates = [resources(text) for text in render(settings).values()]
    scope = scope_of(settings, templates, settings.region or region)
    return policies(templates, scope, own_keys=settings.kms.customer)


def scope_of(settings: Settings, templates: Sequence[Resources], region: str) -> Scope:
    """Where the environment lies; region and account are as wide as the settings leave them."""
    import boto3

    from deployer.permissions.schemas import passed_to, secrets
    from deployer.permissions.scope import Scope
    from deployer.preflight.given import OF_ECR

    partition = boto3.Session().get_partition_for_region(region) if region else "aws"
    account, boundary = settings.account or "*", settings.iam.permissions_boundary
    if boundary and not boundary.startswith("arn:"):
        boundary = f"arn:{partition}:iam::{account}:policy/{boundary}"
    tags, image = settings.all_tags, OF_ECR.fullmatch(settings.airflow.image)
    return Scope(
        stack=settings.stack_name,
        partition=partition,
        region=region or "*",
        account=account,
        roles=settings.iam.path,
        boundary=boundary,
        passed_to=passed_to(templates),
        made_secrets=secrets(templates),
        given_secrets=sorted({arn for arn in settings.secrets.model_dump().values() if arn}),
        key=settings.kms.key_arn,
        repository="arn:{0}:ecr:{region}:{account}:repository/{repository}".format(partition, **image.groupdict())
        if image
        else "",
        tags={name: tags[name] for name in ("Service", "Environment")},
    )


def _written(folder: Path, documents: Mapping[str, Document]) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, document in documents.items():
            (folder / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise DeployError(f"{folder} cannot be written: {error.strerror}", "choose another with OUT=folder") from error
    return folder
