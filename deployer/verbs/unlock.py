"""The verb that breaks a lock that somebody has left behind."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from deployer.errors import DONE, Declined, DeployError
from deployer.verbs.offline import settings_of
from deployer.verbs.reaching import names_of, reach, screen_of

if TYPE_CHECKING:
    from deployer.cloudformation.stacks import StackNames
    from deployer.consent import Ask
    from deployer.tools import Tools


def unlock(options: argparse.Namespace) -> int:
    """Break the lock that keeps two deploys apart."""
    from deployer.tools import Tools

    settings = settings_of(options)
    screen = screen_of(options)
    tools = Tools(reach(settings), screen.say)
    screen.say(unlocked(tools, names_of(settings), screen.ask))
    return DONE


def unlocked(tools: Tools, names: StackNames, ask: Ask) -> str:
    """Show who holds the lock of an environment, ask, break it, and say what came of it.

    Raises Declined, DeployError.
    """
    from deployer.cloudformation import stacks
    from deployer.consent import Question
    from deployer.locking import lock
    from deployer.outputs import BUCKET

    bucket = stacks.outputs(tools.aws, names.foundation).get(BUCKET)
    found = lock.read(tools, bucket) if bucket else None
    if not bucket or found is None:
        return f"{names.root}: nobody holds a lock"
    shown = f"{names.root} is locked: {found}"
    warning = "Whoever is still at work stops before their next step. CloudFormation goes on with what has begun."
    if not ask(Question("Break the lock?", f"{shown}\n{warning}")):
        raise Declined(f"the lock of {names.root} was left as it is")
    if not lock.broken(tools, bucket, found):
        raise DeployError(f"{names.root}: the lock has changed hands meanwhile", "look again: `make airflow-unlock`")
    return f"{names.root}: the lock is broken"
