"""What a value in a template comes to: followed through parameters and the outputs of sibling stacks.

A value is looked at where it stands (`At`), since `Ref: SubnetIds` means something else in each stack. What is known
only when deploying comes to nothing, not to an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import islice
from typing import Any

from generator.diagram.reading.tree import Resource, Stack, Tree, mapping

# Drawn as in an ordinary region, whose name is nobody's business here.
REGION = "<region>"
PSEUDO = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com", "AWS::Region": REGION}


@dataclass(frozen=True)
class At:
    """A value as the template of `stack` writes it."""

    value: Any
    stack: Stack

    def of(self, value: object) -> At:
        """Return another value of the same template, followed."""
        return follow(At(value, self.stack))

    def get(self, *names: str) -> At:
        """Return what is behind these names in a mapping, followed at each step; of value None where there is none."""
        here = follow(self)
        for name in names:
            here = here.of(mapping(here.value).get(name))
        return here

    def items(self) -> list[At]:
        """Each item of a list, followed; none of anything else."""
        here = follow(self)
        return [here.of(item) for item in here.value] if isinstance(here.value, list) else []


def find(tree: Tree, *kinds: str) -> Iterator[Resource]:
    """Every resource of these types, wherever it is, whose conditions do not rule it out."""
    for stack in tree.stacks:
        if _exists(stack):
            yield from (one for one in stack.resources.values() if one.kind in kinds and _made(one))


def at(resource: Resource, *names: str) -> At:
    """Return a resource's property by the names that lead to it."""
    return At(resource.properties, resource.stack).get(*names)


def follow(at: At) -> At:
    """Step through parameters, outputs and choices to a literal, a resource, or another of AWS's functions."""
    if not (isinstance(at.value, Mapping) and len(at.value) == 1):
        return at
    ((function, argument),) = at.value.items()
    if function == "Ref" and isinstance(argument, str):
        return _referred(at, argument)
    if function == "Fn::GetAtt":
        return _attribute(at, argument)
    if function == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
        return at.of(argument[2] if holds(str(argument[0]), at.stack) is False else argument[1])
    if function == "Fn::Select" and isinstance(argument, list) and len(argument) == 2:
        return _selected(at, str(at.of(argument[0]).value), at.of(argument[1]))
    if function == "Fn::FindInMap" and isinstance(argument, list):
        return _found_in_map(at, argument)
    return at


def text(at: At) -> str:
    """Return the text that a value comes to; empty where it is known only when deploying."""
    here = follow(at)
    if isinstance(here.value, str | int | float):
        return str(here.value)
    if join := mapping(here.value).get("Fn::Join"):
        parts = [text(item) for item in here.of(join[1]).items()]
        return str(join[0]).join(parts) if all(parts) else ""
    if "Fn::Sub" in mapping(here.value):
        whole, names = _substitution(here)
        values = {name: text(value) for name, value in names.items()}
        return re.sub(r"\$\{(.+?)\}", lambda found: values[found[1]], whole) if all(values.values()) else ""
    return ""


def named(at: At) -> tuple[Resource, ...]:
    """Return the resources that a value names, at whatever depth, in its order, each once."""
    return tuple(dict.fromkeys(_named(at)))


def each(at: At) -> tuple[Resource | str, ...]:
    """Return what the items of a list come to, however it is written: resources, or ids as text.

    A parameter without a value, as of a subnet that is named when deploying, stands for itself.
    """
    here = follow(at)
    if isinstance(here.value, Resource):
        return (here.value,)
    if isinstance(here.value, list):
        return tuple(dict.fromkeys(one for item in here.items() for one in each(item)))
    if join := mapping(here.value).get("Fn::Join"):
        return each(here.of(join[1]))
    if reference := mapping(here.value).get("Ref"):
        return () if str(reference).startswith("AWS::") else (str(reference),)
    return tuple(part.strip() for part in text(here).split(",") if part.strip())


def holds(condition: str, stack: Stack) -> bool | None:
    """Whether a condition of a stack is true; None where that is known only when deploying."""
    return _true(At(stack.section("Conditions").get(condition), stack))


