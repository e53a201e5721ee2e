"""The roles of the tasks: for each component one that ECS starts it with, and one that runs in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from awacs.aws import Statement
from troposphere import GetAtt, Template
from troposphere.iam import Role

from generator.airflow import calls
from generator.airflow.calls import Calls, On
from generator.airflow.components import Component, components
from generator.config.settings import Settings
from generator.stacks import policies
from generator.stacks.nesting import ByName, Value


@dataclass(frozen=True)
class Inputs:
    """What the roles give access to."""

    secret_arn: ByName
    log_group: Value
    logs_bucket: Value | None
    task_log_group_arn: Value | None
    queue_arn: ByName
    key_arn: Value | None


@dataclass(frozen=True)
class Outputs:
    """ARNs of the roles, by component."""

    execution_role_arn: ByName
    task_role_arn: ByName


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Roles: what ECS may do to start each component, and what each may do while it runs.

    They allow what `generator.airflow.calls` lists, and nothing else.
    """
    starting: dict[str, Value] = {}
    running: dict[str, Value] = {}
    for component in components(settings):
        allowed = [_statement(one, component, settings, inputs) for one in calls.of_start(component, settings)]
        trust = policies.assumed_by("ecs-tasks.amazonaws.com")
        role = policies.role(template, settings, f"{component.title}ExecutionRole", trust, allowed)
        starting[component.name] = GetAtt(role, "Arn")
        allowed = [_statement(one, component, settings, inputs) for one in calls.of_run(component, settings)]
        running[component.name] = GetAtt(_task_role(template, component, settings, allowed), "Arn")
    return Outputs(starting, running)


def _task_role(template: Template, component: Component, settings: Settings, allowed: Sequence[Statement]) -> Role:
    """What a component may do, with what the user allows its users' code."""
    theirs = [statement for one in component.task_policies for statement in policies.users_own(one)]
    managed = dict.fromkeys(name for one in component.task_policies for name in one.managed)
    return policies.role(
        template,
        settings,
        f"{component.title}TaskRole",
        policies.assumed_by_own_tasks(),
        [*allowed, *theirs],
        [policies.policy_arn(name) for name in managed],
    )


def _statement(one: Calls, component: Component, settings: Settings, inputs: Inputs) -> Statement:
    """Allow what is listed."""
    made: dict[On, Callable[[], Statement]] = {
        On.ANYTHING: lambda: policies.without_resource(one.actions),
        On.IMAGES: lambda: policies.pull_images(one.actions),
        On.OWN_LOG: lambda: policies.write_own_log(one.actions, inputs.log_group, component.name),
        On.SECRETS: lambda: policies.read_secrets(one.actions, [inputs.secret_arn[name] for name in one.names]),
        On.GIVEN_SECRETS: lambda: policies.read_secrets(one.actions, one.names),
        On.TASK_LOG_BUCKET: lambda: policies.look_for_task_logs(one.actions, _there(inputs.logs_bucket)),
        On.TASK_LOG_OBJECTS: lambda: policies.keep_task_logs(one.actions, _there(inputs.logs_bucket)),
        On.TASK_LOG_GROUP: lambda: policies.stream_task_logs(one.actions, _there(inputs.task_log_group_arn)),
        On.LOG_GROUPS: lambda: policies.look_for_log_group(one.actions),
        On.QUEUES: lambda: policies.use_queues(one.actions, [inputs.queue_arn[name] for name in one.names]),
        On.LOOKED_UP: lambda: policies.look_up(one.actions, settings.secrets_prefix),
        On.KEY: lambda: policies.use_key(one.actions, _there(inputs.key_arn)),
    }
    return made[one.on]()


def _there(value: Value | None) -> Value:
    if value is None:
        raise ValueError("the settings ask for calls on something that no stack makes")
    return value
