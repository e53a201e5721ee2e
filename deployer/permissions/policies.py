"""Policies: what each verb needs, narrowed to the environment, in documents that IAM takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deployer.permissions import own, schemas
from deployer.permissions.grants import VALUE, grants
from deployer.permissions.schemas import Kinds, Resources
from deployer.permissions.scope import Scope

Statement = Mapping[str, Any]
Document = Mapping[str, Any]

# Characters of a managed policy, white space not counted:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
LIMIT = 6144
_VERSION = "2012-10-17"
_UNBIND = "iam:DeleteRolePermissionsBoundary"
# Services whose resources have CloudFormation act by a role of theirs, made with the first one.
_LINKED = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "ecs.application-autoscaling.amazonaws.com",
    "AWS::ECS::Cluster": "ecs.amazonaws.com",
    "AWS::ElastiCache::ReplicationGroup": "elasticache.amazonaws.com",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "elasticloadbalancing.amazonaws.com",
    "AWS::RDS::DBCluster": "rds.amazonaws.com",
    "AWS::RDS::DBInstance": "rds.amazonaws.com",
}


@dataclass(frozen=True)
class Verb:
    """What one verb needs: its actions, and those of them whose resources surely bear the environment's tags."""

    name: str
    actions: frozenset[str]
    tagged: frozenset[str] = frozenset()


def policies(templates: Sequence[Resources], scope: Scope, *, own_keys: bool) -> dict[str, Document]:
    """Return the documents by name: what is needed to deploy, to push, and to destroy.

    A verb that needs more than one document holds is spread over several, to be attached together. `own_keys` says
    that a customer managed key encrypts.
    """
    used, zones = schemas.kinds(templates), schemas.of_zones(templates)
    linked = sorted({_LINKED[kind] for kind in used if kind in _LINKED})
    return {
        name: document
        for verb in _verbs(used, zones, own_keys=own_keys)
        for name, document in _named(f"{scope.stack}-{verb.name}", _documents(_statements(verb, scope, linked)))
    }


def _verbs(used: Kinds, zones: frozenset[str], *, own_keys: bool) -> Sequence[Verb]:
    """Return what deploy, push and destroy need; `zones` is for templates that are looked at again.

    A deploy removes, too: what it replaces, and what it rolls back.
    """
    every, rolled = schemas.needs(used, own_keys=own_keys), schemas.rolled(used)
    keys = frozenset({"kms:Decrypt", "kms:GenerateDataKey"}) if own_keys else frozenset[str]()
    always = own.READING | keys
    return (
        Verb(
            "deploy",
            every.making | every.ending | always | zones | own.ROLLING | own.DEPLOYING,
            every.tagged,
        ),
        # Passwords and zones are resolved whenever the stacks that have them are looked at.
        Verb("push", rolled | always | zones | own.ROLLING | {VALUE}),
        Verb("destroy", every.ending | always | own.DESTROYING, every.tagged),
    )


def _statements(verb: Verb, scope: Scope, linked: Sequence[str]) -> Iterator[Statement]:
    """Group the actions of a verb by what they are allowed on, and under which conditions."""
    groups: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for action in sorted(verb.actions):
        if not (scope.boundary and action == _UNBIND):
            for grant in grants(action, scope, is_tagged=action in verb.tagged, linked=linked):
                groups.setdefault((grant.on, json.dumps(grant.condition)), []).append(action)
    for (on, text), actions in sorted(groups.items()):
        conditions = {"Condition": json.loads(text)} if text != "{}" else {}
        yield {"Effect": "Allow", "Action": actions, "Resource": list(on), **conditions}


def _documents(statements: Iterable[Statement]) -> list[Document]:
    """Fill documents one after the other; a statement that does not fit is parted."""
    filled: list[list[Statement]] = [[]]
    for statement in statements:
        rest = list(statement["Action"])
        while rest:
            taken = _fitting(filled[-1], statement, rest)
            if taken:
                filled[-1].append({**statement, "Action": rest[:taken]})
                rest = rest[taken:]
            if rest:
                filled.append([])
    return [_document(each) for each in filled]


def _fitting(there: Sequence[Statement], statement: Statement, actions: Sequence[str]) -> int:
    """Return how many of the actions have room beside what is there."""
    for count in range(len(actions), 0, -1):
        if length(_document([*there, {**statement, "Action": actions[:count]}])) <= LIMIT:
            return count
    return 0


def _document(statements: Sequence[Statement]) -> Document:
    return {"Version": _VERSION, "Statement": list(statements)}


def length(document: Document) -> int:
    """Return the characters of a document as IAM counts them; none of ours has white space inside its texts."""
    return len(json.dumps(document, separators=(",", ":")))


def _named(name: str, documents: Sequence[Document]) -> Iterator[tuple[str, Document]]:
    if len(documents) == 1:
        yield name, documents[0]
    else:
        yield from ((f"{name}-{number}", document) for number, document in enumerate(documents, 1))
