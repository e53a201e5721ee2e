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
    from collections.abc import Collection

    from deployer.aws import Aws
    from deployer.consent import Ask
    from deployer.console.screen import Screen
    from deployer.destroying.removals import Removal
    from deployer.tools import Tools
    from generator.config.settings import Settings

EMPTY, LOSE = "--empty-buckets", "--lose-snapshots"


def destroy(options: argparse.Namespace) -> int:
    """Remove both stacks of an environment, with consent."""
    settings, screen = settings_of(options), screen_of(options)
    given = {EMPTY: options.empty_buckets, LOSE: options.lose_snapshots}
    withheld = {option for option, is_given in given.items() if options.yes and not is_given}
    if settings.environment != LOCAL:
        return remove(settings, tools_of(reach(settings), screen.say), screen, withheld)
    from deployer.console.lines import say
    from local.session import dismantling

    with dismantling(layout(), say) as endpoint:
        if endpoint:
            return remove(settings, tools_of(inside(endpoint), screen.say), screen, withheld)
    screen.say(f"{settings.stack_name}: there is nothing to remove")
    return DONE


def remove(settings: Settings, tools: Tools, screen: Screen, withheld: Collection[str] = ()) -> int:
    """Remove what is there, and say where its data is and how to begin with it again.

    `withheld` as for `agreed`. Raises Declined, DeployError.
    """
    from deployer.console.removal import changes
    from deployer.destroying import destruction

    aws, begun = tools.aws, False
    who = aws.identity()
    place = f"account {who.account} in {aws.region}"
    screen.say(f"Removing {settings.stack_name} from {place} as {who.arn}")

    def consent(planned: Removal) -> bool:
        nonlocal begun
        begun = agreed(planned, screen.ask, settings, withheld)
        for stack in planned.stacks:
            screen.expect(stack.name, changes(planned))
        return begun

    try:
        removed = screen.show(destruction.destroy(tools, names_of(settings), consent, spare_data=EMPTY in withheld))
    except DeployError:
        if begun and (told := _way_back_midway(settings, aws)):
            screen.say(told)
        raise
    nothing = f"there is nothing to remove in {place}" + ("" if removed.resources else ": was it deployed there?")
    screen.say(f"{settings.stack_name}: {'removed' if removed.stacks else nothing}")
    if told := way_back(settings, aws, removed):
        screen.say(told)
    return DONE


def _way_back_midway(settings: Settings, aws: Aws) -> str:
    """The same after a removal that has stopped: where the database has gone by then."""
    from deployer.destroying import removals
    from deployer.errors import AWS_ERRORS

    with suppress(DeployError, *AWS_ERRORS):  # what has stopped it says more
        standing = removals.survey(aws, names_of(settings))
        if standing.left and all(each.gone for each in standing.left):
            return way_back(settings, aws, standing)
    return ""


def agreed(planned: Removal, ask: Ask, settings: Settings, withheld: Collection[str] = ()) -> bool:
    """Show what goes and what stays, last of all which data goes, and have the environment's name typed.

    Where consent was given beforehand, `withheld` are the options that were not given with it: each lets something be
    lost for good. Raises Declined where there is some of it.
    """
    from deployer.consent import Question
    from deployer.console.removal import KEEP, data_that_goes, needy, removal

    full = [f"{each.resource.path} ({each})" for each in planned.data]
    losses = {
        EMPTY: f"data, versions or images would be deleted: {', '.join(full)}" if full else "",
        LOSE: f"snapshots would lose what they need: {needy(planned.unreadable)}" if planned.unreadable else "",
    }
    at_stake = {option: told for option, told in losses.items() if told}
    if lost := [told for option, told in at_stake.items() if option in withheld]:
        beforehand = f'approve that beforehand, too, with ARGS="{" ".join(["--yes", *at_stake])}"'
        keeping = f"to keep what snapshots need, {KEEP}; or " if LOSE in at_stake and LOSE in withheld else ""
        raise Declined("; ".join(lost), f"{keeping}{beforehand}")
    shown = [removal(planned), *data_that_goes(planned, retains=settings.retain_data)]
    return ask(Question("Remove it?", "\n".join(shown), settings.environment))


def way_back(settings: Settings, aws: Aws, removed: Removal) -> str:
    """Say where the data is and how to start from it again; nothing where there never was any."""
    from deployer.cloudformation import snapshots
    from deployer.console.removal import restoring, thrown_away
    from deployer.errors import AWS_ERRORS, explain

    if removed.databases and not removed.left:
        return thrown_away(removed) if removed.stacks else ""
    # The database may have gone in an earlier run, of which nothing could be learnt.
    if not removed.left and (removed.stack(settings.stack_name) or not removed.stays):
        return ""
    try:
        snapshot = snapshots.newest(aws, removed.left, settings.all_tags)
    except AWS_ERRORS as error:
        return f"the name of the snapshot that the database has left cannot be told: {explain(error).line}"
    if snapshot is None:
        return "no snapshot of the database was found" if removed.left and removed.stacks else ""
    return restoring(snapshot, settings.environment, removed.fernet, removed.key, _room(settings, snapshot.gib))


def _room(settings: Settings, gib: int) -> int:
    """The maxAllocatedStorage to write beside storage that has grown; 0 where what is set will do."""
    from generator.config.rules.data import least_maximum

    most, least = settings.metadata_db.max_allocated_storage, least_maximum(gib)
    return least if most is not None and gib and most < least else 0
