"""What an operation has come to: its events, and the changes that were told before, folded into a tree. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from deployer.cloudformation.changes import Change, Replacement
from deployer.cloudformation.events import StackEvent
from deployer.cloudformation.stacks import STACK_TYPE
from deployer.cloudformation.statuses import Category, is_busy


class State(Enum):
    """How far a resource is."""

    WAITING = auto()
    WORKING = auto()
    DONE = auto()
    FAILED = auto()
    CANCELLED = auto()
    UNDOING = auto()
    UNDONE = auto()
    LEFT = auto()  # told before, and not touched after all


@dataclass(frozen=True)
class Span:
    """A stretch of time that was spent on one thing: `verb` is CREATE, UPDATE, DELETE, ROLLBACK or IMPORT."""

    verb: str
    began: datetime
    ended: datetime | None
    status: str
    undoing: bool


@dataclass(frozen=True)
class Node:
    """A stack or a resource, with what lies in it. `change` is what was told of it, None where nothing was.

    `failure` is why it failed, where it is a cause and no consequence; it outlasts the rollback.
    """

    name: str
    path: str
    type: str
    state: State
    change: Change | None = None
    spans: tuple[Span, ...] = ()
    failure: StackEvent | None = None
    children: tuple[Node, ...] = ()

    @property
    def status(self) -> str:
        """CloudFormation's last word; empty before the first."""
        return self.spans[-1].status if self.spans else ""

    @property
    def is_stack(self) -> bool:
        """Whether it is a nested stack, or the root."""
        return self.type == STACK_TYPE

    @property
    def replaced(self) -> bool:
        """Whether it was told that another one takes its place."""
        return self.change is not None and self.change.replacement is Replacement.YES

    @property
    def is_blind(self) -> bool:
        """Whether it is a stack that changes while nobody has been told what changes in it."""
        if not self.is_stack or self.change is None or self.change.seen:
            return False
        return not any(leaf.change for leaf in self.leaves())

    @property
    def rests(self) -> bool:
        """Whether nothing happens to it, and nothing more is expected to."""
        return self.state not in {State.WAITING, State.WORKING, State.UNDOING}

    def leaves(self) -> Iterator[Node]:
        """Everything in it that is no stack."""
        for child in self.children:
            if child.is_stack:
                yield from child.leaves()
            else:
                yield child

    def everything(self) -> Iterator[Node]:
        """It, and everything in it."""
        yield self
        for child in self.children:
            yield from child.everything()

    def seconds(self, now: datetime) -> float:
        """How long it took, or has taken by `now`.

        A stack on the whole; a resource with what was done to it last, or with what failed, if that is all over.
        """
        if not self.spans:
            return 0.0
        last = next(
            (span for span in self.spans if self.failure and span.status == self.failure.status), self.spans[-1]
        )
        began = self.spans[0].began if self.is_stack else last.began
        return max(0.0, ((last.ended or now) - began).total_seconds())


def fold(events: Sequence[StackEvent], changes: Iterable[Change] = ()) -> Node | None:
    """Return the root of the operation that these events are of; None before the first.

    What was told stands in the order in which it was told, so that nothing moves; what comes unexpected stands below.
    """
    if not events:
        return None
    root = root_of(events[0])
    told = {change.path: change for change in changes if change.stack.partition("/")[0] == root}
    heard: dict[str, list[StackEvent]] = {}
    for event in events:
        heard.setdefault(event.path, []).append(event)
    inside: dict[str, list[str]] = {}
    for path in dict.fromkeys((*_with_parents(told), *_with_parents(heard))):
        inside.setdefault(path.rpartition("/")[0], []).append(path)
    over = bool(heard.get(root)) and not _at_it(heard[root][-1].status)
    return _Folding(heard, told, inside, over=over).node(root, None)


def root_of(event: StackEvent) -> str:
    """The name of the root stack that an event comes from, be it by way of a nested one."""
    return event.path.partition("/")[0]


def goes_on(events: Sequence[StackEvent], event: StackEvent) -> bool:
    """Whether an event belongs to the operation of the events before it, and begins no other."""
    begins = _of_root(event) and _at_it(event.status)
    return bool(events) and root_of(events[0]) == root_of(event) and not begins


