"""What roles of rendered templates allow: a small evaluator of IAM's policies, and a world of names to ask it about."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.airflow import calls
from generator.airflow.calls import Calls, On
from generator.airflow.components import Component
from generator.config.settings import Settings

ACCOUNT, REGION = "111122223333", "eu-west-1"
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::URLSuffix": "amazonaws.com"}
ANYTHING = "*"


@dataclass(frozen=True)
class Rights:
    """The statements of a role's inline policies."""

    statements: Sequence[Mapping[str, Any]]

    def allow(self, action: str, resource: str, context: Mapping[str, str] | None = None) -> bool:
        """Evaluate as IAM does: allowed by one statement, and denied by none.

        `context` has the keys of conditions that the request has; without it conditions are left aside.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
        """
        matching = [one["Effect"] for one in self.statements if _fits(one, action, resource, context)]
        return "Allow" in matching and "Deny" not in matching

    def actions(self) -> set[str]:
        """Every action that is named."""
        return {action for one in self.statements for action in one["Action"]}


def _fits(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str] | None) -> bool:
    return (
        any(_matches(one.lower(), action.lower()) for one in statement["Action"])
        and any(_matches(one, resource) for one in statement["Resource"])
        and (context is None or _holds(statement.get("Condition", {}), context))
    )


def _holds(condition: Mapping[str, Mapping[str, str | list[str]]], context: Mapping[str, str]) -> bool:
    """All operators hold, each for all of its keys; a key that the request has not is none's equal.

    Patterns are patterns to `StringLike` alone.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    absent = {"StringEquals": False, "StringEqualsIfExists": True, "StringLike": False}
    return all(
        any(_is(operator, one, context[key]) for one in ([values] if isinstance(values, str) else values))
        if key in context
        else absent[operator]
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _is(operator: str, value: str, text: str) -> bool:
    return _matches(value, text) if operator == "StringLike" else value == text


def _matches(pattern: str, text: str) -> bool:
    """`*` is any text and `?` any letter; everything else is itself."""
    parts = [{"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern]
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def rights(template: Mapping[str, Any], world: Mapping[str, str]) -> dict[str, Rights]:
    """What each role of a template allows, where its parameters have the values of `world`."""
    return {
        name: Rights([resolved(one, world) for one in _statements(resource["Properties"])])
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
    }


def _statements(role: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for policy in role.get("Policies", ()):
        yield from policy["PolicyDocument"]["Statement"]


def resolved(value: Any, world: Mapping[str, str]) -> Any:
    """A value of a template with its functions evaluated."""
    match value:
        case {"Ref": name}:
            return {**PSEUDO, **world}[name]
        case {"Fn::Sub": [text, values]}:
            return _filled(text, {**PSEUDO, **world, **resolved(values, world)})
        case {"Fn::Sub": text}:
            return _filled(text, {**PSEUDO, **world})
        case dict():
            return {key: resolved(one, world) for key, one in value.items()}
        case list():
            return [resolved(one, world) for one in value]
    return value


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(!?)([^}]*)\}", lambda m: f"${{{m[2]}}}" if m[1] else values[m[2]], text)


def world_of(template: Mapping[str, Any]) -> dict[str, str]:
    """A value for each parameter of the stack of roles, as other stacks would give it."""
    return {name: _value(name) for name in template.get("Parameters", {})}


def names(values: Mapping[str, str]) -> dict[str, str]:
    """Values of a stack that is deployed somewhere, as they would be in this model's account and region."""
    return {
        name: re.sub(r"^(arn:aws:\w+):[^:]+:\d+:", rf"\1:{REGION}:{ACCOUNT}:", text) for name, text in values.items()
    }


def _value(parameter: str) -> str:
    for ending, service, resource in (
        ("SecretArn", "secretsmanager", "secret:{}-AbCdEf"),
        ("QueueArn", "sqs", "{}"),
        ("TaskLogGroupArn", "logs", "log-group:{}:*"),
        ("KeyArn", "kms", "key/{}"),
    ):
        if parameter.endswith(ending):
            return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource.format(parameter)}"
    return {"LogGroup": "/air-dev/airflow", "LogsBucket": "air-logs"}[parameter]


def listed(
    every: Sequence[Calls], component: Component, settings: Settings, world: Mapping[str, str]
) -> set[tuple[str, str]]:
    """Each action of a listing with a pattern of what it is called on."""
    return {
        (action, pattern)
        for one in every
        for pattern in _patterns(one, component, settings, world)
        for action in one.actions
    }


def _patterns(one: Calls, component: Component, settings: Settings, world: Mapping[str, str]) -> list[str]:
    """What calls are made on, said a second time and from outside: in AWS's words."""
    ecr, logs, manager = (f"arn:aws:{name}:{REGION}:{ACCOUNT}:" for name in ("ecr", "logs", "secretsmanager"))
    looked_up = f"{manager}secret:{settings.service_name}/{settings.environment}"
    bucket = f"arn:aws:s3:::{world.get('LogsBucket')}"
    return {
        On.ANYTHING: [ANYTHING],
        On.IMAGES: [f"{ecr}repository/*"],
        On.OWN_LOG: [f"{logs}log-group:{world['LogGroup']}:log-stream:{component.name}/*"],
        On.SECRETS: [world.get(f"{name.capitalize()}SecretArn", "") for name in one.names],
        On.GIVEN_SECRETS: list(one.names),
        On.TASK_LOG_BUCKET: [bucket],
        On.TASK_LOG_OBJECTS: [f"{bucket}/logs/*"],
        On.TASK_LOG_GROUP: [world.get("TaskLogGroupArn", "")],
        On.LOG_GROUPS: [f"{logs}log-group:*"],
        On.QUEUES: [world.get(f"{name.capitalize()}QueueArn", "") for name in one.names],
        On.LOOKED_UP: [f"{looked_up}/connections/*", f"{looked_up}/variables/*"],
        On.KEY: [world.get("KeyArn", "")],
    }[one.on]


def example(pattern: str) -> str:
    """Something that a pattern names."""
    return pattern if pattern == ANYTHING else pattern.replace("*", "some-thing")


def is_listed(pairs: set[tuple[str, str]], action: str, resource: str) -> bool:
    """Whether a listing has this call."""
    return any(action == one and _matches(pattern, resource) for one, pattern in pairs)


def listings(component: Component, settings: Settings) -> dict[str, Sequence[Calls]]:
    """The listing that each of a component's roles is made from."""
    return {
        f"{component.title}ExecutionRole": calls.of_start(component, settings),
        f"{component.title}TaskRole": calls.of_run(component, settings),
    }
