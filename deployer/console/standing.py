"""How an environment stands. Text in columns. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from deployer.console.tables import columns
from deployer.deploying.deployed import LastDeploy
from deployer.standing import ServiceStanding, StackStanding, Standing

_HEAD = ("service", "tasks", "healthy", "state", "release", "task definition")
UNFINISHED = (
    "the deploy that began last was not brought to its end: `make airflow-deploy`, run again, finishes it"
    " (numbers of tasks, proof of the release)"
)
_SHORT = 8  # characters of a hash


def table(standing: Standing) -> str:
    """Return its stacks, the last deploy, and its services, each in a line; what is wrong is said beneath."""
    if not standing.stacks:
        return f"{standing.environment}: nothing is deployed; `make airflow-deploy` brings it up"
    stacks = [(each.name, each.status, f"since {each.since}", _notes(each.protected)) for each in standing.stacks]
    blocks = [*columns(stacks), _last(standing.last)]
    if standing.services:
        blocks += ["", *columns([_HEAD, *map(_row, standing.services)])]
    told = [*_troubles(standing), *_ways_on(standing)]
    return "\n".join([*blocks, *(["", *told] if told else [])])


def _troubles(standing: Standing) -> Iterator[str]:
    both: Sequence[StackStanding | ServiceStanding] = (*standing.stacks, *standing.services)
    for each in both:
        if not each.is_well and each.reason:
            yield f"{each.name}: {each.reason}"


def _ways_on(standing: Standing) -> Iterator[str]:
    if standing.is_busy:
        yield "CloudFormation is at work: `make airflow-events ARGS=--follow` watches it"
        return
    root = next((each for each in standing.stacks if each.name == standing.environment), None)
    if root is None or root.status == "REVIEW_IN_PROGRESS":
        ways = "`make airflow-deploy` brings it up, `make airflow-destroy` removes what is left"
        yield f"{standing.environment} is not there: {ways}"
    elif any(not each.is_well for each in standing.stacks):
        yield "`make airflow-events` tells what happened, `make airflow-deploy` goes on from there"
    elif not standing.services:
        yield f"{standing.environment} has no services: somebody may have removed its cluster"
    if standing.unfinished:
        yield UNFINISHED
    if any(each.is_well and each.went_back for each in standing.stacks):
        yield "its last change was taken back: `make airflow-events` tells why"
    if any(not each.is_well for each in standing.services):
        yield "what does not run may say why in its log: `make airflow-outputs` shows how to read it"


def _notes(protected: bool) -> str:  # noqa: FBT001 - a column of a row
    return "termination protection" if protected else ""


def _last(last: LastDeploy | None) -> str:
    if last is None:
        return "Last deploy: nothing is written down of it"
    who = last.who.rpartition("/")[2] or last.who
    commit = f", commit {last.short_commit}" if last.commit else ""
    return f"Last deploy: {last.time} by {who}, templates {last.templates[:_SHORT]}{commit}"


def _row(one: ServiceStanding) -> tuple[str, ...]:
    pending = f" (+{one.pending} starting)" if one.pending else ""
    return (
        one.name,
        f"{one.running}/{one.desired}{pending}",
        str(one.healthy),
        one.state,
        str(one.release) if one.release is not None else "-",
        one.revision,
    )
