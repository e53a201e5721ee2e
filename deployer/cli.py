"""The command line: one function a verb. It alone knows both the generator and the AWS inside the machine."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn

from deployer.console.lines import say
from deployer.dag_verbs import check_dags, checked, upgrade_check
from deployer.errors import Declined, DeployError, explained
from deployer.image_verbs import push_image
from deployer.offline import (
    CHECKOUT,
    DONE,
    FAILED,
    LOCAL,
    WRONG_USE,
    cost,
    cost_document,
    diagram,
    init,
    render,
    rendered,
    schema,
    settings_document,
    settings_of,
    validate,
)
from deployer.options import Verb, parser
from deployer.rollback_verb import rollback
from generator.config.source import SettingsError
from local.errors import LocalError

if TYPE_CHECKING:
    from deployer.aws import Aws
    from deployer.change_sets import ChangeSet
    from deployer.deployment import Deployed
    from deployer.destruction import Removal
    from deployer.stacks import StackNames
    from generator.config.settings import Settings
    from local.embedded_aws import Endpoint
    from local.layout import Layout

LOCAL_IMAGE = "processes"  # there the components run as processes, of no image


def main(arguments: Sequence[str]) -> int:
    """Run one verb and return the exit status: 0 done, 1 failed, 2 wrong use or settings, 3 declined."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup's wish is respected
            signal.signal(number, _interrupt)
    options = parser(VERBS, os.environ).parse_args(arguments)
    try:
        with explained():
            status: int = options.verb(options)
    except SettingsError as error:
        return _complain(str(error), WRONG_USE)
    except DeployError as error:
        return _complain(str(error), error.exit_status)
    except LocalError as error:
        return _complain(str(error), FAILED)
    except KeyboardInterrupt:
        return _complain("interrupted", FAILED)
    except BrokenPipeError:
        return FAILED
    return status


def deploy(options: argparse.Namespace) -> int:
    """Bring both stacks of an environment to what service.yml says."""
    settings = settings_of(options, told=True)
    if settings.environment == LOCAL:
        from local.session import deploying

        with deploying(_layout(), say) as endpoint:
            deployed = _deploy(settings, options, _inside(endpoint))
    else:
        deployed = _deploy(settings, options, _reach(settings))
    _show_outputs(deployed.root.outputs, options)
    return DONE


def outputs(options: argparse.Namespace) -> int:
    """Print what the deployed root stack gives."""
    from deployer import stacks

    settings = settings_of(options)
    _show_outputs(stacks.outputs(_reach(settings), settings.stack_name), options)
    return DONE


def password(options: argparse.Namespace) -> int:
    """Print the first user's password, and nothing else: it is asked for by name, and shown nowhere unasked."""
    from deployer import stacks

    settings = settings_of(options)
    aws = _reach(settings)
    arn = stacks.outputs(aws, settings.stack_name).get("AdminSecretArn")
    if arn is None:
        raise DeployError(f"{settings.stack_name} has no first user yet", "run it again when the deploy is done")
    print(json.loads(aws.secretsmanager.get_secret_value(SecretId=arn)["SecretString"])["password"])
    return DONE


def destroy(options: argparse.Namespace) -> int:
    """Remove both stacks of an environment, with consent."""
    settings = settings_of(options)
    if settings.environment != LOCAL:
        return _destroy(settings, options, _reach(settings))
    from local.session import dismantling

    with dismantling(_layout(), say) as endpoint:
        return _destroy(settings, options, _inside(endpoint) if endpoint else None)


def local(options: argparse.Namespace) -> int:
    """Deploy to the AWS inside this machine and run what was deployed, until interrupted."""
    from rich.console import Console

    from deployer.image_sources import built_here
    from local.runner.definitions import Clients, read
    from local.runner.engine import Engine
    from local.runner.run import run
    from local.session import session

    options.environment, options.yes = LOCAL, True
    settings = settings_of(options)
    layout = _layout()
    if options.docker:
        options.image = options.image or settings.airflow.image or built_here(settings, say)
    engine = Engine.of(os.environ) if options.docker else None
    with session(layout, say, engine, settings.image.package_index) as begun:
        given = _deploy(settings, options, _inside(begun.endpoint)).root.outputs
        clients = Clients.of(begun.endpoint.session(), begun.endpoint.url)

        def ready() -> None:
            say(f"Airflow is ready: {read(clients, given['ClusterName']).url}  user: {given['AdminUser']}")
            say("Its password, in another terminal: make airflow-password ENVIRONMENT=local")
            say("Ctrl-C stops all of it.")

        return run(layout, begun.endpoint, given["ClusterName"], begun.place, Console(stderr=True), ready)


