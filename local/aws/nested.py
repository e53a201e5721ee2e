# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""Nested stacks as whole stacks.

ministack deploys a child by a short copy of its engine that resolves no dynamic references, forgets the attributes of
what did not change, rolls nothing back and deletes without a word. Here a child goes through the engine of a stack at
the top, so whatever works there works in a child, with events, rollback and deletion. CloudFormation's handlers of
nested stacks run in threads of their own, so a child's engine runs in a loop of its own.
"""

import asyncio
import copy
from typing import Any

from local.aws.emulator import (
    Made,
    Properties,
    ResourceType,
    cloudformation,
    engine,
    get_account_id,
    get_region,
    helpers,
    new_uuid,
    now_iso,
    provisioners,
    stacks,
    teach,
)

_TYPE = "AWS::CloudFormation::Stack"
_DEPLOYED = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
_RESTORED = (
    "_resources",
    "_template",
    "_template_body",
    "_resolved_params",
    "_conditions",
    "Parameters",
    "Tags",
    "Outputs",
)
"""What an update that fails puts back."""


def install() -> None:
    """Replace how CloudFormation deploys and deletes nested stacks."""
    teach(_TYPE, ResourceType(_create, _update, _delete))


def _create(logical_id: str, properties: Properties, parent: str) -> Made:
    """Create the child. Raises ValueError when it fails; it is gone then, unless the parent is not to roll back."""
    name = f"{parent}-{logical_id}-{new_uuid().replace('-', '')[:12].upper()}"
    stack_id = f"arn:aws:cloudformation:{get_region()}:{get_account_id()}:stack/{name}/{new_uuid()}"
    above = cloudformation._stacks[parent]
    child = {
        "StackName": name,
        "StackId": stack_id,
        "ParentId": above["StackId"],
        "RootId": above.get("RootId", above["StackId"]),
        "CreationTime": now_iso(),
        "DisableRollback": above.get("DisableRollback", False),
        "Capabilities": above.get("Capabilities", []),
        "Outputs": [],
        "_region": get_region(),
        "_resources": {},
        **_described(properties),
    }
    cloudformation._stacks[name] = child
    cloudformation._stack_events[stack_id] = []
    _deploy(child, previous=None)
    if child["StackStatus"] not in _DEPLOYED:
        reason = _reason(child, "created", "create")
        _give_up(child, logical_id, properties, above)
        raise ValueError(reason)
    return stack_id, _outputs(child)


def _update(stack_id: str, _: Properties, new: Properties, __: str, ___: str) -> Made:
    """Update the child in place; it is left alone when neither template nor parameters nor tags changed.

    Raises ValueError when it fails; the engine has rolled the child back by then.
    """
    child = _find(stack_id)
    if child is None:
        raise ValueError(f"Stack [{stack_id}] does not exist")
    wanted = _described(new)
    if any(child.get(part) != wanted[part] for part in ("_template_body", "_resolved_params", "Tags")):
        previous = {part: copy.deepcopy(child.get(part)) for part in _RESTORED}
        child.update(wanted)
        _deploy(child, previous)
        if child["StackStatus"] not in _DEPLOYED:
            child["_conditions"] = previous["_conditions"]  # the one part the engine does not put back
            raise ValueError(_reason(child, "updated", "update"))
    return stack_id, _outputs(child)


def _delete(stack_id: str, _: Properties) -> None:
    """Delete the child. Raises ValueError when some resource of it could not be deleted."""
    child = _find(stack_id)
    if child is None or child["StackStatus"] == "DELETE_COMPLETE":
        return
    asyncio.run(stacks._delete_stack_async(child["StackName"], stack_id))
    if child["StackStatus"] != "DELETE_COMPLETE":
        raise ValueError(_reason(child, "deleted", "delete"))


def _described(properties: Properties) -> dict[str, Any]:
    """Read what a child is to be: its template, parameters and tags. Raises ValueError when they do not fit."""
    url = str(properties.get("TemplateURL", ""))
    body, refused = helpers._resolve_template({"TemplateURL": [url]})
    if refused is not None or not body:
        raise ValueError(f"TemplateURL {url!r}: no template there")
    template = engine._parse_template(body)
    given = properties.get("Parameters") or {}
    if any(isinstance(value, list) for value in given.values()):
        raise ValueError("Value of property Parameters must be an object with String (or simple type) properties")
    provided = [{"Key": name, "Value": _text(value)} for name, value in given.items()]
    if unknown := sorted(set(given) - set(template.get("Parameters") or {})):
        raise ValueError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    parameters = engine._resolve_parameters(template, provided)
    conditions = engine._evaluate_conditions(template, parameters)
    engine.validate_template_support(template, conditions, params=parameters)
    tags = provisioners._tag_map(properties.get("Tags"))
    return {
        "Description": template.get("Description", ""),
        "LastUpdatedTime": now_iso(),
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": kept["Value"], "NoEcho": kept["NoEcho"]}
            for name, kept in parameters.items()
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items() if not key.startswith("aws:")],
        "_template": template,
        "_template_body": body,
        "_resolved_params": parameters,
        "_conditions": conditions,
    }


def _deploy(child: dict[str, Any], previous: dict[str, Any] | None) -> None:
    """Run the engine over the child; how it ended is its status."""
    verb = "CREATE" if previous is None else "UPDATE"
    name, stack_id = child["StackName"], child["StackId"]
    child |= {"StackStatus": f"{verb}_IN_PROGRESS", "StackStatusReason": ""}
    stacks._add_event(stack_id, name, name, _TYPE, f"{verb}_IN_PROGRESS", physical_id=stack_id)
    work = stacks._deploy_stack_async(
        name,
        stack_id,
        child["_template"],
        child["_resolved_params"],
        child["DisableRollback"],
        child["Tags"],
        is_update=previous is not None,
        previous_stack=previous,
    )
    asyncio.run(work)


def _give_up(child: dict[str, Any], logical_id: str, properties: Properties, above: dict[str, Any]) -> None:
    """Delete a child that could not be created, or, as it is to stay, let the parent know of it."""
    if not child["DisableRollback"]:
        asyncio.run(stacks._delete_stack_async(child["StackName"], child["StackId"]))
        return
    above["_resources"][logical_id] = {
        "PhysicalResourceId": child["StackId"],
        "ResourceType": _TYPE,
        "ResourceStatus": "CREATE_FAILED",
        "LogicalResourceId": logical_id,
        "Properties": properties,
        "Attributes": {},
        "Timestamp": now_iso(),
    }


def _reason(child: dict[str, Any], done: str, verb: str) -> str:
    """Say why a child failed, in CloudFormation's words: which of its resources did."""
    stack_id = child["StackId"]
    failed = [
        event["LogicalResourceId"]
        for event in cloudformation._stack_events.get(stack_id, [])
        if event["ResourceStatus"].endswith("_FAILED") and event["LogicalResourceId"] != child["StackName"]
    ]
    named = ", ".join(dict.fromkeys(failed)) or child.get("StackStatusReason", "")
    return (
        f"Embedded stack {stack_id} was not successfully {done}: The following resource(s) failed to {verb}: [{named}]."
    )


def _outputs(child: dict[str, Any]) -> dict[str, str]:
    return {f"Outputs.{output['OutputKey']}": str(output["OutputValue"]) for output in child["Outputs"]}


def _find(stack_id: str) -> dict[str, Any] | None:
    found = (stack for stack in cloudformation._stacks.values() if stack.get("StackId") == stack_id)
    return next(found, None)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
