"""A CloudFormation that plays stack graphs against a virtual clock: durations, failures, nested stacks.

An operation writes its whole future at once, as events with times; the clock reveals them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, repeat
from typing import Any

from deployer.clock import Clock
from tests.deployer.scripted_clients import ACCOUNT, REGION, RefusedError

STACK = "AWS::CloudFormation::Stack"
MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualTime:
    """Seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def clock(self, pace: float = 1.0) -> Clock:
        return Clock(lambda: self.seconds, self.sleep, lambda: repeat(pace))


@dataclass(frozen=True)
class Resource:
    """A resource of a graph: how long it takes, and with which reason its creation or update fails."""

    id: str
    type: str = "AWS::SQS::Queue"
    seconds: float = 2
    fails: str = ""
    version: int = 1
    policy: str = ""
    protected: bool = False
    child: Graph | None = None


@dataclass(frozen=True)
class Graph:
    """A template: resources that start together, parameters with their defaults, outputs."""

    resources: tuple[Resource, ...] = ()
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        def resource(each: Resource) -> dict[str, Any]:
            properties = {"Properties": {"DeletionProtection": True}} if each.protected else {}
            return {"Type": each.type} | properties | ({"DeletionPolicy": each.policy} if each.policy else {})

        return json.dumps({"Resources": {each.id: resource(each) for each in self.resources}}, indent=1)


def nested(name: str, *resources: Resource) -> Resource:
    return Resource(name, STACK, child=Graph(resources))


@dataclass
class ChangeSet:
    id: str
    stack: Stack
    graph: Graph
    values: dict[str, str]
    tags: dict[str, str]
    creates: bool
    changes: list[dict[str, Any]]
    reason: str
    ready: float


@dataclass
class Stack:
    id: str
    name: str
    graph: Graph | None = None
    values: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    children: dict[str, Stack] = field(default_factory=dict)
    protected: bool = False


