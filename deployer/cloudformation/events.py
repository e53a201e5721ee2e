"""What happens to a stack and the stacks nested in it, as a stream of events."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.clock import REAL_TIME, Clock
from deployer.cloudformation import stacks
from deployer.cloudformation.statuses import Category, category, is_busy, is_success
from deployer.errors import DeployError, is_passing, one_line

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

_LIMIT = 12 * 3600  # seconds after which nothing is waited for any longer
_PATIENCE = 10 * 60  # seconds in which AWS may have no time to answer
_RARELY = 6  # looks, of which one is at stacks that rest, too: about every 18 seconds
_GONE = "DELETE_COMPLETE"
_STARTS = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"}


@dataclass(frozen=True)
class StackEvent:
    """A change of a resource's status. `stack` is a path of logical ids such as `airflow-dev/Network`.

    `operation` is CloudFormation's id of what it belongs to: each stack has its own, and a rollback is another one.
    It is empty where nobody tells it.
    """

    time: datetime
    stack: str
    stack_id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    operation: str = ""

    @property
    def own(self) -> bool:
        """Whether a stack speaks of itself here, and not of one of its resources."""
        return self.physical_id == self.stack_id

    @property
    def path(self) -> str:
        """The resource with its stack, for example `airflow-dev/Network/Vpc`."""
        return self.stack if self.own else f"{self.stack}/{self.logical_id}"

    @property
    def category(self) -> Category:
        """What kind of news this is."""
        return category(self.status, self.reason)


Look = Callable[[Sequence[StackEvent]], None]
"""What else is to be looked at, while a stack is being followed; it is given what has happened since the last look."""


@dataclass(frozen=True)
class Operation:
    """An operation that has ended: the root's last status, and all that happened."""

    status: str
    events: tuple[StackEvent, ...]

    @property
    def succeeded(self) -> bool:
        """Whether it did what was asked."""
        return is_success(self.status)


Answer = TypeVar("Answer")
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Since:
    """From where on events count: not before `time`, and not those already `seen`."""

    time: datetime = _EVER
    seen: frozenset[str] = frozenset()


def newest(aws: Aws, stack_id: str) -> Since:
    """Mark the newest event of a stack: take it just before an operation is begun."""
    page = next(_pages(aws, stack_id), [])
    return Since(page[0]["Timestamp"], frozenset(e["EventId"] for e in page)) if page else Since()


def last_operation(aws: Aws, stack_id: str) -> Since:
    """Mark the beginning of the stack's latest operation, to follow one that runs already."""
    for event in (event for page in _pages(aws, stack_id) for event in page):
        if event.get("PhysicalResourceId") == stack_id and event.get("ResourceStatus") in _STARTS:
            return Since(event["Timestamp"])
    return Since()


def follow(
    aws: Aws, name: str, stack_id: str, since: Since, clock: Clock = REAL_TIME, look: Look = lambda _: None
) -> Generator[StackEvent, None, Operation]:
    """Yield the events of the operation that began after `since`, until the root has come to rest.

    Each event comes once. The root is asked before its children, so that what a child did before the root
    ended is always heard; events of one look are in order of time. `look` is called at every look, with what is
    new. While AWS throttles, or has trouble of its own, it is waited for, for ten minutes at a stretch; any other error
    is raised. Raises DeployError after 12 hours.
    """
    family = _Family(_Reader(name, stack_id, since.time, set(since.seen)))
    patience = _Patience()
    history: list[StackEvent] = []
    last = ""
    for passed in clock.ticks(_LIMIT):
        fresh = patience.ask(passed, lambda: family.look(aws))
        if fresh is None:
            continue
        history += fresh
        look(fresh)
        yield from fresh
        last = next((event.status for event in reversed(fresh) if family.ends(event)), last)
        # A stack and its events lag behind each other, and CREATE_FAILED may be followed by a rollback: it has come
        # to rest when it is in the state of its last event, and is asked at every look until then. What is not there
        # at all has no events.
        if last or not history:
            status = patience.ask(passed, lambda: _status(aws, stack_id))
            if status in {last, _GONE}:
                return Operation(status, tuple(history))
    raise DeployError(f"{name} is still at work after {_LIMIT // 3600} hours", "look at it in the AWS console")


def so_far(aws: Aws, name: str, stack_id: str, since: Since) -> list[StackEvent]:
    """Return what has happened after `since` until now, in order of time."""
    return _Family(_Reader(name, stack_id, since.time, set(since.seen))).look(aws)


def first_cause(events: Iterable[StackEvent]) -> StackEvent | None:
    """Return the earliest failure that is no consequence of another; else the earliest failure at all."""
    ordered = sorted(events, key=lambda event: event.time)
    for kind in (Category.FAILED, Category.CANCELLED):
        for event in ordered:
            if event.category is kind:
                return event
    return None


