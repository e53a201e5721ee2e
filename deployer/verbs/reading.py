"""The verbs that only read what is deployed: outputs, the first user's password, how it stands, the way in."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from deployer.checkout import LOCAL
from deployer.console.lines import say
from deployer.errors import DONE, FAILED, DeployError
from deployer.verbs.offline import settings_of
from deployer.verbs.pasting import here
from deployer.verbs.reaching import names_of, reach

if TYPE_CHECKING:
    from deployer.aws import Aws
    from deployer.ecs.commands import Commands
    from deployer.ecs.ways_in import Tunnel
    from generator.config.settings import Settings


def outputs(options: argparse.Namespace) -> int:
    """Print what the deployed stacks give, where the password lies, and commands for a shell and for logs."""
    from deployer.cloudformation import stacks

    settings = settings_of(options)
    aws = reach(settings)
    values = stacks.outputs(aws, settings.stack_name)
    foundation = stacks.find(aws, names_of(settings).foundation)
    show_outputs((foundation.outputs if foundation else {}) | values, options, settings, aws.region)
    return DONE


def password(options: argparse.Namespace) -> int:
    """Print the first user's password, and nothing else: it is asked for by name, and shown nowhere unasked."""
    from deployer.cloudformation import stacks

    settings = settings_of(options)
    aws = reach(settings)
    arn = stacks.outputs(aws, settings.stack_name).get("AdminSecretArn")
    if arn is None:
        raise DeployError(f"{settings.stack_name} has no first user yet", "run it again when the deploy is done")
    print(json.loads(aws.secretsmanager.get_secret_value(SecretId=arn)["SecretString"])["password"])
    return DONE


def status(options: argparse.Namespace) -> int:
    """Say how the stacks and services of an environment stand; the exit status is 0 when all of it runs as it shall."""
    settings = settings_of(options)
    return show_status(settings, reach(settings), options)


def show_status(settings: Settings, aws: Aws, options: argparse.Namespace) -> int:
    """Print how an environment stands, and return the exit status: 1 when it is not there or not well."""
    from deployer import standing
    from deployer.console.standing import table

    found = standing.read(aws, names_of(settings))
    print(json.dumps(standing.as_data(found), indent=2) if options.json else here(table(found), options))
    if not found.stacks:
        say(f"Looked in account {aws.identity().account} in {aws.region}: was it deployed there?")
    if settings.environment == LOCAL and found.services:
        say("On this machine the components run only as long as `make airflow-local` does, whatever its ECS says.")
    return DONE if found.is_well else FAILED


def open_(options: argparse.Namespace) -> int:
    """Show the way in: the URL and the log-in; where nobody can come from outside, the tunnel to it."""
    settings = settings_of(options)
    return show_way_in(settings, reach(settings), options)


def show_way_in(settings: Settings, aws: Aws, options: argparse.Namespace) -> int:
    """Print the way in to what is deployed. Raises DeployError when nothing is."""
    from deployer.cloudformation import stacks
    from deployer.console.ways_in import way_in
    from deployer.ecs import ways_in

    values = stacks.outputs(aws, settings.stack_name)
    try:
        tunnel = _tunnel(settings, aws, values)
    except DeployError as error:  # who is inside of the network needs none
        say(here(str(error), options))
        tunnel = None
    way = ways_in.way_in(values, tunnel)
    print(json.dumps(ways_in.as_data(way), indent=2) if options.json else here(way_in(way), options))
    return DONE


def show_outputs(values: Mapping[str, str], options: argparse.Namespace, settings: Settings, region: str) -> None:
    """Print outputs with the commands that go with them, as text or as JSON.

    In JSON outputs are by their names, and `Commands` has a shell and the logs by component, and the password.
    """
    from deployer.console import ways_in
    from deployer.ecs.commands import PASSWORD

    commands = _commands(values, settings, region)
    if not options.json:
        print(here(ways_in.outputs(values, commands, shut=_is_shut(settings)), options))
        return
    pasted = {name: {"shell": each.shell, "logs": each.logs} for name, each in commands.items()}
    told = {**values, "Commands": {"password": PASSWORD, "components": pasted}}
    print(json.dumps(told, indent=2, sort_keys=True))


def _commands(values: Mapping[str, str], settings: Settings, region: str) -> dict[str, Commands]:
    """Commands for each component; on the laptop components are processes, whose words are in its terminal."""
    from deployer.ecs.commands import of_components
    from generator.airflow.components import components

    if settings.environment == LOCAL:
        return {}
    return of_components(region, settings.stack_name, values, [each.name for each in components(settings)])


def _is_shut(settings: Settings) -> bool:
    """Whether nobody may come through the load balancer from the internet."""
    return settings.environment != LOCAL and not (settings.internet_facing and settings.whitelisted_ips)


def _tunnel(settings: Settings, aws: Aws, values: Mapping[str, str]) -> Tunnel | None:
    """A tunnel, where nobody can come without one."""
    from deployer.ecs import ways_in
    from generator.airflow.components import components

    if not _is_shut(settings):
        return None
    front = next(each for each in components(settings) if each.in_front and each.port)
    return ways_in.dig(aws, values, f"{settings.stack_name}-{front.name}", front.name, front.port or 0)