def prices(options: argparse.Namespace) -> int:
    """Ask AWS's price list and write the file of prices anew."""
    from datetime import UTC, datetime

    from deployer.aws import connect, own_session
    from deployer.prices import askable, refresh

    file = CHECKOUT / "generator" / "cost" / "prices.yml"
    text = file.read_text(encoding="utf-8")
    session = own_session(os.environ)
    regions = [options.region] if options.region else askable(text, connect(session).identity().partition)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    after, untold = refresh(text, lambda region: session.client("pricing", region_name=region), today, regions)
    file.write_text(after, encoding="utf-8")
    for key in untold:
        say(f"AWS's list does not tell {key}; its price was left as it was")
    return DONE


VERBS: dict[str, Verb] = {
    "render": render,
    "validate": validate,
    "deploy": deploy,
    "push-image": push_image,
    "rollback": rollback,
    "check-dags": check_dags,
    "upgrade-check": upgrade_check,
    "outputs": outputs,
    "password": password,
    "destroy": destroy,
    "local": local,
    "schema": schema,
    "init": init,
    "diagram": diagram,
    "cost": cost,
    "cost-document": cost_document,
    "settings-document": settings_document,
    "prices": prices,
}


def _deploy(settings: Settings, options: argparse.Namespace, aws: Aws) -> Deployed:
    from deployer import deployment
    from deployer.console import lines, tables
    from deployer.console.steps import Steps
    from deployer.image_sources import image_of
    from deployer.image_verbs import live_line
    from deployer.tools import Tools

    folder, _ = rendered(settings, options)
    steps = Steps(time.monotonic)
    tools = Tools(aws, say, steps)
    inside = settings.environment == LOCAL
    check = None if options.skip_dag_check else checked
    identity = aws.identity()
    say(f"Deploying {settings.stack_name} to account {identity.account} in {aws.region} as {identity.arn}")
    desired = deployment.Desired(
        _names(settings),
        folder,
        parameters=_parameters(settings, (options.image or settings.airflow.image or LOCAL_IMAGE) if inside else ""),
        tags=settings.all_tags,
        nested=not options.no_nested,
        inherited=("KeyArn",) if settings.kms.customer else (),
        image=None if inside else image_of(settings, options.image or settings.airflow.image, tools, check),
        keep=settings.ecr.images_lifecycle_count,
    )

    def consent(changes: ChangeSet) -> bool:
        say(tables.changes(changes))
        return bool(options.yes) or _answer("Apply these changes? [y/N] ").lower() in ("y", "yes")

    deployed = lines.show(deployment.deploy(tools, desired, consent), colour=_colour())
    steps.done()
    for result in (deployed.foundation, deployed.root):
        say(f"{result.stack}: {result.outcome}")
    if deployed.release:
        say(live_line(deployed.release))
    return deployed


def _parameters(settings: Settings, image: str) -> dict[str, str]:
    """Values of the root's parameters: the image, if one is named, and the secrets that exist already."""
    from generator.airflow.components import secret_names

    given = settings.secrets.model_dump()
    arns = {f"{name.capitalize()}SecretArn": given[name] for name in secret_names(settings)}
    return {"Image": image, **arns} if image else arns


def _destroy(settings: Settings, options: argparse.Namespace, aws: Aws | None) -> int:
    from deployer import destruction
    from deployer.console import lines, tables

    def consent(planned: Removal) -> bool:
        say(tables.removal(planned))
        return bool(options.yes) or _answer(f"Type {settings.environment} to remove it: ") == settings.environment

    removed = aws and lines.show(destruction.destroy(aws, _names(settings), consent), colour=_colour())
    say(f"{settings.stack_name}: " + ("removed" if removed and removed.stacks else "there is nothing to remove"))
    return DONE


def _reach(settings: Settings) -> Aws:
    """AWS as the user's own variables and profile say; for `local` the one that runs inside this machine."""
    from deployer.aws import reach

    if settings.environment != LOCAL:
        return reach(os.environ, settings.region, settings.account)
    from local.session import reading

    return _inside(reading(_layout()))


def _inside(endpoint: Endpoint) -> Aws:
    from deployer.aws import connect

    return connect(endpoint.session(), endpoint.url)


def _layout() -> Layout:
    from local.layout import Layout

    return Layout(CHECKOUT)


def _names(settings: Settings) -> StackNames:
    from deployer.stacks import StackNames

    return StackNames(settings.service_name, settings.environment)


def _show_outputs(values: Mapping[str, str], options: argparse.Namespace) -> None:
    from deployer.console import tables

    print(json.dumps(values, indent=2, sort_keys=True) if options.json else tables.outputs(values))


def _answer(question: str) -> str:
    """Ask on the terminal; without one, say how to give consent beforehand."""
    if not sys.stdin.isatty():
        raise Declined("nobody is here to ask", 'approve beforehand with ARGS="--yes"')
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _complain(text: str, status: int) -> int:
    say(text)
    return status


def _colour() -> bool:
    from deployer.console.lines import wants_colour

    return wants_colour(sys.stderr, os.environ)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
