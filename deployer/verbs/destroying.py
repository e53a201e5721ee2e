"""The verb that removes an environment."""

from __future__ import annotations

import argparse
from contextlib import suppress
from typing import TYPE_CHECKING

from deployer.checkout import LOCAL
from deployer.errors import DONE, Declined, DeployError
from deployer.verbs.offline import settings_of
from deployer.verbs.reaching import inside, layout, names_of, reach, screen_of, tools_of

if TYPE_CHECKING:
    from deployer.aws import Aws
    from deployer.consent import Ask
    from deployer.console.screen import Screen
    from deployer.removals import Removal
    from deployer.tools import Tools
    from generator.config.settings import Settings


def destroy(options: argparse.Namespace) -> int:
    """Remove both stacks of an environment, with consent."""
    settings, screen = settings_of(options), screen_of(options)
    data_stays = options.yes and not options.empty_buckets
    if settings.environment != LOCAL:
        return remove(settings, tools_of(reach(settings), screen.say), screen, data_stays=data_stays)
    from deployer.console.lines import say
    from local.session import dismantling

    with dismantling(layout(), say) as endpoint:
        if endpoint:
            return remove(settings, tools_of(inside(endpoint), screen.say), screen, data_stays=data_stays)
    screen.say(f"{settings.stack_name}: there is nothing to remove")
    return DONE


def remove(settings: Settings, tools: Tools, screen: Screen, *, data_stays: bool) -> int:
    """Remove what is there, and say where its data is and how to begin with it again.

    `data_stays`: consent was given beforehand, and not for data. Raises Declined, DeployError.
    """
    from deployer import destruction
    from deployer.console.removal import changes

    begun = False

    def consent(planned: Removal) -> bool:
        nonlocal begun
        begun = agreed(planned, screen.ask, settings.environment, data_stays=data_stays)
        for stack in planned.stacks:
            screen.expect(stack.name, changes(planned))
        return begun

    try:
        removed = screen.show(destruction.destroy(tools, names_of(settings), consent, spare_data=data_stays))
    except DeployError:
        if begun and (told := _way_back_midway(settings, tools.aws)):
            screen.say(told)
        raise
    screen.say(f"{settings.stack_name}: " + ("removed" if removed.stacks else "there is nothing to remove"))
    if told := way_back(settings, tools.aws, removed):
        screen.say(told)
    return DONE


def _way_back_midway(settings: Settings, aws: Aws) -> str:
    """The same after a removal that has stopped: where the database has gone by then."""
    from deployer import removals
    from deployer.errors import AWS_ERRORS

    with suppress(DeployError, *AWS_ERRORS):  # what has stopped it says more
        standing = removals.survey(aws, names_of(settings))
        if standing.left and all(each.gone for each in standing.left):
            return way_back(settings, aws, standing)
    return ""


def agreed(planned: Removal, ask: Ask, environment: str, *, data_stays: bool) -> bool:
    """Show what goes and what stays, and have the environment's name typed.

    `data_stays`: consent was given beforehand, and not for data. Raises Declined where there is some.
    """
    from deployer.consent import Question
    from deployer.console.removal import removal

    if data_stays and planned.data:
        full = ", ".join(f"{each.resource.path} ({each})" for each in planned.data)
        raise Declined(
            f"data, versions or images would be deleted: {full}",
            'approve that beforehand, too, with ARGS="--yes --empty-buckets"',
        )
    return ask(Question("Remove it?", removal(planned), environment))


def way_back(settings: Settings, aws: Aws, removed: Removal) -> str:
    """Say where the data is and how to start from it again; nothing where there never was any."""
    from deployer import snapshots
    from deployer.console.removal import restoring
    from deployer.errors import AWS_ERRORS, explain

    if removed.databases and not removed.left:
        return "no snapshot of the database is left: retainData was false" if removed.stacks else ""
    # The database may have gone in an earlier run, of which nothing could be learnt.
    if not removed.left and (removed.stack(settings.stack_name) or not removed.stays):
        return ""
    try:
        snapshot = snapshots.newest(aws, removed.left, settings.all_tags)
    except AWS_ERRORS as error:
        return f"the name of the snapshot that the database has left cannot be told: {explain(error).line}"
    if snapshot is None:
        return "no snapshot of the database was found" if removed.left and removed.stacks else ""
    return restoring(snapshot, settings.environment, removed.fernet, removed.key)
