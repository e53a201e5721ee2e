"""The releases of an environment with what has become of them: interrupted ones are seen for what they are by now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

from deployer.cloudformation import stacks
from deployer.cloudformation.stack_updates import require_ready
from deployer.cloudformation.stacks import Stack
from deployer.ecs.services import Service, Services
from deployer.images import facts, repository
from deployer.outputs import CLUSTER, IMAGE
from deployer.releasing import releases, retention
from deployer.releasing.migrations import may_migrate, migrated, reconsidered
from deployer.releasing.releases import Migrated, Release, State
from deployer.releasing.targets import Target
from deployer.tools import Tools

INTERRUPTED = "whoever rolled it out was interrupted before it was seen to run"
_BEFORE = "it ran before releases were written down"


def at_rest(tools: Tools, target: Target) -> Stack | None:
    """The root as it stands; None when it is yet to be created. Raises DeployError while something is done to it."""
    current = stacks.find(tools.aws, target.root)
    require_ready(current)
    return stacks.made(current)


def settled(tools: Tools, target: Target, current: Stack | None) -> tuple[Release, ...]:
    """The releases, newest first; the newest, if somebody was interrupted in it, with what has become of it.

    `current` must have been read just now, and be at rest; and the environment's lock be held, so that nobody is at
    work on the newest any more. What runs from before there were releases is written down as the first one.

    Raises DeployError when there is something to write down, and the lock was lost meanwhile.
    """
    known = releases.read(tools.aws, target.bucket)
    if not known:
        return _found(tools, target, current)
    if known[0].state is State.ROLLING:
        known = (_closed(tools, target, current, known), *known[1:])
    return _looked_up(tools, target, current, known)


def settings_of(tools: Tools, target: Target, history: Sequence[Release]) -> str:
    """The hash of the templates that are deployed: that of the release that came last to the root, else of the root."""
    if last := releases.deployed(history):
        return last.settings
    body: object = tools.aws.cloudformation.get_template(StackName=target.root)["TemplateBody"]
    text = body if isinstance(body, str) else json.dumps(body)  # botocore parses what is JSON
    return hashlib.sha256(text.encode()).hexdigest()


def log_groups(services: Sequence[Service]) -> set[str]:
    """Where the tasks of services log."""
    return {one.log_group for each in services for one in each.definition.containers if one.log_group}


def now(tools: Tools) -> str:
    """The time in UTC, as records have it."""
    return f"{tools.today().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _closed(tools: Tools, target: Target, current: Stack | None, known: Sequence[Release]) -> Release:
    """Write down what has become of the newest release: whoever rolled it out holds the lock no more."""
    tools.require()
    first, rest = known[0], known[1:]
    came_through = (
        current is not None and current.parameters.get(IMAGE) == first.image and "ROLLBACK" not in current.status
    )
    if came_through:
        moved = Migrated.YES if may_migrate(rest, first.facts, first.airflow) else Migrated.NO
        closed = replace(first, state=State.LIVE, migrated=moved, deployed=True, unproven=INTERRUPTED)
    else:
        moved = Migrated.NO  # what was never created has no database
        if current is not None:
            moved = migrated(tools, first, rest, log_groups(_services(tools, current)), ran=True)
        closed = replace(first, state=State.FAILED, migrated=moved)
    closed = replace(closed, ended=now(tools))
    releases.write(tools.aws, target.bucket, closed)
    tools.report(f"release {first.number} was interrupted; it is {closed.state} by now")
    return closed


def _looked_up(tools: Tools, target: Target, current: Stack | None, known: tuple[Release, ...]) -> tuple[Release, ...]:
    """Where nobody knew whether a release had migrated the database, see what webservers have logged since."""
    last = releases.last_to_migrate(known)
    if last is None or current is None or last.migrated is not Migrated.UNKNOWN or not last.ended:
        return known
    place = known.index(last)
    found = reconsidered(tools, last, known[place + 1 :], log_groups(_services(tools, current)))
    if found is Migrated.UNKNOWN:
        return known
    tools.require()
    seen = replace(last, migrated=found)
    releases.write(tools.aws, target.bucket, seen)
    said = "has migrated" if found is Migrated.YES else "has not migrated"
    tools.report(f"release {seen.number} {said} the database, as its webserver has logged by now")
    return (*known[:place], seen, *known[place + 1 :])


def _found(tools: Tools, target: Target, current: Stack | None) -> tuple[Release, ...]:
    """Begin the history of an environment that is older than it with what runs there."""
    reference = current.parameters.get(IMAGE, "") if current else ""
    if current is None or not reference:
        return ()
    tools.require()
    running = [each for each in _services(tools, current) if reference in each.definition.images]
    if reference.startswith(f"{target.repository}:"):
        digest = repository.digest_of(tools.aws, target.repository, reference.removeprefix(f"{target.repository}:"))
        reference = f"{target.repository}@{digest}" if digest else reference
    number, known = 1, None
    if target.holds(reference):
        digest = releases.digest_of(reference)
        known = facts.stored(tools.aws, target.bucket, digest)
        there = repository.images(tools.aws, target.repository)
        number = max(retention.numbers(tag for one in there for tag in one.tags), default=0) + 1
        repository.add_tag(tools.aws, target.repository, digest, retention.tag_of(number))
    airflow = known.airflow if known else next((each.definition.airflow for each in running), "")
    time = now(tools)
    first = Release(
        number, reference, "", settings_of(tools, target, ()), airflow, known, time, tools.aws.identity().arn
    )
    first = replace(first, state=State.LIVE, migrated=Migrated.NO, deployed=True, unproven=_BEFORE, ended=time)
    releases.begin(tools.aws, target.bucket, first)
    return (first,)


def _services(tools: Tools, current: Stack) -> tuple[Service, ...]:
    return Services(tools.aws).read(current.outputs.get(CLUSTER))
