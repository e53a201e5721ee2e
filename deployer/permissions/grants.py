"""Grants: on what each action is allowed, and under which conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from deployer.permissions import reference
from deployer.permissions.scope import Scope

Condition = Mapping[str, Mapping[str, str | Sequence[str]]]
"""Operators of IAM, each with keys and the values that they must have."""

VALUE = "secretsmanager:GetSecretValue"
_OURS, _NOBODY_ELSES = "StringEquals", "StringEqualsIfExists"
_BOUND = {"iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"}
# These are needed before a secret has its tags, or tell no values.
_ANY_SECRET = {"secretsmanager:CreateSecret", "secretsmanager:DescribeSecret", "secretsmanager:TagResource"}
_REMOVING = ("AddTags", "BatchDelete", "CreateTags", "Delete", "RemoveTags", "Tag", "Untag")  # or making ours
_CHANGING = ("Modify", "Revoke", "Set", "Stop", "Update")


@dataclass(frozen=True)
class Grant:
    """What an action is allowed on."""

    on: tuple[str, ...]
    condition: Condition = field(default_factory=dict)


def grants(action: str, scope: Scope, *, is_tagged: bool, linked: Sequence[str]) -> Iterator[Grant]:
    """Allow an action on what is the environment's.

    `is_tagged` says that what it is on surely bears the environment's tags, `linked` whose service-linked roles there
    are. Each kind of resource that a request names must be allowed, and a snapshot that it makes has no tags yet.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
    """
    made = [kind for kind in reference.kinds(action) if "snapshot" in kind]
    if is_tagged and made:
        there = [kind for kind in reference.kinds(action) if kind not in made]
        yield Grant(scope.of_kinds(action, there), _tags(scope, _OURS))
        yield Grant(scope.of_kinds(action, made))
        return
    yield Grant(_on(action, scope), _condition(action, scope, is_tagged=is_tagged, linked=linked))
    if action == VALUE and scope.given_secrets:
        yield Grant(tuple(scope.given_secrets))


def _on(action: str, scope: Scope) -> tuple[str, ...]:
    match action:
        case "iam:CreateServiceLinkedRole":
            return scope.service_roles()
        case "iam:GetPolicy":
            return (scope.boundary or "*",)
        case "secretsmanager:DescribeSecret":  # also of those that the settings name; it tells no values
            return scope.secrets()
        case "ecr:DescribeImages" if scope.repository:
            return (*scope.resources(action), scope.repository)
    return scope.resources(action)


def _condition(action: str, scope: Scope, *, is_tagged: bool, linked: Sequence[str]) -> Condition:
    """Return what an action is held to beside its resources.

    What changes, removes or tags may not touch what bears the tags of another environment; where it surely has ours,
    it must have them.
    """
    service, _, name = action.partition(":")
    if action == "iam:PassRole":
        return {_OURS: {"iam:PassedToService": list(scope.passed_to)}}
    if action == "iam:CreateServiceLinkedRole":
        return {_OURS: {"iam:AWSServiceName": list(linked)}}
    if scope.boundary and action in _BOUND:
        return {_OURS: {"iam:PermissionsBoundary": scope.boundary}}
    if not reference.takes_tags(action):
        return {}
    if service == "secretsmanager" and action not in _ANY_SECRET:
        return _tags(scope, _OURS)  # the names of secrets do not tell environments apart
    if is_tagged and not scope.is_named(action):
        return _tags(scope, _OURS)
    held = name.startswith(_REMOVING) or (name.startswith(_CHANGING) and not _may_name_a_network(action))
    return _tags(scope, _NOBODY_ELSES) if held else {}


def _may_name_a_network(action: str) -> bool:
    """Whether a request names, beside what is ours, the network that it is in, which may be somebody else's."""
    on = reference.kinds(action)
    return len(on) > 1 and not {"subnet", "vpc"}.isdisjoint(on)


def _tags(scope: Scope, operator: str) -> Condition:
    return {operator: {f"aws:ResourceTag/{key}": value for key, value in scope.tags.items()}}
