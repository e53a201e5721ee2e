"""Rendered templates as a tree of stacks: the roots, what is nested in them, and the resources of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

STACK = "AWS::CloudFormation::Stack"


@dataclass(eq=False)
class Stack:
    """One stack. `given` are the values that its parent hands to its parameters, in the parent's terms."""

    path: tuple[str, ...]
    body: Mapping[str, Any]
    parent: Stack | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    children: dict[str, Stack] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)

    def section(self, name: str) -> Mapping[str, Any]:
        """One section of the template; empty where it has none."""
        return mapping(self.body.get(name))


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource of a stack. Two are the same when they are the same object."""

    stack: Stack
    name: str
    kind: str
    properties: Mapping[str, Any]
    condition: str = ""

    @property
    def key(self) -> str:
        """A name that no other resource has."""
        return "/".join((*self.stack.path, self.name))


@dataclass(frozen=True)
class Tree:
    """All stacks, parents before children."""

    stacks: tuple[Stack, ...]

    @property
    def title(self) -> str:
        """What the root with the most nested stacks says of itself."""
        roots = [stack for stack in self.stacks if stack.parent is None]
        main = max(roots, key=lambda stack: len(stack.children), default=None)
        return str(main.body.get("Description") or "") if main else ""


def read(files: Mapping[str, str]) -> Tree:
    """Read templates by file name; those that no other one nests are the roots."""
    bodies = {name: mapping(yaml.load(text, yaml.CSafeLoader)) for name, text in files.items()}
    nested = {
        file_of(mapping(resource.get("Properties")))
        for body in bodies.values()
        for resource in map(mapping, mapping(body.get("Resources")).values())
        if resource.get("Type") == STACK
    }
    roots = [Stack((name,), body) for name, body in bodies.items() if name not in nested]
    return Tree(tuple(stack for root in roots for stack in _grown(root, bodies, ())))


def mapping(value: object) -> Mapping[str, Any]:
    """Return `value` where it is a mapping, and an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def file_of(properties: Mapping[str, Any]) -> str:
    """Return the file name that a nested stack's TemplateURL ends in."""
    return str(properties.get("TemplateURL", "")).rpartition("/")[2]


def _grown(stack: Stack, bodies: Mapping[str, Mapping[str, Any]], above: tuple[str, ...]) -> Iterator[Stack]:
    """Fill in a stack's resources and children; give it and all below it."""
    for name, body in stack.section("Resources").items():
        given = mapping(body)
        kind, condition = str(given.get("Type")), str(given.get("Condition") or "")
        stack.resources[name] = Resource(stack, name, kind, mapping(given.get("Properties")), condition)
    yield stack
    for name, resource in stack.resources.items():
        file = file_of(resource.properties)
        if resource.kind == STACK and file in bodies and file not in above:
            child = Stack((*stack.path, name), bodies[file], stack, mapping(resource.properties.get("Parameters")))
            stack.children[name] = child
            yield from _grown(child, bodies, (*above, file))