def ends(event: StackEvent) -> bool:
    """Whether a root says that it has come to rest."""
    return _of_root(event) and not is_busy(event.status)


def is_over(events: Sequence[StackEvent]) -> bool:
    """Whether the root has said last that it has come to rest; what is heard after that has come late."""
    last = next((event for event in reversed(events) if _of_root(event)), None)
    return last is not None and ends(last)


def _of_root(event: StackEvent) -> bool:
    return event.own and "/" not in event.stack


def _with_parents(paths: Iterable[str]) -> Iterator[str]:
    """Each path after those that it lies in."""
    for path in paths:
        parts = path.split("/")
        yield from ("/".join(parts[:length]) for length in range(1, len(parts) + 1))


def _at_it(status: str) -> bool:
    """Whether what was told may still come: clearing up and going back bring nothing new."""
    return is_busy(status) and "ROLLBACK" not in status and "CLEANUP" not in status


@dataclass(frozen=True)
class _Folding:
    heard: Mapping[str, Sequence[StackEvent]]
    told: Mapping[str, Change]
    inside: Mapping[str, Sequence[str]]
    over: bool

    def node(self, path: str, undone: datetime | None) -> Node:
        """Build what is at a path; `undone` is when the stack that it lies in began to go back."""
        events, change = self.heard.get(path, ()), self.told.get(path)
        back = next((e.time for e in events if e.own and "ROLLBACK" in e.status), None)
        inner = min((time for time in (back, undone) if time), default=None)
        children = tuple(self.node(each, inner) for each in self.inside.get(path, ()))
        kind = events[0].type if events else change.type if change else ""
        failure = None if children else _failure(events, undone)
        spans = tuple(_spans(events, undone))
        state = self._state(events, failure, children, spans)
        kind = STACK_TYPE if children else kind
        return Node(path.rpartition("/")[2], path, kind, state, change, spans, failure, children)

    def _state(
        self, events: Sequence[StackEvent], failure: StackEvent | None, children: Sequence[Node], spans: Sequence[Span]
    ) -> State:
        if not events:
            return self._of_what_is_not_heard_of(children)
        category = events[-1].category
        if failure or category is Category.FAILED:
            return State.FAILED
        if category is Category.CANCELLED:
            below = any(child.state is State.FAILED for child in children)
            return State.FAILED if below else State.CANCELLED
        if is_busy(events[-1].status):
            return State.UNDOING if spans[-1].undoing else State.WORKING
        return State.UNDONE if spans[-1].undoing else State.DONE

    def _of_what_is_not_heard_of(self, children: Sequence[Node]) -> State:
        if any(child.state is not State.WAITING for child in children) and not self.over:
            return State.WORKING
        return State.LEFT if self.over else State.WAITING


def _failure(events: Sequence[StackEvent], undone: datetime | None) -> StackEvent | None:
    """The first failure that was not mended: CloudFormation tries a removal again by itself."""
    for number, event in enumerate(events):
        if event.category is not Category.FAILED:
            continue
        done = f"{_verb(event.status)}_COMPLETE"
        later = [e for e in events[number:] if e.status == done]
        if not any(done == "DELETE_COMPLETE" or not _is_undoing(e, undone) for e in later):
            return event
    return None


def _spans(events: Sequence[StackEvent], undone: datetime | None) -> Iterator[Span]:
    """Put what was done into stretches: one for each verb, and another for the same verb when it is undone."""
    current: Span | None = None
    for event in events:
        verb, undoing = _verb(event.status), _is_undoing(event, undone)
        ended = None if is_busy(event.status) else event.time
        if current and (current.verb, current.undoing) == (verb, undoing):
            current = Span(verb, current.began, ended, event.status, undoing)
            continue
        if current:
            yield Span(current.verb, current.began, current.ended or event.time, current.status, current.undoing)
        current = Span(verb, event.time, ended, event.status, undoing)
    if current:
        yield current


def _is_undoing(event: StackEvent, undone: datetime | None) -> bool:
    return "ROLLBACK" in event.status or (undone is not None and event.time >= undone)


def _verb(status: str) -> str:
    return "ROLLBACK" if "ROLLBACK" in status else status.partition("_")[0]
