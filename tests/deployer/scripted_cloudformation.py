"""A CloudFormation that plays stack graphs against a virtual clock: durations, failures, nested stacks.

Here are its operations, as AWS names them; `scripted_graphs` is what it plays, `scripted_stacks` how it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.deployer.scripted_clients import ACCOUNT, REGION, RefusedError
from tests.deployer.scripted_graphs import (
    MAY_BE_NEWER,
    MIDNIGHT,
    STACK,
    ChangeSet,
    Graph,
    Resource,
    Stack,
    VirtualTime,
    change,
    detail,
    nested,
    seconds_of,
    without_values,
)
from tests.deployer.scripted_stacks import Stacks

__all__ = [
    "MIDNIGHT",
    "STACK",
    "Graph",
    "Resource",
    "ScriptedCloudFormation",
    "Stack",
    "VirtualTime",
    "detail",
    "nested",
]

_EARLY = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. "
    "To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information."
)
_NON_TERMINAL = (
    "This stack is currently in a non-terminal [UPDATE_FAILED] state. To update the stack from this state, please use"
    " the disable-rollback parameter with update-stack API. To rollback to the last known good state, use the"
    " rollback-stack API"
)
_INCOMPLETE = "[WARN] --include-property-values option can return incomplete ChangeSet data"
_NOT_UPDATABLE = ("_IN_PROGRESS", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")


class ScriptedCloudFormation(Stacks):
    """Answers CloudFormation's operations; `templates` maps bodies and URLs to graphs.

    `lag` is how many seconds events are late, `status_lag` what DescribeStacks says, `change_set_lag` how long a new
    change set is not found: CloudFormation's answers agree only in the end.
    """

    def __init__(self, time: VirtualTime, *, lag: float = 0, page: int = 100) -> None:
        super().__init__(time)
        self.calls: list[str] = []
        self.tokens: list[str] = []
        self.templates: dict[str, Graph] = {}
        self.change_sets: dict[str, ChangeSet] = {}
        self.lag, self.page = lag, page
        self.status_lag = self.change_set_lag = 0.0
        self.planning_seconds = 1.0
        self.rejection = ""  # with which reason change sets fail
        self.invalid: dict[str, list[str]] = {}  # logical id: what early validation has to say of it
        self.warned: dict[str, list[str]] = {}  # logical id: what validation warns of when that comes, changes or goes
        # What is left out of a change set with values since it cannot be rendered: logical ids (Database), or details
        # of a resource (Database.Engine): https://github.com/aws/aws-cdk-cli/issues/1780
        self.unrendered: set[str] = set()
        self.left_behind: list[str] = []  # what a failed operation has made, and its policy kept, in no stack any more
        self.events_refused = ""  # with which code DescribeEvents is, for example UnknownOperationException
        # What a template that is used again comes to with other values, and who is told of values that take effect.
        self.again: Callable[[Graph, Mapping[str, str]], Graph] = lambda graph, _values: graph
        self.replaced: set[str] = set()  # logical ids whose modification replaces them
        self.evaluation = ""  # of what is modified
        self.in_effect: Callable[[Mapping[str, str]], object] = lambda _values: None
        # Logical id: properties (JSON pointer) with the value expected and the actual one; None: it was deleted.
        self.drifted: dict[str, Mapping[str, tuple[str, str]] | None] = {}
        self.drift_refused: dict[str, RefusedError] = {}  # by logical id; "" stands for all

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        stack = self._get(StackName)
        described = {
            "StackId": stack.id,
            "StackName": stack.name,
            "StackStatus": self._status(stack, self.status_lag),
            "CreationTime": MIDNIGHT,
            "EnableTerminationProtection": stack.protected,
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in stack.values.items()],
            "Tags": [{"Key": k, "Value": v} for k, v in stack.tags.items()],
            "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in self._outputs(stack).items()],
        }
        return {"Stacks": [described]}

    def list_stacks(self, StackStatusFilter: list[str], NextToken: str = "") -> dict[str, Any]:  # noqa: N803
        found = [
            {"StackId": each.id, "StackName": each.name, "StackStatus": self._status(each), "CreationTime": MIDNIGHT}
            | {"DeletionTime": MIDNIGHT + timedelta(seconds=max(map(seconds_of, each.events)))}
            for each in self.stacks.values()
            if self._status(each) in StackStatusFilter
        ]
        items, more = self._paged(found, NextToken)
        return {"StackSummaries": items} | more

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
        creates = asked["ChangeSetType"] == "CREATE"
        stack = self._to_change(asked["StackName"], creates=creates)
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
        arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/{asked['ChangeSetName']}/{next(self._numbers)}"
        now = self._time.seconds
        ready = now + self.planning_seconds
        made = ChangeSet(arn, stack, graph, values, tags, creates, [], "", ready, now)
        made.body, made.restores = asked.get("TemplateBody", ""), asked.get("DeploymentMode") == "REVERT_DRIFT"
        made.changes = list(
            self._changes(made, None if creates else stack, graph, include=asked["IncludeNestedStacks"])
        )
        if not made.changes and (values != stack.values or (tags != stack.tags and previous is None)):
            made.changes = [change(Resource("Parameterised"), "Modify")]
        empty = "" if made.changes else "The submitted information didn't contain changes. Submit..."
        made.invalid = made.invalid or self._validated(stack, graph.resources)
        made.warned = self._warnings(made)
        made.reason = made.reason or self.rejection or (_EARLY if made.invalid else empty)
        self.change_sets[arn] = made
        return {"Id": arn, "StackId": stack.id}

    def describe_change_set(
        self,
        ChangeSetName: str,  # noqa: N803
        NextToken: str = "",  # noqa: N803
        IncludePropertyValues: bool = False,  # noqa: N803, FBT002
    ) -> dict[str, Any]:
        made = self._made(ChangeSetName)
        if self._time.seconds < made.ready:
            return {"ChangeSetId": made.id, "Status": "CREATE_IN_PROGRESS"}
        if made.reason:
            return {"ChangeSetId": made.id, "Status": "FAILED", "StatusReason": made.reason}
        if not IncludePropertyValues:
            items, more = self._paged(list(map(without_values, made.changes)), NextToken)
            return {"ChangeSetId": made.id, "Status": "CREATE_COMPLETE", "Changes": items} | more
        rendered = list(self._rendered(made.changes))
        items, more = self._paged(rendered, NextToken)
        told = {"ChangeSetId": made.id, "Status": "CREATE_COMPLETE", "Changes": items} | more
        if rendered != made.changes:
            left_out = " ".join(f"Logical Id: {each}, failed property validation" for each in sorted(self.unrendered))
            told["StatusReason"] = f"{_INCOMPLETE} because: {left_out}"
        return told

    def delete_change_set(self, ChangeSetName: str) -> None:  # noqa: N803
        if ChangeSetName not in self.change_sets:  # of what is not there nothing is to be done
            return
        if self._time.seconds < self.change_sets[ChangeSetName].ready:
            raise RefusedError("InvalidChangeSetStatus", "The change set is in CREATE_IN_PROGRESS")
        self._drop(ChangeSetName)

    def list_change_sets(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        mine = [each for each in self.change_sets.values() if each.stack.id == StackName]
        return {"Summaries": [{"ChangeSetId": each.id} for each in mine]}

    def execute_change_set(
        self,
        ChangeSetName: str,  # noqa: N803
        ClientRequestToken: str,  # noqa: N803
        RetainExceptOnCreate: bool,  # noqa: N803
    ) -> None:
        self.tokens.append(ClientRequestToken)
        if self.tokens.count(ClientRequestToken) > 1:  # asked again, since the answer was lost: it is under way
            return
        made = self._made(ChangeSetName)
        if self._status(made.stack).endswith("_IN_PROGRESS") and self._status(made.stack) != "REVIEW_IN_PROGRESS":
            raise RefusedError("InvalidChangeSetStatus", f"Stack is in {self._status(made.stack)} state")
        if self._status(made.stack) == "UPDATE_FAILED":  # that a change set can be made there tells nothing
            raise RefusedError("ValidationError", _NON_TERMINAL)
        self._drop(ChangeSetName)
        stood = {each.id for each in made.stack.graph.resources} if made.stack.graph else set()
        before, made.stack.values = made.stack.values, made.values
        self.in_effect(made.values)
        if made.creates:
            self._create(made.stack, made.graph, self._time.seconds)
        else:
            self._update(made.stack, made.graph, self._time.seconds)
        if "ROLLBACK" in self._ended(made.stack):
            made.stack.values = before
            kept = () if RetainExceptOnCreate else made.graph.resources
            self.left_behind += [e.id for e in kept if e.id not in stood and e.policy.startswith("Retain")]
        else:
            made.stack.body, made.stack.tags = made.body, made.tags or made.stack.tags

    def continue_update_rollback(
        self,
        StackName: str,  # noqa: N803
        ResourcesToSkip: list[str] | None = None,  # noqa: N803
        ClientRequestToken: str = "",  # noqa: N803
    ) -> None:
        stack = self._get(StackName)
        if self._status(stack) != "UPDATE_ROLLBACK_FAILED":
            raise RefusedError("ValidationError", f"Stack:{stack.id} is in {self._status(stack)} state and can not be")
        skipped = frozenset(ResourcesToSkip or ())
        if unknown := skipped - set(self._stuck(stack)):
            raise RefusedError("ValidationError", f"Resource {unknown} is not in UPDATE_FAILED because of a rollback")
        self.tokens.append(ClientRequestToken)
        self._own(stack, "UPDATE_ROLLBACK_IN_PROGRESS", self._time.seconds)
        self._go_back(stack, self._time.seconds + 1, skipped)

    def rollback_stack(self, StackName: str, ClientRequestToken: str) -> None:  # noqa: N803
        stack = self._get(StackName)
        if self._status(stack) != "UPDATE_FAILED":
            raise RefusedError("ValidationError", f"Stack:{stack.id} is in {self._status(stack)} state and can not be")
        self.tokens.append(ClientRequestToken)
        self._own(stack, "UPDATE_ROLLBACK_IN_PROGRESS", self._time.seconds, "User Initiated")
        self._go_back(stack, self._time.seconds + 1, frozenset())

    def cancel_update_stack(self, StackName: str) -> None:  # noqa: N803
        stack = self._get(StackName)
        if self._status(stack) != "UPDATE_IN_PROGRESS":
            raise RefusedError("ValidationError", f"CancelUpdateStack cannot be called from {self._status(stack)}")
        stack.events = [event for event in stack.events if seconds_of(event) <= self._time.seconds]
        reason = "User Initiated. Rollback requested by user."
        self._own(stack, "UPDATE_ROLLBACK_IN_PROGRESS", self._time.seconds, reason)
        self._go_back(stack, self._time.seconds, frozenset())

    def delete_stack(self, StackName: str, **_: object) -> None:  # noqa: N803
        stack = self._find(StackName)
        if stack is None or self._status(stack) == "DELETE_COMPLETE":
            return
        if stack.protected:
            reason = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            raise RefusedError("ValidationError", reason)
        if self._status(stack) == "REVIEW_IN_PROGRESS":
            self._own(stack, "DELETE_COMPLETE", self._time.seconds)
        else:
            self._delete(stack, self._time.seconds)

    def describe_stack_events(self, StackName: str, NextToken: str = "") -> dict[str, Any]:  # noqa: N803
        stack = self._get(StackName)
        items, more = self._paged(sorted(self._seen(stack), key=seconds_of)[::-1], NextToken)
        return {"StackEvents": items} | more

    def describe_events(
        self,
        StackName: str = "",  # noqa: N803
        ChangeSetName: str = "",  # noqa: N803
        OperationId: str = "",  # noqa: N803
        Filters: Mapping[str, bool] | None = None,  # noqa: N803
        NextToken: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        if self.events_refused:
            raise RefusedError(self.events_refused, "Could not find operation DescribeEvents")
        if ChangeSetName:
            made = self.change_sets[ChangeSetName]
            # Whether the filter lets warnings through is not documented.
            found = made.invalid + ([] if Filters and Filters.get("FailedEvents") else made.warned)
        else:
            own = [event for stack in self.stacks.values() for event in self._seen(stack)]
            if not OperationId:  # of a stack the last operation is told, as users have it
                of_stack = [event for event in own if event["StackId"] == self._get(StackName).id]
                OperationId = max(of_stack, key=seconds_of)["OperationId"]  # noqa: N806
            found = [_as_event(event) for event in own if event["OperationId"] == OperationId]
            found.sort(key=seconds_of, reverse=True)
        if Filters and Filters.get("FailedEvents"):
            found = [each for each in found if each["EventType"].endswith("_ERROR")]
        items, more = self._paged(found, NextToken)
        return {"OperationEvents": items} | more

    def detect_stack_resource_drift(self, StackName: str, LogicalResourceId: str) -> dict[str, Any]:  # noqa: N803
        stack = self._get(StackName)
        if refused := self.drift_refused.get(LogicalResourceId) or self.drift_refused.get(""):
            raise refused
        known = {each.id: each for each in (stack.graph or Graph()).resources}
        if LogicalResourceId not in known:
            raise RefusedError("ValidationError", f"Resource {LogicalResourceId} does not exist for stack {stack.name}")
        resource = known[LogicalResourceId]
        told: dict[str, Any] = {
            "StackId": stack.id,
            "LogicalResourceId": LogicalResourceId,
            "PhysicalResourceId": self._physical_id(stack, resource),
            "ResourceType": resource.type,
            "StackResourceDriftStatus": "IN_SYNC",
            "Timestamp": MIDNIGHT,
        }
        if LogicalResourceId in self.drifted:
            different = self.drifted[LogicalResourceId]
            told["StackResourceDriftStatus"] = "DELETED" if different is None else "MODIFIED"
            told["PropertyDifferences"] = [
                {"PropertyPath": path, "ExpectedValue": old, "ActualValue": new, "DifferenceType": "NOT_EQUAL"}
                for path, (old, new) in (different or {}).items()
            ]
        return {"StackResourceDrift": told}

    def get_template(self, StackName: str = "", ChangeSetName: str = "") -> dict[str, Any]:  # noqa: N803
        if ChangeSetName:
            made = self._made(ChangeSetName)
            return {"TemplateBody": made.body or made.graph.text()}
        stack = self._get(StackName)
        return {"TemplateBody": stack.body or (stack.graph.text() if stack.graph else "")}

    def list_stack_resources(self, StackName: str, NextToken: str = "") -> dict[str, Any]:  # noqa: N803
        stack = self._get(StackName)
        summaries = [
            {
                "LogicalResourceId": each.id,
                "PhysicalResourceId": self._physical_id(stack, each),
                "ResourceType": each.type,
                "LastUpdatedTimestamp": MIDNIGHT,
            }
            | self._last_word(stack, each)
            for each in (stack.graph.resources if stack.graph else ())
        ]
        items, more = self._paged(summaries, NextToken)
        return {"StackResourceSummaries": items} | more

    # Small things.

    def _outputs(self, stack: Stack) -> Mapping[str, str]:
        """A stack has none before it was made."""
        unmade = self._status(stack).startswith(("CREATE_IN", "CREATE_FAILED", "ROLLBACK", "REVIEW"))
        return stack.graph.outputs if stack.graph and not unmade else {}

    def _to_change(self, name: str, *, creates: bool) -> Stack:
        """The stack that a change set is for; a new one is only there to be reviewed."""
        stack = self._find(name)
        status = self._status(stack) if stack else ""
        if stack is None:
            if not creates:
                raise RefusedError("ValidationError", f"Stack [{name}] does not exist")
            stack = self._new(name)
            self._own(stack, "REVIEW_IN_PROGRESS", self._time.seconds)
        elif creates and status != "REVIEW_IN_PROGRESS":
            raise RefusedError("AlreadyExistsException", f"Stack [{stack.name}] already exists")
        elif not creates and (status.endswith(_NOT_UPDATABLE) or status == "ROLLBACK_COMPLETE"):
            raise RefusedError("ValidationError", f"Stack:{stack.id} is in {status} state and can not be updated.")
        return stack

    def _made(self, arn: str) -> ChangeSet:
        made = self.change_sets.get(arn)
        if made is None or self._time.seconds < made.made + self.change_set_lag:
            raise RefusedError("ChangeSetNotFound", f"ChangeSet [{arn}] does not exist", 404)
        return made

    def _drop(self, arn: str) -> None:
        """Those of nested stacks go with it."""
        for each in self.change_sets.pop(arn).nested:
            if each in self.change_sets:
                self._drop(each)

    def _changes(self, made: ChangeSet, old: Stack | None, new: Graph, *, include: bool) -> Iterator[dict[str, Any]]:
        before = {each.id: each for each in (old.graph.resources if old and old.graph else ())}
        for each in new.resources:
            was = before.pop(each.id, None)
            unseen: tuple[Mapping[str, Any], ...] = (MAY_BE_NEWER,) if was and each.child and not include else ()
            if was == each and not unseen and not (made.restores and each.id in self.drifted):
                continue
            if unseen and was != each:
                unseen = (*(each.details or (detail("TemplateURL"),)), MAY_BE_NEWER)
            child = old.children.get(each.id) if old else None
            if include and child and self._ended(child) == "DELETE_COMPLETE":
                made.reason = f"Stack with id {child.id} does not exist"
            nested_id = self._nested_change_set(made, child, each) if include and each.child else ""
            physical_id = self._physical_id(old, each) if old else ""
            action = "Modify" if was else "Add"
            shown = replace(each, details=unseen) if unseen else each
            told = change(shown, action, physical_id, nested_id, replaced=each.id in self.replaced)
            if was and self.evaluation:
                told["ResourceChange"]["Details"] = [{"Evaluation": self.evaluation}]
            yield told
        for gone in before.values():
            yield change(gone, "Remove", self._physical_id(old, gone) if old else "")

    def _nested_change_set(self, parent: ChangeSet, child: Stack | None, resource: Resource) -> str:
        assert resource.child
        arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/nested-{resource.id}/{next(self._numbers)}"
        stack = child or Stack(f"review-{arn}", resource.id)
        made = ChangeSet(arn, stack, resource.child, {}, {}, child is None, [], "", ready=0)
        made.changes = list(self._changes(made, child, resource.child, include=True))
        made.invalid = self._validated(stack, resource.child.resources)
        made.warned = self._warnings(made)
        if made.invalid or made.reason:
            made.reason = made.reason or _EARLY
            parent.reason = f"Nested change set {arn} was not successfully created: Currently in FAILED."
        parent.nested.append(arn)
        self.change_sets[arn] = made
        return arn

    def _rendered(self, told: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for each in told:
            resource = each["ResourceChange"]
            name = resource["LogicalResourceId"]
            if name not in self.unrendered:
                details = resource.get("Details", [])
                kept = [e for e in details if f"{name}.{e.get('Target', {}).get('Name')}" not in self.unrendered]
                yield {**each, "ResourceChange": {**resource, "Details": kept}} if kept != details else each

    def _warnings(self, made: ChangeSet) -> list[dict[str, Any]]:
        """What validation warns of, which does not keep a change set from being executed."""
        told = [each["ResourceChange"] for each in made.changes]
        touched = [Resource(each["LogicalResourceId"], each["ResourceType"]) for each in told]
        return self._validated(made.stack, touched, self.warned, mode="WARN")

    def _validated(
        self,
        stack: Stack,
        resources: Iterable[Resource],
        reasons: Mapping[str, list[str]] | None = None,
        mode: str = "FAIL",
    ) -> list[dict[str, Any]]:
        """What early validation says: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html"""
        said = self.invalid if reasons is None else reasons
        found = [(each, reason) for each in resources for reason in said.get(each.id, ())]
        return [
            {
                "EventId": f"event-{next(self._numbers)}",
                "StackId": stack.id,
                "OperationId": f"operation-{next(self._numbers)}",
                "OperationType": "CREATE_CHANGESET",
                "OperationStatus": "FAILED" if mode == "FAIL" else "SUCCEEDED",
                "EventType": "VALIDATION_ERROR",
                "LogicalResourceId": each.id,
                "ResourceType": each.type,
                "Timestamp": MIDNIGHT,
                "ValidationFailureMode": mode,
                "ValidationName": "PROPERTY_VALIDATION",
                "ValidationStatus": "FAILED",
                "ValidationStatusReason": reason,
                "ValidationPath": f"/Resources/{each.id}/Properties",
            }
            for each, reason in found
        ]

    def _stuck(self, stack: Stack) -> Iterator[str]:
        """What may be skipped, as ContinueUpdateRollback wants it to be named."""
        for each in stack.changed:
            child = stack.children.get(each.id)
            removed = child and self._ended(child) == "DELETE_COMPLETE"
            if removed or (each.stuck and each.id not in self.mended):
                yield self._to_skip(stack, each)
            elif child:
                yield from self._stuck(child)

    def _last_word(self, stack: Stack, resource: Resource) -> dict[str, str]:
        """Status and reason of a resource, as far as they are known by now."""
        own = [e for e in stack.events if e["LogicalResourceId"] == resource.id and e["PhysicalResourceId"] != stack.id]
        seen = sorted((e for e in own if seconds_of(e) <= self._time.seconds), key=seconds_of)
        if not seen:
            return {"ResourceStatus": "CREATE_COMPLETE"}
        return {name: seen[-1][name] for name in ("ResourceStatus", "ResourceStatusReason")}

    def _seen(self, stack: Stack) -> list[dict[str, Any]]:
        return [event for event in stack.events if seconds_of(event) + self.lag <= self._time.seconds]

    def _paged(self, items: list[dict[str, Any]], token: str) -> tuple[list[dict[str, Any]], dict[str, str]]:
        start = int(token or 0)
        end = start + self.page
        return items[start:end], ({"NextToken": str(end)} if end < len(items) else {})


def _as_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event of a stack as DescribeEvents has it."""
    own = event["PhysicalResourceId"] == event["StackId"]
    failed = event["ResourceStatus"].endswith("_FAILED") and not own
    kind = "PROVISIONING_ERROR" if failed else "STACK_EVENT" if own else "PROGRESS_EVENT"
    told = {name: value for name, value in event.items() if name != "StackName"}
    return told | {"EventType": kind}