class _Patience:
    """Who asks AWS again while it has no time, until that has lasted too long."""

    def __init__(self) -> None:
        self._since: float | None = None

    def ask(self, passed: float, question: Callable[[], Answer]) -> Answer | None:
        """Return the answer; None when AWS has no time for it now, `passed` seconds after the beginning."""
        try:
            answer = question()
        except ClientError as error:
            self._since = passed if self._since is None else self._since
            if not is_passing(error) or passed - self._since > _PATIENCE:
                raise
            return None
        self._since = None
        return answer


@dataclass
class _Reader:
    """One stack of the family: from when on its events count, which have been read, whether it has come to rest."""

    path: str
    stack_id: str
    start: datetime
    seen: set[str] = field(default_factory=set)
    rests: bool = False

    def read(self, aws: Aws) -> list[StackEvent]:
        """Fetch what is new, oldest first, looking no further back than to a page with something known.

        Breaking off between two pages, nothing counts as read.
        """
        fresh: dict[str, StackEvent] = {}
        for page in _pages(aws, self.stack_id):
            known = self.seen | fresh.keys()
            new = [e for e in page if e["EventId"] not in known and e["Timestamp"] >= self.start]
            fresh |= {e["EventId"]: _event(self.path, e) for e in new}
            if len(new) < len(page):
                break
        self.seen |= fresh.keys()
        own = next((event for event in fresh.values() if event.own), None)
        self.rests = _at_rest(own) if own else self.rests
        return list(fresh.values())[::-1]


class _Family:
    """A root and the nested stacks that have shown up so far.

    AWS throttles who asks for the events of many stacks all the time, and most of them rest: those are read when they,
    or the root, are spoken of, and every now and then.
    """

    def __init__(self, root: _Reader) -> None:
        self._readers = [root]
        self._began: datetime | None = None
        self._looks = 0
        self._fresh: list[StackEvent] = []

    def look(self, aws: Aws) -> list[StackEvent]:
        """Read the stacks, root first; a child that shows up is read at once, from the beginning.

        What was read by a look that broke off is told by the next one.
        """
        self._looks += 1
        for reader in self._readers:  # grows while it is walked
            for event in reader.read(aws) if self._is_due(reader) else ():
                self._fresh.append(event)
                self._began = self._began or event.time
                self._adopt(event, self._began)
        fresh, self._fresh = self._fresh, []
        return sorted(fresh, key=lambda event: (event.time, self.ends(event)))

    def ends(self, event: StackEvent) -> bool:
        """Whether the root says here that it has come to rest."""
        return self._is_of_root(event) and _at_rest(event)

    def _is_due(self, reader: _Reader) -> bool:
        if not reader.rests or reader is self._readers[0] or self._looks % _RARELY == 0:
            return True
        return any(event.physical_id == reader.stack_id or self._is_of_root(event) for event in self._fresh)

    def _is_of_root(self, event: StackEvent) -> bool:
        return event.own and event.stack_id == self._readers[0].stack_id

    def _adopt(self, event: StackEvent, began: datetime) -> None:
        """Read a child from the operation's beginning: its own first event is older than its parent's word."""
        child = event.physical_id
        known = {"", *(reader.stack_id for reader in self._readers)}
        if event.type == stacks.STACK_TYPE and not event.own and child not in known:
            self._readers.append(_Reader(event.path, child, began))


def _at_rest(own: StackEvent) -> bool:
    """Whether a stack that says this of itself has come to rest."""
    # A stack that is reviewed has not begun: its word from before the operation may come late.
    return not is_busy(own.status) and own.status != "REVIEW_IN_PROGRESS"


def _status(aws: Aws, stack_id: str) -> str:
    stack = stacks.find(aws, stack_id)
    return stack.status if stack else _GONE


def _pages(aws: Aws, stack_id: str) -> Iterator[list[StackEventTypeDef]]:
    """Pages of a stack's events, newest first; none when the stack is not there."""
    try:
        for page in aws.cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id):
            yield page["StackEvents"]
    except ClientError as error:
        if not stacks.is_missing(error):
            raise


def _event(path: str, event: StackEventTypeDef) -> StackEvent:
    return StackEvent(
        time=event["Timestamp"],
        stack=path,
        stack_id=event["StackId"],
        logical_id=event.get("LogicalResourceId", ""),
        physical_id=event.get("PhysicalResourceId", ""),
        type=event.get("ResourceType", ""),
        status=event.get("ResourceStatus", ""),
        reason=one_line(event.get("ResourceStatusReason", "")),
        operation=event.get("OperationId", ""),
    )
