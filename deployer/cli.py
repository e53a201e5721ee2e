"""The command line: one function a verb. It alone knows both the generator and the AWS inside the machine."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from deployer.errors import Declined, DeployError, explained
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

DONE, FAILED, WRONG_USE = 0, 1, 2
LOCAL = "local"  # the environment whose AWS is inside this machine
LOCAL_IMAGE = "processes"  # there the components run as processes, of no image
CHECKOUT = Path(__file__).parents[1]


def main(arguments: Sequence[str]) -> int:
    """Run one verb and return the exit status: 0 done, 1 failed, 2 wrong use or settings, 3 declined."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup's wish is respected
            signal.signal(number, _interrupt)
    options = _parser().parse_args(arguments)
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


def render(options: argparse.Namespace) -> int:
    """Write the templates of one environment."""
    settings = _settings(options)
    folder, changed = _render(settings, options)
    _say(f"{folder}: {'written' if changed else 'as it should be'}")
    return DONE


def validate(options: argparse.Namespace) -> int:
    """Check settings and templates without AWS; findings go to stdout."""
    from deployer.validation import lint

    settings = _settings(options)
    folder, _ = _render(settings, options)
    findings = lint([folder], options.region or [os.environ.get("AWS_REGION") or "us-east-1"])
    for finding in findings:
        print(finding)
    _say(f"{folder}: {len(findings)} findings")
    return FAILED if findings else DONE


def deploy(options: argparse.Namespace) -> int:
    """Bring both stacks of an environment to what service.yml says."""
    settings = _settings(options)
    if settings.environment == LOCAL:
        from local.session import deploying

        with deploying(_layout(), _say) as endpoint:
            deployed = _deploy(settings, options, _inside(endpoint))
    else:
        deployed = _deploy(settings, options, _reach(settings))
    _show_outputs(deployed.root.outputs, options)
    return DONE


def outputs(options: argparse.Namespace) -> int:
    """Print what the deployed root stack gives."""
    from deployer import stacks

    settings = _settings(options)
    _show_outputs(stacks.outputs(_reach(settings), settings.stack_name), options)
    return DONE


def password(options: argparse.Namespace) -> int:
    """Print the first user's password, and nothing else: it is asked for by name, and shown nowhere unasked."""
    from deployer import stacks

    settings = _settings(options)
    aws = _reach(settings)
    arn = stacks.outputs(aws, settings.stack_name).get("AdminSecretArn")
    if arn is None:
        raise DeployError(f"{settings.stack_name} has no first user yet", "run it again when the deploy is done")
    print(json.loads(aws.secretsmanager.get_secret_value(SecretId=arn)["SecretString"])["password"])
    return DONE


def destroy(options: argparse.Namespace) -> int:
    """Remove both stacks of an environment, with consent."""
    settings = _settings(options)
    if settings.environment != LOCAL:
        return _destroy(settings, options, _reach(settings))
    from local.session import dismantling

    with dismantling(_layout(), _say) as endpoint:
        return _destroy(settings, options, _inside(endpoint) if endpoint else None)


def local(options: argparse.Namespace) -> int:
    """Deploy to the AWS inside this machine and run what was deployed, until interrupted."""
    from rich.console import Console

    from local.runner.definitions import Clients, read
    from local.runner.run import run
    from local.session import session

    options.environment, options.yes = LOCAL, True
    settings = _settings(options)
    layout = _layout()
    with session(layout, _say) as begun:
        given = _deploy(settings, options, _inside(begun.endpoint)).root.outputs
        clients = Clients.of(begun.endpoint.session(), begun.endpoint.url)

        def ready() -> None:
            _say(f"Airflow is ready: {read(clients, given['ClusterName']).url}  user: {given['AdminUser']}")
            _say("Its password, in another terminal: make airflow-password ENVIRONMENT=local")
            _say("Ctrl-C stops all of it.")

        return run(layout, begun.endpoint, given["ClusterName"], begun.airflow_python, Console(stderr=True), ready)


def schema(_: argparse.Namespace) -> int:
    """Print the JSON schema of service.yml."""
    from generator.config.settings import schema as of_settings

    print(json.dumps(of_settings(), indent=2))
    return DONE


VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "render": render,
    "validate": validate,
    "deploy": deploy,
    "outputs": outputs,
    "password": password,
    "destroy": destroy,
    "local": local,
    "schema": schema,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deployer", description="Airflow on AWS from service.yml.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    given = os.environ.get
    for name, verb in VERBS.items():
        one = verbs.add_parser(name, help=verb.__doc__, description=verb.__doc__)
        one.set_defaults(verb=verb, no_nested=False)
        if name != "schema":
            one.add_argument("--settings", default=given("SETTINGS") or "service.yml", help="the settings file")
        if name not in ("schema", "local"):
            one.add_argument("--environment", default=given("ENVIRONMENT"), help="which of service.yml's environments")
        if name in ("render", "validate", "deploy", "local"):
            one.add_argument("--out", default=given("OUT"), help="folder of the templates (templates/ENVIRONMENT)")
        if name == "validate":
            one.add_argument("--region", action="append", help="region to check for (AWS_REGION); may be repeated")
        if name in ("deploy", "local"):
            one.add_argument("--image", help="image reference of the components; without it, the deployed one")
        if name in ("deploy", "destroy"):
            one.add_argument("--yes", action="store_true", help="do not ask")
        if name == "deploy":
            one.add_argument("--no-nested", action="store_true", help="plan the root alone, without its nested stacks")
        if name in ("deploy", "outputs"):
            one.add_argument("--json", action="store_true", help="outputs as JSON")
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    from generator.config.environments import load

    return load(Path(options.settings), options.environment)


def _render(settings: Settings, options: argparse.Namespace) -> tuple[Path, bool]:
    from generator.render import render as rendered
    from generator.render import write

    folder = Path(options.out) if options.out else Path("templates") / settings.environment
    try:
        return folder, write(rendered(settings), folder)
    except OSError as error:
        way_out = "choose another folder with OUT=dir"
        raise DeployError(f"{folder} cannot be written: {error.strerror}", way_out) from error


def _deploy(settings: Settings, options: argparse.Namespace, aws: Aws) -> Deployed:
    from deployer import deployment, stacks
    from deployer.console import lines, tables

    folder, _ = _render(settings, options)
    image = options.image or settings.airflow.image or (LOCAL_IMAGE if settings.environment == LOCAL else "")
    if not image and stacks.find(aws, settings.stack_name) is None:
        raise DeployError("no image is given", 'name one: ARGS="--image NAME@DIGEST", or airflow.image in service.yml')
    desired = deployment.Desired(
        _names(settings),
        folder,
        parameters={"Image": image} if image else {},
        tags=settings.tags,
        nested=not options.no_nested,
    )

    def consent(changes: ChangeSet) -> bool:
        _say(tables.changes(changes))
        return bool(options.yes) or _answer("Apply these changes? [y/N] ").lower() in ("y", "yes")

    identity = aws.identity()
    _say(f"Deploying {settings.stack_name} to account {identity.account} in {aws.region} as {identity.arn}")
    deployed = lines.show(deployment.deploy(aws, desired, consent), colour=_colour())
    for result in (deployed.foundation, deployed.root):
        _say(f"{result.stack}: {result.outcome}")
    return deployed


def _destroy(settings: Settings, options: argparse.Namespace, aws: Aws | None) -> int:
    from deployer import destruction
    from deployer.console import lines, tables

    def consent(planned: Removal) -> bool:
        _say(tables.removal(planned))
        return bool(options.yes) or _answer(f"Type {settings.environment} to remove it: ") == settings.environment

    removed = aws and lines.show(destruction.destroy(aws, _names(settings), consent), colour=_colour())
    _say(f"{settings.stack_name}: " + ("removed" if removed and removed.stacks else "there is nothing to remove"))
    return DONE


def _reach(settings: Settings) -> Aws:
    """AWS as the user's own variables and profile say; for `local` the one that runs inside this machine."""
    from deployer.aws import connect, own_session

    if settings.environment != LOCAL:
        return connect(own_session(os.environ))
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


def _say(text: str) -> None:
    with suppress(OSError):  # the terminal may be gone, and what is being done goes on
        print(text, file=sys.stderr, flush=True)


def _complain(text: str, status: int) -> int:
    _say(text)
    return status


def _colour() -> bool:
    from deployer.console.lines import wants_colour

    return wants_colour(sys.stderr, os.environ)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
