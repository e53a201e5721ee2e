"""Application Auto Scaling, which ministack does not have: targets and policies are kept and told, nothing scales."""

import json
from collections.abc import Mapping
from typing import Any

from local.aws.emulator import (
    AccountRegionScopedDict,
    Made,
    Properties,
    ResourceType,
    app,
    get_account_id,
    get_region,
    new_uuid,
    router,
    teach,
)
from local.aws.shapes import to_api

_SERVICE = "application-autoscaling"
_targets: dict[str, dict[str, Any]] = AccountRegionScopedDict()
_policies: dict[str, dict[str, Any]] = AccountRegionScopedDict()


def install() -> None:
    """Answer the service's API and teach CloudFormation its two types."""
    router.SERVICE_PATTERNS[_SERVICE] = {"target_prefixes": ["AnyScaleFrontendService"], "host_patterns": []}
    app.SERVICE_HANDLERS[_SERVICE] = _serve
    teach(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        ResourceType(_register, _register_again, lambda name, _: _forget(_targets, name)),
    )
    teach(
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        ResourceType(_put_policy, _put_policy_again, lambda name, _: _forget(_policies, name)),
    )


def _register(_: str, properties: Properties, __: str) -> Made:
    """Keep a target; its scheduled actions are kept in it, as templates write them."""
    target = to_api(properties, _SERVICE, "RegisterScalableTarget")
    name = _target_name(target)
    known = _targets.get(name, {}).get("ScalableTargetARN")
    target["ScalableTargetARN"] = known or _arn(f"scalable-target/{new_uuid()}")
    target["CreationTime"] = 0
    _targets[name] = target
    return name, {"Id": name, "ScalableTargetARN": target["ScalableTargetARN"]}


def _register_again(_: str, __: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    return _register(logical_id, new, stack)


def _put_policy(_: str, properties: Properties, __: str) -> Made:
    """Keep a policy; its target is named by `ScalingTargetId` or by the three parts of that."""
    policy = to_api(properties, _SERVICE, "PutScalingPolicy")
    if target := properties.get("ScalingTargetId"):
        policy.pop("scalingTargetId")
        parts = str(target).split("|")
        policy |= dict(zip(("ResourceId", "ScalableDimension", "ServiceNamespace"), parts, strict=True))
    arn = _arn(f"policy/{policy['ResourceId']}:policyName/{policy['PolicyName']}")
    _policies[arn] = {**policy, "PolicyARN": arn, "Alarms": [], "CreationTime": 0}
    return arn, {"Arn": arn}


def _put_policy_again(_: str, __: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    return _put_policy(logical_id, new, stack)


def _forget(records: dict[str, dict[str, Any]], name: str) -> None:
    records.pop(name, None)


def _target_name(target: Mapping[str, Any]) -> str:
    """Name a target as CloudFormation's Ref does."""
    return "|".join(target[part] for part in ("ResourceId", "ScalableDimension", "ServiceNamespace"))


def _arn(rest: str) -> str:
    return f"arn:aws:{_SERVICE}:{get_region()}:{get_account_id()}:{rest}"


async def _serve(_: str, __: str, headers: Mapping[str, str], body: bytes, ___: object) -> tuple[int, Any, bytes]:
    """Answer a request of the JSON protocol; only what reads is offered, templates do the rest."""
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    wanted = json.loads(body or b"{}")
    content: dict[str, Any]
    match action:
        case "DescribeScalableTargets":
            content = {"ScalableTargets": _told(_targets, wanted, "ResourceIds", "ResourceId")}
        case "DescribeScalingPolicies":
            content = {"ScalingPolicies": _told(_policies, wanted, "PolicyNames", "PolicyName")}
        case "DescribeScheduledActions":
            content = {"ScheduledActions": _told(_scheduled(), wanted, "ScheduledActionNames", "ScheduledActionName")}
        case "DescribeScalingActivities":
            content = {"ScalingActivities": []}
        case _:
            return _json(400, {"__type": "ValidationException", "message": f"{action}: not offered here"})
    return _json(200, content)


def _scheduled() -> dict[str, dict[str, Any]]:
    """Return the scheduled actions of all targets, by ARN."""
    actions = {}
    for target in _targets.values():
        of_target = {name: target[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
        for action in target.get("scheduledActions", []):
            told = to_api(action, _SERVICE, "PutScheduledAction") | of_target
            about = f"resource/{of_target['ServiceNamespace']}/{of_target['ResourceId']}"
            arn = _arn(f"scheduledAction:{about}:scheduledActionName/{told['ScheduledActionName']}")
            actions[arn] = {**told, "ScheduledActionARN": arn, "CreationTime": 0}
    return actions


def _told(records: dict[str, dict[str, Any]], wanted: Mapping[str, Any], names: str, name: str) -> list[dict[str, Any]]:
    return [
        record
        for record in records.values()
        if record["ServiceNamespace"] == wanted.get("ServiceNamespace")
        and record[name] in wanted.get(names, [record[name]])
        and record["ResourceId"] == wanted.get("ResourceId", record["ResourceId"])
    ]


def _json(status: int, content: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(content).encode()
