"""A topic: the resources of one child stack, and questions whose answers show that none of their properties is lost."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.integration.embedded_aws.templates import Template, att, ref

PLACE = re.compile(r"<(\w+)(?:\.([\w.]+))?>")
"""In a question: <Queue> is what Ref gives for the resource Queue, <Queue.Arn> what GetAtt gives."""


class Question(NamedTuple):
    """What to ask a service, where to look in its answer (JMESPath), and what is to stand there."""

    service: str
    operation: str
    arguments: dict[str, Any]
    where: str
    expected: Any


@dataclass(frozen=True)
class Topic:
    """What a child stack holds. `takes` are parameters: outputs of the topic `ground`."""

    resources: Template
    questions: list[Question]
    takes: tuple[str, ...] = ()
    gives: Template = field(default_factory=dict)
    more: Template = field(default_factory=dict)

    def template(self) -> Template:
        places = sorted(set(PLACE.findall(json.dumps(self.questions))))
        asked = {output(*place): att(*place) if place[1] else ref(place[0]) for place in places}
        return {
            "Parameters": {name: {"Type": "String"} for name in self.takes},
            "Resources": self.resources,
            "Outputs": {name: {"Value": value} for name, value in {**asked, **self.gives}.items()},
            **self.more,
        }


Make = Callable[[int], Topic]
"""Given 1 it describes what is created, given 2 what that is changed to."""


def output(name: str, attribute: str) -> str:
    return name + attribute.replace(".", "")


def resource(kind: str, **properties: Any) -> Template:
    return {"Type": kind, "Properties": properties}


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


def tags(**values: object) -> list[dict[str, str]]:
    return [{"Key": key, "Value": str(value)} for key, value in values.items()]


def policy(action: str, on: Any = None, **more: Any) -> Template:
    """A document of one statement; without `on` it is one that says who may take a role."""
    statement = {"Effect": "Allow", "Action": action, **({"Resource": on} if on else {}), **more}
    return {"Version": "2012-10-17", "Statement": [statement]}
