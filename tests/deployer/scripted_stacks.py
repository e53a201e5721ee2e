"""How the operations of a scripted CloudFormation unfold.

An operation writes its whole future at once, as events with times; the clock reveals them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from tests.deployer.scripted_clients import ACCOUNT, REGION, RefusedError
from tests.deployer.scripted_graphs import MIDNIGHT, STACK, Graph, Resource, Stack, VirtualTime, seconds_of


class Stacks:
    """Stacks, what becomes of them, and what tests do to them behind the deployer's back."""

    def __init__(self, time: VirtualTime) -> None:
        self.stacks: dict[str, Stack] = {}  # by id; deleted ones stay known by it
        self.blocked: Callable[[str], str] = lambda _physical_id: ""  # why a deletion fails
        self.rollback_fails = False
        self.stops_at_failure = False  # where an update fails, and is not undone
        self.mended: set[str] = set()  # logical ids that are stuck no longer
        self.names: dict[str, str] = {}  # physical ids of what is no stack, by logical id, where they matter
        self._time = time
        self._numbers = count(1)
        self._operations: dict[str, str] = {}  # the latest of each stack: nested ones and rollbacks have their own

    # What tests set up and look at.

    def put(self, name: str, status: str, graph: Graph | None = None) -> Stack:
        """Set a stack into a state, resources and nested stacks included."""
        stack = self._new(name)
        stack.graph = graph
        for resource in graph.resources if graph else ():
            if resource.child:
                stack.children[resource.id] = self.put(f"{name}-{resource.id}", "CREATE_COMPLETE", resource.child)
        self._own(stack, status, self._time.seconds)
        self._time.seconds += 10
        return stack

    def status(self, name: str) -> str:
        stack = self._find(name)
        return self._status(stack) if stack else "nothing"

    def remove_by_hand(self, name: str) -> None:
        """Let a stack be gone at once, whatever is going on in it; nothing more happens to it."""
        stack = self._get(name)
        for each in (stack, *stack.children.values()):
            each.events = [event for event in each.events if seconds_of(event) <= self._time.seconds]
            self._own(each, "DELETE_COMPLETE", self._time.seconds)

    def begin_update(self, name: str, graph: Graph) -> None:
        """Let somebody else update a stack."""
        self._update(self._get(name), graph, self._time.seconds)

    def begin_creation(self, name: str, graph: Graph) -> None:
        """Let somebody else create a stack."""
        self._create(self._find(name) or self._new(name), graph, self._time.seconds)

    # How operations unfold.

    def _create(self, stack: Stack, graph: Graph, start: float) -> float:
        stack.graph = graph
        self._own(stack, "CREATE_IN_PROGRESS", start)
        end, failed = self._perform(stack, graph.resources, "CREATE", start)
        if not failed:
            self._own(stack, "CREATE_COMPLETE", end + 1)
            return end + 1
        self._own(stack, "ROLLBACK_IN_PROGRESS", end + 1, f"The following resource(s) failed to create: [{failed}].")
        held = ""
        for resource in graph.resources:
            reason = self.blocked(self._physical_id(stack, resource))
            self._event(stack, resource, "DELETE_FAILED" if reason else "DELETE_COMPLETE", end + 2, reason)
            held = held or (resource.id if reason else "")
        reason = f"The following resource(s) failed to delete: [{held}]." if held else ""
        self._own(stack, "ROLLBACK_FAILED" if held else "ROLLBACK_COMPLETE", end + 3, reason)
        return end + 3

    def _update(self, stack: Stack, graph: Graph, start: float) -> float:
        old = {each.id: each for each in (stack.graph.resources if stack.graph else ())}
        stack.before, stack.changed = stack.graph, tuple(e for e in graph.resources if old.get(e.id) != e)
        self._own(stack, "UPDATE_IN_PROGRESS", start)
        end, failed = self._perform(stack, stack.changed, "UPDATE", start)
        if failed:
            reason = f"The following resource(s) failed to update: [{failed}]."
            if self.stops_at_failure:
                self._own(stack, "UPDATE_FAILED", end + 1, reason)
                return end + 1
            self._own(stack, "UPDATE_ROLLBACK_IN_PROGRESS", end + 1, reason)
            return self._go_back(stack, end + 1, frozenset())
        stack.graph = graph
        self._own(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", end + 1)
        kept = {each.id for each in graph.resources}
        end, left = self._clean_up(stack, [each for each in old.values() if each.id not in kept], end + 1)
        self._own(stack, "UPDATE_COMPLETE", end + 1, left)
        return end + 1

    def _clean_up(self, stack: Stack, gone: Sequence[Resource], start: float) -> tuple[float, str]:
        """Delete what an update has taken out; return when that is over, and what is said of what stays.

        What cannot be deleted is tried three times, and is then in no stack any more.
        """
        end, left = start, ""
        for each in gone:
            stays, done = each.policy.startswith("Retain"), start + each.seconds
            child = None if stays else stack.children.pop(each.id, None)
            if child and self._ended(child) != "DELETE_COMPLETE":
                done = self._delete(child, start)
            reason = "" if stays or child else self.blocked(self._physical_id(stack, each))
            if child and self._ended(child) != "DELETE_COMPLETE":
                reason = f"Embedded stack {child.id} was not successfully deleted: The following resource(s) failed"
            physical_id = child.id if child else self._physical_id(stack, each)
            status = "DELETE_FAILED" if reason else "DELETE_SKIPPED" if stays else "DELETE_COMPLETE"
            for begun in (start + attempt * (done - start + 0.25) for attempt in range(3 if reason else 1)):
                for what, seconds, why in (("DELETE_IN_PROGRESS", 0.0, ""), (status, done - start, reason)):
                    self._record(stack, each.id, physical_id, each.type, what, begun + seconds, why)
                end = max(end, begun + done - start)
            left = left or ("Update successful. One or more resources could not be deleted." if reason else "")
        return end, left

    def _go_back(self, stack: Stack, start: float, skipped: frozenset[str]) -> float:
        """Undo what the last update has touched, but for what is stuck; children first."""
        held, end = "", start
        for each in stack.changed:
            child, reason = stack.children.get(each.id), ""
            if (
                each.child
                and child
                and self._ended(child) in {"UPDATE_COMPLETE", "UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"}
            ):
                self._own(child, "UPDATE_ROLLBACK_IN_PROGRESS", start + 0.25)
                end = max(end, self._go_back(child, start + 0.25, skipped))
                if self._ended(child) == "UPDATE_ROLLBACK_FAILED":
                    reason = f"Embedded stack {child.id} was not successfully updated. Currently in it"
            elif self._to_skip(stack, each) not in skipped:
                reason = "" if each.id in self.mended else each.stuck
                if child and self._ended(child) == "DELETE_COMPLETE":
                    reason = f"Stack [{child.id}] does not exist"
            if reason:
                self._event(stack, each, "UPDATE_FAILED", end + 0.5, reason)
                held = held or each.id
        fails = held or (self.rollback_fails and not skipped)
        reason = f"The following resource(s) failed to update: [{held}]." if held else ""
        if not fails:
            stack.graph = stack.before
        self._own(stack, "UPDATE_ROLLBACK_FAILED" if fails else "UPDATE_ROLLBACK_COMPLETE", end + 1, reason)
        return end + 1

    def _to_skip(self, stack: Stack, resource: Resource) -> str:
        """How ContinueUpdateRollback wants a resource to be named; only a nested stack's own name goes before it."""
        is_nested = any(stack in each.children.values() for each in self.stacks.values())
        return f"{stack.name}.{resource.id}" if is_nested else resource.id

    def _delete(self, stack: Stack, start: float) -> float:
        self._own(stack, "DELETE_IN_PROGRESS", start, "User Initiated")
        end, failed = start, ""
        for each in stack.graph.resources if stack.graph else ():
            self._event(stack, each, "DELETE_IN_PROGRESS", start + 1)
            done = start + 1 + each.seconds
            stays = each.policy.startswith("Retain")
            blocked = "" if stays else self.blocked(self._physical_id(stack, each))
            if each.child:
                done = self._delete(stack.children[each.id], start + 1) + 1
                blocked = (
                    "" if self._ended(stack.children[each.id]) == "DELETE_COMPLETE" else "was not successfully deleted"
                )
            status = "DELETE_FAILED" if blocked else "DELETE_SKIPPED" if stays else "DELETE_COMPLETE"
            self._event(stack, each, status, done, blocked)
            failed, end = failed or (each.id if blocked else ""), max(end, done)
        reason = f"The following resource(s) failed to delete: [{failed}]." if failed else ""
        self._own(stack, "DELETE_FAILED" if failed else "DELETE_COMPLETE", end + 1, reason)
        return end + 1

    def _perform(self, stack: Stack, resources: tuple[Resource, ...], verb: str, start: float) -> tuple[float, str]:
        """Start all at once; return when the last one ended, and the one that failed first."""
        ends = {each.id: self._begin(stack, each, verb, start) for each in resources}
        failures = {each.id: ends[each.id] for each in resources if self._reason(stack, each)}
        first = min(failures.values(), default=float("inf"))
        for each in resources:
            reason = self._reason(stack, each)
            if not each.child and ends[each.id] > first:
                ends[each.id], reason = first, f"Resource {'creation' if verb == 'CREATE' else 'update'} cancelled"
            self._event(stack, each, f"{verb}_{'FAILED' if reason else 'COMPLETE'}", ends[each.id], reason)
        return max(ends.values(), default=start), next((k for k, t in failures.items() if t == first), "")

    def _begin(self, stack: Stack, resource: Resource, verb: str, start: float) -> float:
        if resource.child is None:
            self._event(stack, resource, f"{verb}_IN_PROGRESS", start + 1)
            return start + 1 + resource.seconds
        child = stack.children.get(resource.id)
        if child and self._ended(child) == "DELETE_COMPLETE":  # by hand
            return start + 1
        if child:
            end = self._update(child, resource.child, start + 1)
        else:
            self._record(stack, resource.id, "", STACK, "CREATE_IN_PROGRESS", start + 1, "")  # has no id yet
            child = stack.children[resource.id] = self._new(f"{stack.name}-{resource.id}")
            end = self._create(child, resource.child, start + 1)
        # The parent tells of its child a little after the child has begun.
        self._event(stack, resource, f"{verb}_IN_PROGRESS", start + 1.5)
        return end + 1

    def _reason(self, stack: Stack, resource: Resource) -> str:
        if resource.child is None:
            return resource.fails
        child = stack.children[resource.id]
        ended = self._ended(child)
        if ended == "DELETE_COMPLETE":
            return f"Stack [{child.id}] does not exist"
        failed = "ROLLBACK" in ended or ended == "UPDATE_FAILED"
        return f"Embedded stack {child.id} was not successfully created: ..." if failed else ""

    # Small things.

    def _new(self, name: str) -> Stack:
        stack = Stack(f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/{next(self._numbers)}", name)
        self.stacks[stack.id] = stack
        return stack

    def _find(self, name_or_id: str) -> Stack | None:
        if name_or_id in self.stacks:
            return self.stacks[name_or_id]
        alive = (each for each in self.stacks.values() if self._status(each) != "DELETE_COMPLETE")
        return next((each for each in alive if each.name == name_or_id), None)

    def _get(self, name_or_id: str) -> Stack:
        stack = self._find(name_or_id)
        if stack is None:
            raise RefusedError("ValidationError", f"Stack with id {name_or_id} does not exist")
        return stack

    def _status(self, stack: Stack, ago: float = 0) -> str:
        """The status as of so many seconds ago; the oldest there is, where the stack is younger."""
        own = sorted((e for e in stack.events if e["PhysicalResourceId"] == stack.id), key=seconds_of)
        seen = [event for event in own if seconds_of(event) + ago <= self._time.seconds] or own[:1]
        return str(seen[-1]["ResourceStatus"])

    def _ended(self, stack: Stack) -> str:
        """Status at the end of all that is written, revealed or not."""
        own = (event for event in stack.events if event["PhysicalResourceId"] == stack.id)
        return str(sorted(own, key=seconds_of)[-1]["ResourceStatus"])

    def _physical_id(self, stack: Stack, resource: Resource) -> str:
        child = stack.children.get(resource.id)
        return child.id if child else self.names.get(resource.id, f"{stack.name}-{resource.id}".lower())

    def _own(self, stack: Stack, status: str, seconds: float, reason: str = "") -> None:
        """What a stack says of itself; each operation on it begins so, its rollback too."""
        if stack.id not in self._operations or (status.endswith("_IN_PROGRESS") and "CLEANUP" not in status):
            self._operations[stack.id] = f"operation-{next(self._numbers)}"
        self._record(stack, stack.name, stack.id, STACK, status, seconds, reason)

    def _event(self, stack: Stack, resource: Resource, status: str, seconds: float, reason: str = "") -> None:
        physical_id = self._physical_id(stack, resource)
        self._record(stack, resource.id, physical_id, resource.type, status, seconds, reason)

    def _record(
        self, stack: Stack, logical_id: str, physical_id: str, kind: str, status: str, seconds: float, reason: str
    ) -> None:
        told: Mapping[str, Any] = {
            "EventId": f"event-{next(self._numbers)}",
            "StackId": stack.id,
            "StackName": stack.name,
            "OperationId": self._operations.get(stack.id, ""),
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": kind,
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
            "Timestamp": MIDNIGHT + timedelta(seconds=seconds),
        }
        stack.events.append(dict(told))
