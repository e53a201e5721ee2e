"""The command line: one function a verb. The verbs alone know both the generator and the AWS inside the machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import NoReturn

from deployer.console.lines import say
from deployer.errors import FAILED, WRONG_USE, DeployError, explained
from deployer.options import Verb, parser
from deployer.verbs.dags import check_dags, upgrade_check
from deployer.verbs.deploying import deploy
from deployer.verbs.destroying import destroy
from deployer.verbs.diff import diff
from deployer.verbs.doctor import doctor
from deployer.verbs.events import events
from deployer.verbs.images import push_image
from deployer.verbs.local import local
from deployer.verbs.offline import cost, cost_document, diagram, init, render, schema, settings_document, validate
from deployer.verbs.pasting import here
from deployer.verbs.permissions import permissions
from deployer.verbs.prices import prices
from deployer.verbs.reading import open_, outputs, password, status
from deployer.verbs.rollback import rollback
from deployer.verbs.unlock import unlock
from generator.config.source import SettingsError
from local.errors import LocalError

VERBS: dict[str, Verb] = {
    "render": render,
    "validate": validate,
    "doctor": doctor,
    "diff": diff,
    "deploy": deploy,
    "push-image": push_image,
    "rollback": rollback,
    "check-dags": check_dags,
    "upgrade-check": upgrade_check,
    "outputs": outputs,
    "open": open_,
    "password": password,
    "status": status,
    "events": events,
    "permissions": permissions,
    "unlock": unlock,
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


def main(arguments: Sequence[str]) -> int:
    """Run one verb and return the exit status: 0 done, 1 failed, 2 wrong use or settings, 3 declined."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup's wish is respected
            signal.signal(number, _interrupt)
    options = parser(VERBS, os.environ).parse_args(arguments)
    try:
        with explained():
            status_: int = options.verb(options)
    except SettingsError as error:
        return _complain(here(str(error), options), WRONG_USE)
    except DeployError as error:
        return _complain(here(str(error), options), error.exit_status)
    except LocalError as error:
        return _complain(here(str(error), options), FAILED)
    except KeyboardInterrupt:
        return _complain("interrupted", FAILED)
    except BrokenPipeError:
        return FAILED
    return status_


def _complain(text: str, status_: int) -> int:
    say(text)
    return status_


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