def _made(resource: Resource) -> bool:
    return not resource.condition or holds(resource.condition, resource.stack) is not False


def _exists(stack: Stack) -> bool:
    return stack.parent is None or (_made(stack.parent.resources[stack.path[-1]]) and _exists(stack.parent))


def _true(at: At) -> bool | None:
    expression = mapping(at.value)
    if "Condition" in expression:
        return holds(str(expression["Condition"]), at.stack)
    if "Fn::Equals" in expression:
        sides = [item.value for item in at.of(expression["Fn::Equals"]).items()]
        return len({str(side) for side in sides}) == 1 if all(isinstance(side, str | int) for side in sides) else None
    if "Fn::Not" in expression:
        (inner,) = [_true(At(item, at.stack)) for item in expression["Fn::Not"]]
        return None if inner is None else not inner
    for function, decisive in (("Fn::And", False), ("Fn::Or", True)):
        if function in expression:
            parts = [_true(At(item, at.stack)) for item in expression[function]]
            return decisive if decisive in parts else None if None in parts else not decisive
    return None


def _referred(at: At, name: str) -> At:
    stack = at.stack
    if name in stack.resources:
        return At(stack.resources[name], stack)
    if name in PSEUDO:
        return At(PSEUDO[name], stack)
    if stack.parent and name in stack.given:
        return follow(At(stack.given[name], stack.parent))
    declared = mapping(stack.section("Parameters").get(name))
    return At(declared["Default"], stack) if "Default" in declared else at


def _attribute(at: At, argument: object) -> At:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not (isinstance(parts, list) and len(parts) == 2 and parts[0] in at.stack.resources):
        return at
    name, attribute = str(parts[0]), str(parts[1])
    child = at.stack.children.get(name)
    if child is None or not attribute.startswith("Outputs."):
        return At(at.stack.resources[name], at.stack)
    output = mapping(child.section("Outputs").get(attribute.removeprefix("Outputs.")))
    return follow(At(output.get("Value"), child))


def _selected(at: At, index: str, among: At) -> At:
    """Pick from a list; blocks of addresses (Fn::Cidr) are counted out."""
    if not index.isdecimal():
        return at
    if "Fn::Cidr" in mapping(among.value):
        whole, _, bits = [text(item) for item in among.of(among.value["Fn::Cidr"]).items()]
        if not (whole and bits.isdecimal()):
            return at
        blocks = ip_network(whole, strict=False).subnets(new_prefix=32 - int(bits))
        return At(next((str(block) for block in islice(blocks, int(index), None)), None), at.stack)
    options: Sequence[At | str] = among.items() or (text(among).split(",") if text(among) else ())
    if int(index) >= len(options):
        return at
    chosen = options[int(index)]
    return chosen if isinstance(chosen, At) else At(chosen.strip(), at.stack)


def _found_in_map(at: At, argument: list[Any]) -> At:
    here: Any = at.stack.section("Mappings")
    for key in argument[:3]:
        here = mapping(here).get(text(At(key, at.stack)))
    return at if here is None else At(here, at.stack)


def _substitution(at: At) -> tuple[str, dict[str, At]]:
    """The text of an Fn::Sub, and what each name in it comes to."""
    argument = at.value["Fn::Sub"]
    whole, own = argument if isinstance(argument, list) else (argument, {})
    names = re.findall(r"\$\{(.+?)\}", str(whole))
    return str(whole), {name: _sub_value(at, name, own) for name in names}


def _sub_value(at: At, name: str, own: Mapping[str, Any]) -> At:
    if name in own:
        return at.of(own[name])
    return at.of({"Fn::GetAtt": name} if "." in name else {"Ref": name})


def _named(at: At) -> Iterator[Resource]:
    here = follow(at)
    if isinstance(here.value, Resource):
        yield here.value
    elif isinstance(here.value, list):
        for item in here.value:
            yield from _named(here.of(item))
    elif "Fn::Sub" in mapping(here.value):
        for value in _substitution(here)[1].values():
            yield from _named(value)
    elif isinstance(here.value, Mapping):
        for value in here.value.values():
            yield from _named(here.of(value))