class ScriptedCloudFormation:
    """Answers CloudFormation's operations; `templates` maps bodies and URLs to graphs."""

    def __init__(self, time: VirtualTime, *, lag: float = 0, page: int = 100) -> None:
        self.calls: list[str] = []
        self.tokens: list[str] = []
        self.templates: dict[str, Graph] = {}
        self.stacks: dict[str, Stack] = {}  # by id; deleted ones stay known by it
        self.change_sets: dict[str, ChangeSet] = {}
        self.lag, self.page = lag, page
        self.planning_seconds = 1.0
        self.rejection = ""  # with which reason change sets fail
        self.blocked: Callable[[str], str] = lambda _physical_id: ""  # why a deletion fails
        # What a template that is used again comes to with other values, and who is told of values that take effect.
        self.again: Callable[[Graph, Mapping[str, str]], Graph] = lambda graph, _values: graph
        self.replaced: set[str] = set()  # logical ids whose modification replaces them
        self.rollback_fails = False
        self.evaluation = ""  # of what is modified
        self.names: dict[str, str] = {}  # physical ids of what is no stack, by logical id, where they matter
        self.in_effect: Callable[[Mapping[str, str]], object] = lambda _values: None
        self._time = time
        self._numbers = count(1)

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

    # The operations, as AWS names them.

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        stack = self._get(StackName)
        described = {
            "StackId": stack.id,
            "StackName": stack.name,
            "StackStatus": self._status(stack),
            "CreationTime": MIDNIGHT,
            "EnableTerminationProtection": stack.protected,
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in stack.values.items()],
            "Outputs": [
                {"OutputKey": k, "OutputValue": v} for k, v in (stack.graph.outputs if stack.graph else {}).items()
            ],
        }
        return {"Stacks": [described]}

    def get_template_summary(
        self,
        TemplateBody: str = "",  # noqa: N803
        TemplateURL: str = "",  # noqa: N803
        StackName: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        graph = self._get(StackName).graph if StackName else self.templates[TemplateBody or TemplateURL]
        assert graph
        return {
            "Parameters": [
                {"ParameterKey": key} | ({} if default is None else {"DefaultValue": default})
                for key, default in graph.parameters.items()
            ]
        }

    def create_change_set(self, **asked: Any) -> dict[str, Any]:
        stack = self._find(asked["StackName"])
        creates = asked["ChangeSetType"] == "CREATE"
        if stack is None:
            if not creates:
                raise RefusedError("ValidationError", f"Stack [{asked['StackName']}] does not exist")
            stack = self._new(asked["StackName"])
            self._own(stack, "REVIEW_IN_PROGRESS", self._time.seconds)
        elif creates and self._status(stack) != "REVIEW_IN_PROGRESS":
            raise RefusedError("AlreadyExistsException", f"Stack [{stack.name}] already exists")
        previous = stack.graph if asked.get("UsePreviousTemplate") else None
        assert ("Tags" in asked) is (previous is None), "an empty list of tags takes the stack's tags away"
        values = {
            p["ParameterKey"]: stack.values[p["ParameterKey"]] if p.get("UsePreviousValue") else p["ParameterValue"]
            for p in asked["Parameters"]
        }
        tags = {tag["Key"]: tag["Value"] for tag in asked.get("Tags", [])}
        if previous:
            graph = self.again(previous, values) if values != stack.values else previous
        else:
            graph = self.templates[asked.get("TemplateBody") or asked["TemplateURL"]]
        old = None if creates else stack.graph
        changes = list(self._changes(old, graph, include=asked["IncludeNestedStacks"]))
        if not changes and values != stack.values:
            changes = [_change("Parameterised", "AWS::SQS::Queue", "Modify")]
        reason = self.rejection or ("" if changes else "The submitted information didn't contain changes. Submit...")
        arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/{asked['ChangeSetName']}/{next(self._numbers)}"
        ready = self._time.seconds + self.planning_seconds
        self.change_sets[arn] = ChangeSet(arn, stack, graph, values, tags, creates, changes, reason, ready)
        return {"Id": arn, "StackId": stack.id}

    def describe_change_set(self, ChangeSetName: str, NextToken: str = "") -> dict[str, Any]:  # noqa: N803
        made = self.change_sets[ChangeSetName]
        if self._time.seconds < made.ready:
            return {"ChangeSetId": made.id, "Status": "CREATE_IN_PROGRESS"}
        if made.reason:
            return {"ChangeSetId": made.id, "Status": "FAILED", "StatusReason": made.reason}
        items, more = self._paged(made.changes, NextToken)
        return {"ChangeSetId": made.id, "Status": "CREATE_COMPLETE", "Changes": items} | more

    def delete_change_set(self, ChangeSetName: str) -> None:  # noqa: N803
        if self._time.seconds < self.change_sets[ChangeSetName].ready:
            raise RefusedError("InvalidChangeSetStatus", "The change set is in CREATE_IN_PROGRESS")
        del self.change_sets[ChangeSetName]

    def list_change_sets(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        mine = [each for each in self.change_sets.values() if each.stack.id == StackName]
        return {"Summaries": [{"ChangeSetId": each.id} for each in mine]}

    def execute_change_set(
        self,
        ChangeSetName: str,  # noqa: N803
        ClientRequestToken: str,  # noqa: N803
        RetainExceptOnCreate: bool,  # noqa: N803
    ) -> None:
        assert RetainExceptOnCreate == self.change_sets[ChangeSetName].creates
        made = self.change_sets.pop(ChangeSetName)
        self.tokens.append(ClientRequestToken)
        before, made.stack.values = made.stack.values, made.values
        self.in_effect(made.values)
        if made.creates:
            self._create(made.stack, made.graph, self._time.seconds)
        else:
            self._update(made.stack, made.graph, self._time.seconds)
        if "ROLLBACK" in self._ended(made.stack):
            made.stack.values = before

    def delete_stack(self, StackName: str) -> None:  # noqa: N803
        stack = self._get(StackName)
        if self._status(stack) == "REVIEW_IN_PROGRESS":
            self._own(stack, "DELETE_COMPLETE", self._time.seconds)
        else:
            self._delete(stack, self._time.seconds)

    def describe_stack_events(self, StackName: str, NextToken: str = "") -> dict[str, Any]:  # noqa: N803
        stack = self._get(StackName)
        seen = [event for event in stack.events if _seconds(event) + self.lag <= self._time.seconds]
        items, more = self._paged(sorted(seen, key=_seconds)[::-1], NextToken)
        return {"StackEvents": items} | more

    def get_template(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        graph = self._get(StackName).graph
        return {"TemplateBody": graph.text() if graph else ""}

    def list_stack_resources(self, StackName: str, NextToken: str = "") -> dict[str, Any]:  # noqa: N803
        stack = self._get(StackName)
        summaries = [
            {
                "LogicalResourceId": each.id,
                "PhysicalResourceId": self._physical_id(stack, each),
                "ResourceType": each.type,
                "ResourceStatus": "CREATE_COMPLETE",
                "LastUpdatedTimestamp": MIDNIGHT,
            }
            for each in (stack.graph.resources if stack.graph else ())
        ]
        items, more = self._paged(summaries, NextToken)
        return {"StackResourceSummaries": items} | more

    # How operations unfold.

    def _create(self, stack: Stack, graph: Graph, start: float) -> float:
        stack.graph = graph
        self._own(stack, "CREATE_IN_PROGRESS", start)
        end, failed = self._perform(stack, graph.resources, "CREATE", start)
        if not failed:
            self._own(stack, "CREATE_COMPLETE", end + 1)
            return end + 1
        self._own(stack, "ROLLBACK_IN_PROGRESS", end + 1, f"The following resource(s) failed to create: [{failed}].")
        for resource in graph.resources:
            self._event(stack, resource, "DELETE_COMPLETE", end + 2)
        self._own(stack, "ROLLBACK_COMPLETE", end + 3)
        return end + 3

    def _update(self, stack: Stack, graph: Graph, start: float) -> float:
        old = {each.id: each for each in (stack.graph.resources if stack.graph else ())}
        changed = tuple(each for each in graph.resources if old.get(each.id) != each)
        self._own(stack, "UPDATE_IN_PROGRESS", start)
        end, failed = self._perform(stack, changed, "UPDATE", start)
        if failed:
            reason = f"The following resource(s) failed to update: [{failed}]."
            self._own(stack, "UPDATE_ROLLBACK_IN_PROGRESS", end + 1, reason)
            self._own(stack, "UPDATE_ROLLBACK_FAILED" if self.rollback_fails else "UPDATE_ROLLBACK_COMPLETE", end + 2)
            return end + 2
        stack.graph = graph
        self._own(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", end + 1)
        self._own(stack, "UPDATE_COMPLETE", end + 2)
        return end + 2

    def _delete(self, stack: Stack, start: float) -> float:
        self._own(stack, "DELETE_IN_PROGRESS", start, "User Initiated")
        end, failed = start, ""
        for each in stack.graph.resources if stack.graph else ():
            self._event(stack, each, "DELETE_IN_PROGRESS", start + 1)
            done = start + 1 + each.seconds
            blocked = "" if each.policy else self.blocked(self._physical_id(stack, each))
            if each.child:
                done = self._delete(stack.children[each.id], start + 1) + 1
                blocked = (
                    "" if self._ended(stack.children[each.id]) == "DELETE_COMPLETE" else "was not successfully deleted"
                )
            status = "DELETE_FAILED" if blocked else "DELETE_SKIPPED" if each.policy else "DELETE_COMPLETE"
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
        return f"Embedded stack {child.id} was not successfully created: ..." if "ROLLBACK" in ended else ""

    # Small things.

    def _changes(self, old: Graph | None, new: Graph, *, include: bool) -> Iterator[dict[str, Any]]:
        before = {each.id: each for each in (old.resources if old else ())}
        for each in new.resources:
            was = before.pop(each.id, None)
            if was == each:
                continue
            nested_id = ""
            if include and each.child:
                inner = list(self._changes(was.child if was else None, each.child, include=include))
                nested_id = self._nested_change_set(each, inner)
            action = "Modify" if was else "Add"
            change = _change(each.id, each.type, action, nested_id, replaced=each.id in self.replaced)
            if was and self.evaluation:
                change["ResourceChange"]["Details"] = [{"Evaluation": self.evaluation}]
            yield change
        for gone in before.values():
            yield _change(gone.id, gone.type, "Remove")

    def _nested_change_set(self, resource: Resource, changes: list[dict[str, Any]]) -> str:
        assert resource.child
        arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/nested-{resource.id}/{next(self._numbers)}"
        stack = Stack(f"review-{arn}", resource.id)
        self.change_sets[arn] = ChangeSet(
            arn, stack, resource.child, {}, {}, creates=True, changes=changes, reason="", ready=0
        )
        return arn

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

    def _status(self, stack: Stack) -> str:
        own = [e for e in stack.events if e["PhysicalResourceId"] == stack.id and _seconds(e) <= self._time.seconds]
        return str(max(own, key=_seconds)["ResourceStatus"])

    def _ended(self, stack: Stack) -> str:
        """Status at the end of all that is written, revealed or not."""
        return str(
            max((e for e in stack.events if e["PhysicalResourceId"] == stack.id), key=_seconds)["ResourceStatus"]
        )

    def _physical_id(self, stack: Stack, resource: Resource) -> str:
        child = stack.children.get(resource.id)
        return child.id if child else self.names.get(resource.id, f"{stack.name}-{resource.id}".lower())

    def _own(self, stack: Stack, status: str, seconds: float, reason: str = "") -> None:
        self._record(stack, stack.name, stack.id, STACK, status, seconds, reason)

    def _event(self, stack: Stack, resource: Resource, status: str, seconds: float, reason: str = "") -> None:
        physical_id = self._physical_id(stack, resource)
        self._record(stack, resource.id, physical_id, resource.type, status, seconds, reason)

    def _record(
        self, stack: Stack, logical_id: str, physical_id: str, kind: str, status: str, seconds: float, reason: str
    ) -> None:
        stack.events.append(
            {
                "EventId": f"event-{next(self._numbers)}",
                "StackId": stack.id,
                "StackName": stack.name,
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": physical_id,
                "ResourceType": kind,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
                "Timestamp": MIDNIGHT + timedelta(seconds=seconds),
            }
        )

    def _paged(self, items: list[dict[str, Any]], token: str) -> tuple[list[dict[str, Any]], dict[str, str]]:
        start = int(token or 0)
        end = start + self.page
        return items[start:end], ({"NextToken": str(end)} if end < len(items) else {})


def _change(logical_id: str, kind: str, action: str, nested_id: str = "", *, replaced: bool = False) -> dict[str, Any]:
    change = {"Action": action, "LogicalResourceId": logical_id, "ResourceType": kind}
    if action == "Modify":
        change["Replacement"] = "True" if replaced else "False"
    if nested_id:
        change["ChangeSetId"] = nested_id
    return {"Type": "Resource", "ResourceChange": change}


def _seconds(event: dict[str, Any]) -> float:
    return float((event["Timestamp"] - MIDNIGHT).total_seconds())
