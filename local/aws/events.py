# ruff: noqa: ANN401, SLF001  # ministack is entered through parts it keeps to itself; its functions have no types
"""Stack events as CloudFormation tells them during an update.

ministack's engine tells of UPDATE_* for every resource of an updated stack, changed or not, new or not, and nothing of
what the update deletes. On AWS a resource that does not change is not mentioned, a new one is CREATE_*, a removed one
DELETE_*: that is what a person watching an update, and a test of what changed, rely on.
"""

from collections.abc import Callable
from typing import Any

from local.aws.emulator import cloudformation, replace, stacks

_NESTED = "AWS::CloudFormation::Stack"

_Key = tuple[str, str]  # stack name, logical id


def install() -> None:
    """Put a chronicle between the engine and the events, and let DescribeStacks tell a child's parent."""
    chronicle = _Chronicle()
    for name, make in (
        ("_add_event", chronicle.adding),
        ("_update_keeping_seed", chronicle.updating),
        ("_provision_keeping_seed", chronicle.creating),
        ("_delete_resource", chronicle.deleting),
    ):
        replace(stacks, name, make)
    actions = cloudformation._ACTION_HANDLERS
    actions["DescribeStacks"] = _with_parents(actions["DescribeStacks"])


class _Chronicle:
    """Holds the event that begins a resource's update back until the engine shows what it does with the resource."""

    def __init__(self) -> None:
        self._held: dict[_Key, Callable[[str], None]] = {}
        self._same: set[_Key] = set()
        self._new: set[_Key] = set()

    def adding(self, add: Callable[..., None]) -> Callable[..., None]:
        def add_event(  # the engine's own arguments
            stack_id: str,
            stack: str,
            logical_id: str,
            kind: str,
            status: str,
            reason: str = "",
            *rest: Any,
            **more: Any,
        ) -> None:
            def tell(told: str) -> None:
                add(stack_id, stack, logical_id, kind, told, reason, *rest, **more)

            key = (stack, logical_id)
            if status == "UPDATE_IN_PROGRESS" and not reason and logical_id != stack:
                self._held[key] = tell
            elif status == "UPDATE_COMPLETE" and key in self._same:
                self._forget(key)
            else:
                self._release(key, "UPDATE_IN_PROGRESS")
                tell(status.replace("UPDATE_", "CREATE_") if key in self._new else status)
                if not status.endswith("_IN_PROGRESS"):
                    self._forget(key)

        return add_event

    def updating(self, update: Callable[..., Any]) -> Callable[..., Any]:
        def update_resource(
            kind: str, physical_id: str, old: Any, new: Any, stack: str, logical_id: str, *rest: Any
        ) -> Any:
            key = (stack, logical_id)
            if old == new and kind != _NESTED:  # AWS mentions every nested stack
                self._same.add(key)
            else:
                self._release(key, "UPDATE_IN_PROGRESS")
            return update(kind, physical_id, old, new, stack, logical_id, *rest)

        return update_resource

    def creating(self, create: Callable[..., Any]) -> Callable[..., Any]:
        def create_resource(kind: str, logical_id: str, properties: Any, stack: str) -> Any:
            key = (stack, logical_id)
            if key in self._held:
                self._new.add(key)
                self._release(key, "CREATE_IN_PROGRESS")
            return create(kind, logical_id, properties, stack)

        return create_resource

    def deleting(self, delete: Callable[..., None]) -> Callable[..., None]:
        """Tell of a deletion the engine itself does not tell of: that of an update's clean-up."""

        def delete_resource(kind: str, physical_id: str, properties: Any, stack: str, logical_id: str) -> None:
            stack_id = cloudformation._stacks[stack]["StackId"]
            last = cloudformation._stack_events[stack_id][-1]
            told = (last["LogicalResourceId"], last["ResourceStatus"]) == (logical_id, "DELETE_IN_PROGRESS")
            about = (stack_id, stack, logical_id, kind)
            if not told:
                stacks._add_event(*about, "DELETE_IN_PROGRESS", physical_id=physical_id)
            delete(kind, physical_id, properties, stack, logical_id)
            if not told:
                stacks._add_event(*about, "DELETE_COMPLETE", physical_id=physical_id)

        return delete_resource

    def _release(self, key: _Key, status: str) -> None:
        if (tell := self._held.pop(key, None)) is not None:
            tell(status)

    def _forget(self, key: _Key) -> None:
        self._held.pop(key, None)
        self._same.discard(key)
        self._new.discard(key)


def _with_parents(describe: Callable[..., Any]) -> Callable[..., Any]:
    """Add ParentId and RootId to what DescribeStacks tells of nested stacks."""

    def describe_stacks(parameters: Any) -> Any:
        status, headers, body = describe(parameters)
        for stack in cloudformation._stacks.values():
            if "ParentId" in stack:
                own = f"<StackId>{stack['StackId']}</StackId>"
                above = f"<ParentId>{stack['ParentId']}</ParentId><RootId>{stack['RootId']}</RootId>"
                body = body.replace(own.encode(), (own + above).encode())
        return status, headers, body

    return describe_stacks
