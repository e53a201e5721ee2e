"""The stages of a deploy: look at the stack, plan, ask, execute, watch, give the outputs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from deployer import change_sets, events, first_counts, packaging, stacks
from deployer.aws import Aws
from deployer.change_sets import ChangeSet, StackRequest, Template
from deployer.clock import REAL_TIME, Clock
from deployer.errors import Declined, DeployError
from deployer.events import Operation, StackEvent
from deployer.stacks import Stack, StackNames
from deployer.statuses import is_busy

Consent = Callable[[ChangeSet], bool]

FOUNDATION = "foundation.yml"
_BUCKET_OUTPUT = "TemplatesBucket"
_CLUSTER_OUTPUT = "ClusterName"

# From these an update can start; in any other state CloudFormation refuses one.
_UPDATABLE = {
    "CREATE_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE",
}
_REMOVE = "remove it with `make airflow-destroy`, then deploy again"
_WAYS_OUT = {
    "CREATE_FAILED": ("its creation failed", _REMOVE),
    "DELETE_FAILED": ("its removal stopped midway", "finish that with `make airflow-destroy`, then deploy again"),
    "ROLLBACK_COMPLETE": ("its first creation failed and was undone", _REMOVE),
    "ROLLBACK_FAILED": ("its first creation failed and could not be undone", _REMOVE),
    "UPDATE_ROLLBACK_FAILED": (
        "a failed update could not be undone",
        "mend what its last events name, then continue the rollback in the CloudFormation console",
    ),
}


class Outcome(StrEnum):
    """What a deploy came to."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Result:
    """A stack after its deploy."""

    stack: str
    outcome: Outcome
    outputs: dict[str, str]


@dataclass(frozen=True)
class Desired:
    """An environment as it shall be. `templates` is its rendered folder; `parameters` are the root's.

    `inherited` names outputs of the foundation that are parameters of the root, too.
    """

    names: StackNames
    templates: Path
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    nested: bool = True
    inherited: Sequence[str] = ()


@dataclass(frozen=True)
class Deployed:
    """An environment after its deploy."""

    foundation: Result
    root: Result


def deploy(
    aws: Aws, desired: Desired, consent: Consent, clock: Clock = REAL_TIME
) -> Generator[StackEvent, None, Deployed]:
    """Bring both stacks to what is desired, yielding events; `consent` is asked once for each that changes.

    Raises Declined when consent is not given, DeployError when it cannot be done or fails.
    """
    names = desired.names
    current = stacks.find(aws, names.root)
    require_ready(current)  # before anything is changed
    body = _read(desired.templates / FOUNDATION)
    request = StackRequest(names.foundation, Template(body=body), tags=desired.tags)
    foundation = yield from deploy_stack(aws, request, consent, clock)
    url = packaging.package(aws, desired.templates, _output(foundation, _BUCKET_OUTPUT))
    parameters = {**desired.parameters, **{name: _output(foundation, name) for name in desired.inherited}}
    request = StackRequest(names.root, Template(url=url), parameters, desired.tags, desired.nested)
    running = first_counts.services(aws, current.outputs.get(_CLUSTER_OUTPUT) if current else None)
    root = yield from deploy_stack(aws, request, consent, clock)
    if root.outcome is not Outcome.UNCHANGED and (cluster := root.outputs.get(_CLUSTER_OUTPUT)):
        first_counts.apply(aws, cluster, running)
    return Deployed(foundation, root)


def deploy_stack(
    aws: Aws, request: StackRequest, consent: Consent, clock: Clock = REAL_TIME
) -> Generator[StackEvent, None, Result]:
    """Create or update one stack, yielding the events of it and of what is nested in it.

    Declined, or interrupted while asking, it leaves no change set and no empty stack behind.
    Raises Declined, or DeployError with the first cause of a failure.
    """
    current = stacks.find(aws, request.name)
    require_ready(current)
    change_set = change_sets.propose(aws, request, current, clock)
    if change_set is None:
        return Result(request.name, Outcome.UNCHANGED, current.outputs if current else {})
    _ask(aws, change_set, consent)
    since = events.newest(aws, change_set.stack_id)
    change_sets.execute(aws, change_set)
    operation = yield from events.follow(aws, request.name, change_set.stack_id, since, clock)
    if not operation.succeeded:
        raise failure(request.name, "created" if change_set.creates else "updated", operation)
    outcome = Outcome.CREATED if change_set.creates else Outcome.UPDATED
    return Result(request.name, outcome, stacks.outputs(aws, change_set.stack_id))


def require_ready(stack: Stack | None) -> None:
    """Raise DeployError, saying what to do, when a stack is in a state that no deploy can start from."""
    if stack is None or stack.status in _UPDATABLE or stack.status == "REVIEW_IN_PROGRESS":
        return
    if is_busy(stack.status):
        raise DeployError(
            f"{stack.name} is in {stack.status}: another operation is at work on it",
            "wait until it has ended, then run it again",
        )
    why, way_out = _WAYS_OUT.get(stack.status, (stack.reason or "no deploy can start from there", _REMOVE))
    raise DeployError(f"{stack.name} is in {stack.status}: {why}", way_out)


def failure(name: str, done: str, operation: Operation) -> DeployError:
    """Put an operation that failed into one line: its first cause, and the state it has left."""
    cause = events.first_cause(operation.events)
    line = f"{name} was not {done}, it is in {operation.status}"
    if cause is None:
        return DeployError(line)
    return DeployError(f"{line}: {cause.path} ({cause.type}): {cause.status}: {cause.reason or 'no reason given'}")


def _ask(aws: Aws, change_set: ChangeSet, consent: Consent) -> None:
    try:
        agreed = consent(change_set)
    except BaseException:  # an interrupt while asking is a no
        change_sets.discard(aws, change_set)
        raise
    if not agreed:
        change_sets.discard(aws, change_set)
        raise Declined(f"{change_set.stack} was left as it is: the changes were not approved")


def _output(foundation: Result, name: str) -> str:
    value = foundation.outputs.get(name)
    if not value:
        raise DeployError(f"{foundation.stack} has no output {name}", f"its template, {FOUNDATION}, must give it")
    return value


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise DeployError(f"{path} is missing", "render the templates with `make airflow-render`") from error
