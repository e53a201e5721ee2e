"""The resources of rendered templates as plain data: parameters followed from stack to stack, functions evaluated."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

ZONES = "abcdef"
NOTHING = object()


@dataclass(frozen=True)
class Place:
    """Where the templates are deployed to."""

    region: str = "us-east-1"
    partition: str = "aws"
    account: str = "111122223333"

    @property
    def pseudo(self) -> dict[str, object]:
        """CloudFormation's own parameters."""
        suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        return {
            "AWS::Region": self.region,
            "AWS::Partition": self.partition,
            "AWS::AccountId": self.account,
            "AWS::URLSuffix": suffix,
            "AWS::StackName": "stack",
            "AWS::StackId": "stack-id",
            "AWS::NoValue": NOTHING,
        }


@dataclass(frozen=True)
class Resource:
    """One resource; its id is `<template>.<logical id>`, which is also what a Ref to it gives."""

    id: str
    type: str
    properties: Mapping[str, Any]

    def texts(self, name: str) -> tuple[str, ...]:
        """A property that is a list of texts; one joined text counts as one, too."""
        value = self.properties.get(name) or []
        return tuple(value.split(",")) if isinstance(value, str) else tuple(value)


@dataclass
class _Stack:
    """One template with the values of its parameters."""

    name: str
    body: Mapping[str, Any]
    place: Place
    files: Mapping[str, Mapping[str, Any]]
    given: Mapping[str, Any] = field(default_factory=dict)
    made: dict[str, "_Stack"] = field(default_factory=dict)

    def resources(self) -> Iterator[Resource]:
        """Every resource of this stack and of those nested in it, whose condition holds."""
        for logical_id, resource in self.body.get("Resources", {}).items():
            if not self.holds(resource.get("Condition")):
                continue
            properties = self.value(resource.get("Properties", {}))
            yield Resource(f"{self.name}.{logical_id}", resource["Type"], properties)
            if resource["Type"] == "AWS::CloudFormation::Stack":
                yield from self.nested(logical_id).resources()

    def nested(self, logical_id: str) -> "_Stack":
        """The stack that the resource of this name is."""
        if logical_id not in self.made:
            properties = self.body["Resources"][logical_id]["Properties"]
            file = properties["TemplateURL"]
            given = self.value(properties.get("Parameters", {}))
            self.made[logical_id] = _Stack(file.removesuffix(".yml"), self.files[file], self.place, self.files, given)
        return self.made[logical_id]

    def holds(self, condition: str | None) -> bool:
        """Whether a condition of this template holds; None always does."""
        return condition is None or bool(self.value(self.body["Conditions"][condition]))

    def value(self, data: Any) -> Any:
        """`data` with every function of CloudFormation evaluated."""
        if isinstance(data, list):
            return [one for one in map(self.value, data) if one is not NOTHING]
        if not isinstance(data, dict):
            return data
        if len(data) == 1:
            name, argument = next(iter(data.items()))
            if name == "Ref" or name == "Condition" or name.startswith("Fn::"):
                return self.function(name.removeprefix("Fn::"), argument)
        found = {key: self.value(one) for key, one in data.items()}
        return {key: one for key, one in found.items() if one is not NOTHING}

    def function(self, name: str, argument: Any) -> Any:
        """One function's result; a KeyError for one that this model does not know."""
        return {
            "Ref": self.reference,
            "GetAtt": self.attribute,
            "Join": self.joined,
            "Sub": self.substituted,
            "Select": lambda pair: self.value(pair[1])[int(self.value(pair[0]))],
            "Split": lambda pair: self.value(pair[1]).split(pair[0]),
            "GetAZs": lambda _: [f"{self.place.region}{letter}" for letter in ZONES],
            "FindInMap": self.mapped,
            "If": lambda three: self.value(three[1] if self.holds(three[0]) else three[2]),
            "Equals": lambda pair: self.value(pair[0]) == self.value(pair[1]),
            "Not": lambda one: not self.value(one[0]),
            "And": lambda every: all(map(self.value, every)),
            "Or": lambda every: any(map(self.value, every)),
            "Condition": self.holds,
        }[name](argument)

    def reference(self, name: str) -> Any:
        if name in self.place.pseudo:
            return self.place.pseudo[name]
        parameter = self.body.get("Parameters", {}).get(name)
        if parameter is None:
            if name not in self.body["Resources"]:
                raise KeyError(f"{self.name}.yml refers to {name}, which it has not")
            return f"{self.name}.{name}"
        value = self.given.get(name, parameter.get("Default", f"parameter:{name}"))
        listed = parameter["Type"] == "CommaDelimitedList" and isinstance(value, str)
        return value.split(",") if listed else value

    def attribute(self, argument: str | Sequence[str]) -> Any:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        if self.body["Resources"][name]["Type"] == "AWS::CloudFormation::Stack":
            stack = self.nested(name)
            return stack.value(stack.body["Outputs"][attribute.removeprefix("Outputs.")]["Value"])
        return f"{self.name}.{name}.{attribute}"

    def joined(self, argument: Sequence[Any]) -> str:
        separator, values = argument
        return str(separator).join(str(one) for one in self.value(values))

    def substituted(self, argument: Any) -> str:
        text, values = (argument, {}) if isinstance(argument, str) else argument

        def filled(match: re.Match[str]) -> str:
            name = match[1]
            if name in values:
                return str(self.value(values[name]))
            value = self.attribute(name) if "." in name else self.reference(name)
            return ",".join(value) if isinstance(value, list) else str(value)

        return re.sub(r"\$\{([A-Za-z0-9:.]+)\}", filled, text)

    def mapped(self, argument: Sequence[Any]) -> Any:
        name, first, second = self.value(list(argument))
        return self.body["Mappings"][name][first][second]


def resources(files: Mapping[str, str], place: Place = Place()) -> list[Resource]:
    """Every resource of a root stack (root.yml) and of the stacks nested in it, as deployed to `place`."""
    bodies = {name: parsed(text) for name, text in files.items()}
    return list(_Stack("root", bodies["root.yml"], place, bodies).resources())


@cache
def parsed(text: str) -> Mapping[str, Any]:
    """A template's text as data, which nobody may change."""
    found: Mapping[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return found
