"""Typed nesting: a nested stack's inputs and outputs are dataclass fields, and nobody types their names as text.

A stack module has `Inputs`, `Outputs` and `build(template, settings, inputs) -> Outputs`. Field `subnet_ids` of
Inputs is the child's Parameter `SubnetIds`; field `vpc_id` of Outputs is its Output `VpcId`. A field that is None is
not there; one that is a mapping is one Parameter or Output a key: `role_arn["dag-processor"]` is `DagProcessorRoleArn`.
`add` renders the child and returns the same Outputs, filled with what the parent reads from the finished child.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, NewType, Protocol, TypeAlias, TypeVar, get_type_hints

from troposphere import AWSHelperFn, GetAtt, Join, Output, Parameter, Ref, Template
from troposphere.cloudformation import Stack

from generator.config.settings import Settings
from generator.logical_ids import logical_id

Value: TypeAlias = str | AWSHelperFn
# Several values: one joined string between stacks, CommaDelimitedList inside the one that takes it. Other list types,
# and Select or Split on a sibling's value, make nested change sets stumble.
Values = NewType("Values", AWSHelperFn)
ByName: TypeAlias = Mapping[str, Value]
"""One value for each of several things, by name."""


class Fields(Protocol):
    """Any dataclass: Inputs or Outputs of a stack."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


I = TypeVar("I", bound=Fields)  # noqa: E741
O = TypeVar("O", bound=Fields)  # noqa: E741
F = TypeVar("F", bound=Fields)
Build: TypeAlias = Callable[[Template, Settings, I], O]


@dataclass
class Tree:
    """The templates of one root stack by file name, as they are built."""

    settings: Settings
    templates: dict[str, Template] = field(default_factory=dict)


def joined(values: Sequence[Value]) -> Values:
    """Several values as one, to be handed to another stack."""
    return Values(Join(",", list(values)))


def stack_template(description: str) -> Template:
    """An empty template with a description."""
    return Template(Description=description)


def parameters(template: Template, inputs: I, defaults: Mapping[str, str] | None = None, **texts: str) -> I:
    """Declare a Parameter for each value in `inputs` and return an instance that refers to them.

    `texts` gives descriptions by field name; without one the Parameter's name in words serves. `defaults` are by
    Parameter.
    """
    hints = get_type_hints(type(inputs))

    def declared(field_name: str, name: str) -> Ref:
        parameter = Parameter(
            name,
            Type="CommaDelimitedList" if hints[field_name] in (Values, Values | None) else "String",
            Description=texts.get(field_name, _words(name)),
        )
        if defaults and name in defaults:
            parameter.Default = defaults[name]
        return Ref(template.add_parameter(parameter))

    return _each(inputs, lambda field_name, name, _: declared(field_name, name))


def add(tree: Tree, parent: Template, build: Build[I, O], inputs: I, after: Sequence[str] = ()) -> O:
    """Add the stack that `build` makes to `parent`; return its outputs as the parent reads them.

    The child's file and logical id are its module's name: `generator.stacks.network` is `network.yml`, `Network`.
    `after` names modules whose stacks it waits for though it takes none of their outputs; those not there are no
    matter.
    """
    module = build.__module__.rpartition(".")[2]
    child = stack_template(_description(build))
    outputs = build(child, tree.settings, parameters(child, inputs))
    tree.templates[f"{module}.yml"] = child
    stack = parent.add_resource(Stack(logical_id(module), TemplateURL=f"{module}.yml"))
    if values := flat(inputs):
        stack.Parameters = values
    if waits := [logical_id(name) for name in after if f"{name}.yml" in tree.templates]:
        stack.DependsOn = waits

    def handed_up(_: str, name: str, value: Value) -> GetAtt:
        child.add_output(Output(name, Description=_words(name), Value=value))
        return GetAtt(stack, f"Outputs.{name}")

    return _each(outputs, handed_up)


def flat(values: Fields) -> dict[str, Value]:
    """Each value in a stack's Inputs or Outputs by its name in the template."""
    found: dict[str, Value] = {}
    _each(values, lambda _, name, value: found.setdefault(name, value))
    return found


def _each(values: F, change: Callable[[str, str, Value], Value]) -> F:
    """Return `values` with each value changed; `change` is told the field, the name in the template, the value."""
    changed: dict[str, Any] = {}
    for item in fields(values):
        value = getattr(values, item.name)
        if isinstance(value, Mapping):
            changed[item.name] = {
                key: change(item.name, logical_id(key) + logical_id(item.name), one) for key, one in value.items()
            }
        else:
            changed[item.name] = None if value is None else change(item.name, logical_id(item.name), value)
    return type(values)(**changed)


def _description(build: Callable[..., object]) -> str:
    text = build.__doc__
    if not text:
        raise ValueError(f"{build.__module__}.build needs a docstring: it becomes the stack's description")
    return " ".join(text.split("\n\n")[0].split())


def _words(name: str) -> str:
    """`DatabaseHost` as people write it."""
    return " ".join(re.findall("[A-Z][a-z0-9]*|[0-9]+", name)).capitalize()
