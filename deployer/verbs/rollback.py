"""The verb that lists the releases, or returns to one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from deployer.errors import DONE, DeployError
from deployer.verbs.images import DEPLOY, Summary, brief, found, live_line, of_an_account, rolled, tell
from deployer.verbs.pasting import here
from deployer.verbs.reaching import reach, screen_of, tools_of

if TYPE_CHECKING:
    from deployer.console.screen import Screen
    from deployer.releasing.releases import Release
    from deployer.releasing.targets import Target
    from deployer.tools import Tools
    from generator.config.settings import Settings


def rollback(options: argparse.Namespace) -> int:
    """List the releases of an environment, or return to one."""
    settings = of_an_account(options, "return to")
    screen = screen_of(options)
    tools = tools_of(reach(settings), screen.say)
    if options.to is None:
        text, data = listing(settings, tools)
        print(json.dumps(data, indent=2) if options.json else here(text, options))
        return DONE
    summary = return_to(settings, tools, options.to, screen, nested=not options.no_nested)
    tools.done()
    return tell(summary, options)


def listing(settings: Settings, tools: Tools) -> tuple[str, list[dict[str, object]]]:
    """The releases, as a table and as data. Nothing is written: who may only read may list them."""
    from deployer.console.releases import table
    from deployer.locking import lock
    from deployer.outputs import IMAGE
    from deployer.releasing import releases

    target, current = found(settings, tools)
    there = _digests(tools, target)
    known = releases.read(tools.aws, target.bucket)
    running = releases.of_image(known, current.parameters.get(IMAGE, "") if current else "")
    left = [each for each in known if each.state is releases.State.ROLLING]
    if left and lock.is_held(tools, target.bucket):  # by whoever rolls it out
        left = []
    words = {each.number: f"interrupted ({current.status if current else 'no stack'})" for each in left}
    data = [_listed(each, running, target, there, words) for each in known]
    return table(known, running, lambda one: _can_return(one, target, there), words), data


def return_to(settings: Settings, tools: Tools, number: int, screen: Screen, *, nested: bool = True) -> Summary:
    """Return to the image of a release, as a release of its own. Raises DeployError with the way on."""
    from deployer.locking import lock

    target, _ = found(settings, tools)
    with lock.held(tools, target.bucket, "rollback") as hold:
        return _returned(replace(tools, require=hold.require), target, number, screen, nested=nested)


def _returned(tools: Tools, target: Target, number: int, screen: Screen, *, nested: bool) -> Summary:
    from deployer.outputs import IMAGE
    from deployer.releasing import history
    from deployer.releasing.targets import Image

    current = history.at_rest(tools, target)
    if current is None:
        raise DeployError(f"there is no stack {target.root} in {tools.aws.region}", DEPLOY)
    known = history.settled(tools, target, current)
    chosen = _chosen(known, number, current.parameters.get(IMAGE, ""), target, _digests(tools, target))
    here, there = history.settings_of(tools, target, known), chosen.settings
    if here != there:
        tools.report(f"the settings stay as they are ({here[:8]}); release {number} ran with others ({there[:8]})")
    image = Image(chosen.image, chosen.airflow, chosen.tag, chosen.facts)
    release = rolled(tools, target, image, screen, nested=nested)
    if release is None:
        raise _live_already(number, chosen)
    return Summary(live_line(release, f" (the image of release {number})"), brief(release))


def _digests(tools: Tools, target: Target) -> set[str]:
    from deployer.images import repository

    return {each.digest for each in repository.images(tools.aws, target.repository)}


def _chosen(known: Sequence[Release], number: int, runs: str, target: Target, there: set[str]) -> Release:
    """The release to return to, where the root has the image `runs`.

    Raises DeployError, saying why and how to go on, for one that cannot be returned to.
    """
    from deployer.releasing.releases import State, deployed, is_proven, of_image, require_serves

    chosen = next((each for each in known if each.number == number), None)
    if chosen is None:
        raise DeployError(f"there is no release {number}", "`make airflow-rollback` lists them")
    if chosen.state is not State.LIVE:
        raise DeployError(f"release {number} never was live: it is {chosen.state}", "choose one that was")
    if chosen.image == runs and is_proven(deployed(known), runs):
        raise _live_already(number, of_image(known, runs) or chosen)
    require_serves(known, f"release {number}", chosen.facts, chosen.airflow, target.bucket)
    if not _can_return(chosen, target, there):
        raise DeployError(
            f"the image of release {number} is no longer in the repository (ecr.imagesLifecycleCount: {target.keep})",
            "check out what it was made from, and push that: make airflow-push-image",
        )
    return chosen


def _live_already(number: int, now: Release) -> DeployError:
    same = "" if now.number == number else f": its image is that of release {now.number}"
    return DeployError(
        f"release {number} is live already{same}", "its settings are returned to with `make airflow-deploy`"
    )


def _can_return(one: Release, target: Target, there: set[str]) -> bool:
    """Whether the image of a release can still be had; one of another repository nobody can tell."""
    return not target.holds(one.image) or one.digest in there


def _listed(
    one: Release, running: Release | None, target: Target, there: set[str], words: dict[int, str]
) -> dict[str, object]:
    from deployer.releasing.releases import State

    heads = one.facts.heads if one.facts else None
    runs = one is running
    more = {"database": heads, "runs": runs, "live": runs and one.state is State.LIVE}
    left = {"interrupted": True} if one.number in words else {}
    return brief(one) | more | {"imageThere": _can_return(one, target, there)} | left
