"""The calls of AWS that the deployer's modules make, read from their source, and what IAM calls them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from functools import cache
from pathlib import Path

import boto3

import deployer
from deployer.aws import Aws

SOURCE = Path(deployer.__file__).parent
# The service of each client, where IAM calls it otherwise.
PREFIXES = {"scaling": "application-autoscaling", "elbv2": "elasticloadbalancing", "quotas": "servicequotas"}
CLIENTS = {"scaling": "application-autoscaling", "quotas": "service-quotas"}
# What IAM calls otherwise than the API does:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
ACTIONS = {
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
}


def closure(roots: Set[str]) -> set[str]:
    """The modules that these import, and those that these import, by name below `deployer`."""
    found: set[str] = set()
    waiting = set(roots)
    while waiting:
        module = waiting.pop()
        found.add(module)
        waiting |= set(_imported(module)) - found
    return found


def actions(modules: Set[str]) -> dict[str, str]:
    """The actions of IAM for every call in these modules, each with one module that makes it."""
    found: dict[str, str] = {}
    for module in sorted(modules):
        for client, method in _calls(_tree(module)):
            api = _methods(client).get(method)
            if api:
                name = f"{PREFIXES.get(client, client)}:{api}"
                for action in ACTIONS.get(name, (name,)):
                    found.setdefault(action, module)
    return found


def every_module() -> set[str]:
    return {".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in SOURCE.rglob("*.py")}


def _calls(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Each client and its method: called, handed on, or named as what is paged through."""
    clients = {name for name, value in vars(Aws).items() if hasattr(value, "attrname")}
    named = {
        target.id: node.value.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and node.value.attr in clients
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=owner, attr="get_paginator" | "get_waiter"),
                args=[ast.Constant(value=str(name))],
            ) if client := _client(owner, clients, named):
                yield client, name
            case ast.Attribute(value=owner, attr=method) if client := _client(owner, clients, named):
                yield client, method


def _client(owner: ast.expr, clients: Set[str], named: dict[str, str]) -> str:
    match owner:
        case ast.Attribute(attr=name) if name in clients:
            return name
        case ast.Name(id=name):
            return named.get(name, "")
    return ""


@cache
def _methods(client: str) -> dict[str, str]:
    made = boto3.Session().client(CLIENTS.get(client, client), region_name="eu-west-1")  # type: ignore[call-overload]
    found: dict[str, str] = made.meta.method_to_api_mapping
    return found


def _imported(module: str) -> Iterator[str]:
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "deployer":
            base = ".".join((node.module or "").split(".")[1:])
            for name in [base, *(f"{base}.{alias.name}".lstrip(".") for alias in node.names)]:
                if name and (SOURCE / f"{name.replace('.', '/')}.py").exists():
                    yield name


@cache
def _tree(module: str) -> ast.AST:
    return ast.parse((SOURCE / f"{module.replace('.', '/')}.py").read_text("utf-8"))
