"""The verb that tells the last operation again, or watches the one that goes on."""

from __future__ import annotations

import argparse
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.clock import REAL_TIME, Clock
from deployer.errors import AWS_ERRORS, DONE, FAILED, DeployError
from deployer.verbs.offline import settings_of
from deployer.verbs.pasting import here
from deployer.verbs.reaching import names_of, reach, screen_of

if TYPE_CHECKING:
    from deployer.aws import Aws
    from deployer.cloudformation.events import Operation
    from deployer.cloudformation.stacks import StackNames
    from deployer.console.screen import Screen
    from deployer.operations.last_operations import Latest
    from deployer.operations.witness import Witness

_LIMIT = 12 * 3600  # seconds after which nothing is waited for any longer
_BETWEEN = 10.0  # seconds in which whoever has ended one thing begins the next, or takes the lock


def events(options: argparse.Namespace) -> int:
    """Tell the last operation again, or watch the one that goes on."""
    settings = settings_of(options)
    return tell(reach(settings), names_of(settings), screen_of(options), options)


def tell(aws: Aws, names: StackNames, screen: Screen, options: argparse.Namespace, clock: Clock = REAL_TIME) -> int:
    """Tell it as lines, as data or as a page.

    Whoever has watched it is given its end as the exit status, which is 1, too, where there is nothing to tell. Raises
    DeployError when the page cannot be written.
    """
    from deployer.console import operations
    from deployer.operations import last_operations

    watched = _watched(aws, names, screen, clock) if options.follow else None
    latest = watched[0] if watched else last_operations.find(aws, names)
    if latest is None:
        screen.say(f"there is no stack {names.root} in {aws.region}: it was never deployed, or was removed long ago")
        return FAILED
    operation = watched[1] if watched else last_operations.read(aws, latest)
    name = latest.stack.name
    why = last_operations.why(aws, latest, operation)
    if options.html:
        _write_page(options.html, operation, [here(each, options) for each in operations.notes(name, operation, why)])
        screen.say(f"{options.html} shows the last operation of {name}")
    if options.json:
        print(json.dumps(operations.data(name, operation, why), indent=2))
    elif watched:
        screen.say("\n".join(operations.notes(name, operation, why)))
    elif not options.html:
        print(here(operations.text(name, operation, why), options))
    if watched and operation.succeeded and (told := _unfinished(aws, names)):
        screen.say(told)
    return FAILED if options.follow and not operation.succeeded else DONE


def _watched(aws: Aws, names: StackNames, screen: Screen, clock: Clock) -> tuple[Latest, Operation] | None:
    """Watch until nothing goes on any more: where a stack rests, whoever is at work may have more to do.

    None when nothing went on.
    """
    from deployer.cloudformation.events import follow
    from deployer.operations import last_operations
    from deployer.standing import is_at_work

    seen = latest = last_operations.find(aws, names)
    watched, busy, told = None, clock.now(), False
    for _ in clock.ticks(_LIMIT):
        if latest and (latest.goes_on or latest.since.time > (seen or latest).since.time):
            look = _witness(aws, latest, screen, clock).look
            operation = screen.show(follow(aws, latest.stack.name, latest.stack.id, latest.since, clock, look))
            watched, seen, busy = (latest, operation), latest, clock.now()
        elif latest and is_at_work(aws, latest.bucket):
            busy = clock.now()
            if not told:
                screen.say(f"somebody is still at work on {names.root}: waiting for what begins next")
            told = True
        elif not watched or clock.now() - busy > _BETWEEN:
            break
        latest = last_operations.find(aws, names)
    return watched


def _witness(aws: Aws, latest: Latest, screen: Screen, clock: Clock) -> Witness:
    """Who looks at the tasks meanwhile: whoever began it may not be there any more."""
    from deployer.operations.witness import Witness
    from deployer.outputs import CLUSTER
    from deployer.tools import Tools

    stack = latest.stack
    return Witness(Tools(aws, screen.say, clock=clock), latest.bucket, stack.name, stack.outputs.get(CLUSTER))


def _unfinished(aws: Aws, names: StackNames) -> str:
    """What whoever deployed has left to do, or nothing; who may not look is told nothing."""
    from deployer import standing
    from deployer.console.standing import UNFINISHED

    with suppress(DeployError, *AWS_ERRORS):
        return UNFINISHED if standing.read(aws, names).unfinished else ""
    return ""


def _write_page(file: str, operation: Operation, notes: list[str]) -> None:
    from deployer.console import page, progress

    root = progress.fold(operation.events)
    if root is None:
        raise DeployError("there is nothing to show: CloudFormation has told of no event yet", "run it again")
    now = operation.events[-1].time if root.rests else datetime.now(UTC)
    try:
        Path(file).write_text(page.page(root, now, notes), "utf-8")
    except OSError as error:
        raise DeployError(f"{file}: cannot be written: {error.strerror}") from error
