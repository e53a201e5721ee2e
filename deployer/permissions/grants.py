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
# What only looks, and what makes something new, which may be from or in what is somebody else's: a snapshot, a network.
_FREE = ("BatchCheck", "BatchGet", "Create", "Describe", "Filter", "Get", "List", "Restore")
# What is called making, and changes what is there.
_CHANGING = {
    "ec2:CreateRoute",
    "ec2:CreateTags",
    "elasticloadbalancing:CreateListener",
    "kms:CreateAlias",
    "kms:CreateGrant",
    "servicediscovery:CreateService",
}
# Kinds that a request names beside what is ours, and that may be of a network which somebody else keeps.
_THEIRS = {"ec2:ModifyVpcEndpoint": ("route-table", "subnet")}


@dataclass(frozen=True)
class Grant:
    """What an action is allowed on."""

    on: tuple[str, ...]
    condition: Condition = field(default_factory=dict)


def grants(action: str, scope: Scope, *, is_tagged: bool, linked: Sequence[str]) -> Iterator[Grant]:
    """Allow an action on what is the environment's.

    `is_tagged` says that what it is on surely bears the environment's tags, `linked` whose service-linked roles there
    are. Each kind of resource that a request names must be allowed.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
    """
    if is_tagged and not scope.is_named(action):
        yield from _of_the_end(action, scope)
        return
    yield Grant(_on(action, scope), _condition(action, scope, linked=linked))
    if action in _THEIRS:
        yield Grant(scope.of_kinds(action, _THEIRS[action]))
    if action == VALUE and scope.given_secrets:
        yield Grant(tuple(scope.given_secrets))


def _of_the_end(action: str, scope: Scope) -> Iterator[Grant]:
    """Allow what removes: what bears the environment's tags, what was never made, and the snapshot that it makes.

    A creation that AWS refuses is rolled back, and CloudFormation asks for what has its name beforehand to go. That has
    no tags, and who demands them is told that it is not allowed, instead of that it is not there.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html (IfExists)
    """
    beforehand = scope.beforehand(action)
    made = [kind for kind in reference.kinds(action) if "snapshot" in kind]
    there = [kind for kind in reference.kinds(action) if kind not in made]
    if beforehand:
        yield Grant(beforehand, _tags(scope, _NOBODY_ELSES))
    if beforehand != scope.resources(action):
        yield Grant(scope.of_kinds(action, there) if made else scope.resources(action), _tags(scope, _OURS))
    if made:  # it has no tags yet
        yield Grant(scope.of_kinds(action, made))


def _on(action: str, scope: Scope) -> tuple[str, ...]:
    match action:
        case "iam:CreateServiceLinkedRole":
            return scope.service_roles()
        case "iam:GetPolicy":
            return (scope.boundary or "*",)
        case "secretsmanager:DescribeSecret":  # also of those that the settings name; it tells no values
            return scope.secrets()
        case "logs:DescribeLogStreams":
            return (*scope.resources(action), *scope.insights())
        case "ecr:DescribeImages" if scope.repository:
            return (*scope.resources(action), scope.repository)
    return scope.resources(action)


def _condition(action: str, scope: Scope, *, linked: Sequence[str]) -> Condition:
    """Return what an action is held to beside its resources.

    What changes, removes or tags may not touch what bears the tags of another environment. A key that is given may have
    any tags.
    """
    service, _, name = action.partition(":")
    if action == "iam:PassRole":
        return {_OURS: {"iam:PassedToService": list(scope.passed_to)}}
    if action == "iam:CreateServiceLinkedRole":
        return {_OURS: {"iam:AWSServiceName": list(linked)}}
    # Where the settings say no account, the boundary's ARN has a `*`, which is none to StringEquals.
    bound = {"StringLike": {"iam:PermissionsBoundary": scope.boundary}} if scope.boundary and action in _BOUND else {}
    if not reference.takes_tags(action) or (service == "kms" and scope.key):
        return bound
    if service == "secretsmanager" and action not in _ANY_SECRET:
        return _tags(scope, _OURS)  # the names of secrets do not tell environments apart
    held = action in _CHANGING or not name.startswith(_FREE)
    return {**bound, **_tags(scope, _NOBODY_ELSES)} if held else bound


def _tags(scope: Scope, operator: str) -> Condition:
    return {operator: {f"aws:ResourceTag/{key}": value for key, value in scope.tags.items()}}
