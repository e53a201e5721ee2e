"""Typed nesting: a nested stack's inputs and outputs are dataclass fields, and nobody types their names as text.

A stack module has `Inputs`, `Outputs` and `build(template, settings, inputs) -> Outputs`. Field `subnet_ids` of
Inputs is the child's Parameter `SubnetIds`; field `vpc_id` of Outputs is its Output `VpcId`. `add` renders the child
and returns the same Outputs, filled with what the parent reads from the finished child.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, NewType, Protocol, TypeAlias, TypeVar, get_type_hints

from troposphere import AWSHelperFn, GetAtt, Join, Output, Parameter, Ref, Template
from troposphere.cloudformation import Stack

from generator.config.settings import Settings

Value: TypeAlias = str | AWSHelperFn
# Several values: one joined string between stacks, CommaDelimitedList inside the one that takes it. Other list types,
# and Select or Split on a sibling's value, make nested change sets stumble.
Values = NewType("Values", AWSHelperFn)


class Fields(Protocol):
    """Any dataclass: Inputs or Outputs of a stack."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


I = TypeVar("I", bound=Fields)  # noqa: E741
O = TypeVar("O", bound=Fields)  # noqa: E741
Build: TypeAlias = Callable[[Template, Settings, I], O]


@dataclass
class Tree:
    """The templates of one root stack by file name, as they are built."""

    settings: Settings
    templates: dict[str, Template] = field(default_factory=dict)


def joined(values: Sequence[Value]) -> Values:
    """Several values as one, to be handed to another stack."""
    return Values(Join(",", list(values)))


def title(name: str) -> str:
    """Python's name as CloudFormation writes it: `subnet_ids` is `SubnetIds`."""
    return "".join(part.capitalize() for part in name.split("_"))


def stack_template(description: str) -> Template:
    """An empty template with a description."""
    return Template(Description=description)


def parameters(template: Template, inputs: type[I], **texts: str) -> I:
    """Declare a Parameter for each field of `inputs` and return an instance that refers to them.

    `texts` gives descriptions by field name; without one the field's name in words serves.
    """
    hints = get_type_hints(inputs)
    references = {
        item.name: Ref(
            template.add_parameter(
                Parameter(
                    title(item.name),
                    Type="CommaDelimitedList" if hints[item.name] is Values else "String",
                    Description=texts.get(item.name, _words(item.name)),
                )
            )
        )
        for item in fields(inputs)
    }
    return inputs(**references)


def add(tree: Tree, parent: Template, build: Build[I, O], inputs: I) -> O:
    """Add the stack that `build` makes to `parent`; return its outputs as the parent reads them.

    The child's file and logical id are its module's name: `generator.stacks.network` is `network.yml`, `Network`.
    """
    module = build.__module__.rpartition(".")[2]
    child = stack_template(_description(build))
    outputs = build(child, tree.settings, parameters(child, type(inputs)))
    for item in fields(outputs):
        value = getattr(outputs, item.name)
        child.add_output(Output(title(item.name), Description=_words(item.name), Value=value))
    tree.templates[f"{module}.yml"] = child
    values = {title(item.name): getattr(inputs, item.name) for item in fields(inputs)}
    stack = parent.add_resource(Stack(title(module), TemplateURL=f"{module}.yml", Parameters=values))
    return type(outputs)(**{item.name: GetAtt(stack, f"Outputs.{title(item.name)}") for item in fields(outputs)})


def _description(build: Callable[..., object]) -> str:
    text = build.__doc__
    if not text:
        raise ValueError(f"{build.__module__}.build needs a docstring: it becomes the stack's description")
    return " ".join(text.split("\n\n")[0].split())


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
