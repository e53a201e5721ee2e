"""What AWS says of its own actions: which there are, on what kinds of resources, under which conditions.

It is the service authorization reference, which cfn-lint carries:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource

_TAG = "aws:ResourceTag/${TagKey}"


def exists(action: str) -> bool:
    """Whether AWS has an action, as `s3:GetObject`."""
    service, _, name = action.partition(":")
    return name.lower() in _service(service).get("Actions", {})


def kinds(action: str) -> Sequence[str]:
    """Return the kinds of resources that an action can be narrowed to; for none, it is allowed on everything or not."""
    service, _, name = action.partition(":")
    found: Sequence[str] = _service(service)["Actions"][name.lower()].get("Resources", ())
    return found


def takes_tags(action: str) -> bool:
    """Whether the tags of some kind of resource that an action is on can be a condition."""
    service = action.partition(":")[0]
    return any(_TAG in _kind(service, kind).get("ConditionKeys", ()) for kind in kinds(action))


def ending(service: str, kind: str) -> str:
    """Return how the ARN of a kind of resource ends, with `*` for what is its own."""
    arn: str = _kind(service, kind)["ARNFormats"][0]
    return arn.split(":", 5)[5].replace(".*", "*")


def _kind(service: str, kind: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _service(service).get("Resources", {}).get(kind.lower(), {})
    return found


def _service(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _reference().get(name, {})
    return found


@cache
def _reference() -> Mapping[str, Any]:
    read: Mapping[str, Any] = load_resource(AdditionalSpecs, "Policies.json")  # type: ignore[no-untyped-call]
    return read
