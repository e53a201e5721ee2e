"""Seeing that a release runs: every service has finished its deployment, and workers at zero were rehearsed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from deployer.ecs.services import Service, Services
from deployer.errors import AWS_ERRORS, explain
from deployer.releasing.rehearsal import rehearse, stop_leftovers
from deployer.tools import Tools

ASLEEP = "every service was at zero (service.hours)"
_LIMIT = 20 * 60  # seconds; CloudFormation has waited already, and ECS only has old tasks left to stop


@dataclass(frozen=True)
class Proof:
    """What was seen: a problem in one line (empty: it runs) with the last lines of a log; and what was not seen.

    `asleep`: nothing runs at all.
    """

    problem: str = ""
    log: tuple[str, ...] = ()
    unproven: str = ""
    asleep: bool = False


@dataclass(frozen=True)
class Question:
    """What is to be proven: that the services of a cluster run an image, for a `purpose` that ECS is told.

    `own` are ARNs of the services that are meant: whoever uses the cluster, too, is left alone. A service that is not
    among the `known` ones has just been created, and has run a task of its own by now. `superseded` says, in words,
    that there is nothing to wait for any more.
    """

    cluster: str
    image: str
    own: Collection[str]
    known: Collection[str]
    purpose: str
    superseded: Callable[[], str]


def prove(tools: Tools, asked: Question) -> Proof:
    """See whether services run an image.

    Where the entrance to it all is at zero, so is the rest, the database perhaps too: nothing can be proven then.
    """
    tools.step("waiting until the services are steady")
    problem, found = _steady(tools, asked)
    if problem:
        return Proof(problem)
    if is_asleep(found):
        return Proof(unproven=ASLEEP, asleep=True)
    unseen = [each for each in found if not each.desired and each.arn in asked.known]
    workers = [each for each in unseen if each.definition.worker]
    others = ", ".join(each.name for each in unseen if not each.definition.worker)
    unproven = f"at zero: {others}" if others else ""
    _tidy_up(tools, asked.cluster)
    if not workers:
        return Proof(unproven=unproven)
    tools.step(f"rehearsing what stands at zero: {', '.join(each.name for each in workers)}")
    for each in rehearse(tools.aws, asked.cluster, workers, asked.purpose, tools.clock):
        if each.problem:
            return Proof(f"it was rehearsed, and {each.problem}", each.log)
        tools.report(f"{each.component}: healthy")
    return Proof(unproven=unproven)


def _tidy_up(tools: Tools, cluster: str) -> None:
    try:
        left = stop_leftovers(tools.aws, cluster)
    except AWS_ERRORS as error:
        tools.report(f"tasks left over from rehearsals cannot be looked for: {explain(error)}")
        return
    if left:
        tools.report(f"tasks left over from a rehearsal that was killed: {left} stopped")


def runs(services: Sequence[Service], image: str) -> bool:
    """Whether every service has finished deploying an image."""
    return bool(services) and all(each.rollout == "COMPLETED" and image in each.definition.images for each in services)


def is_asleep(services: Sequence[Service]) -> bool:
    """Whether the service that is the entrance has no tasks, as outside of `service.hours`."""
    entrances = [each for each in services if each.entrance]
    return bool(services) and not any(each.desired for each in entrances or services)


def _steady(tools: Tools, asked: Question) -> tuple[str, tuple[Service, ...]]:
    found: tuple[Service, ...] = ()
    services = Services(tools.aws)
    for _ in tools.clock.ticks(_LIMIT):
        found = tuple(each for each in services.read(asked.cluster) if each.arn in asked.own)
        if runs(found, asked.image):
            return "", found
        if superseded := asked.superseded():
            return superseded, found
        if failed := next((each for each in found if each.rollout == "FAILED"), None):
            return f"{failed.name}: its deployment failed: {failed.reason or 'ECS gives no reason'}", found
    waiting = [each.name for each in found if not runs([each], asked.image)]
    return f"not steady after {_LIMIT // 60} minutes: {', '.join(waiting) or 'there are no services'}", found
