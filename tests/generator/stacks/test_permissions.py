"""Roles allow the calls that are listed, and nothing beyond them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from generator.airflow.components import Component, components
from generator.config.environments import merge
from generator.config.settings import Settings
from generator.render import render
from tests.models.permissions import (
    ACCOUNT,
    ANYTHING,
    REGION,
    Rights,
    example,
    is_listed,
    listed,
    listings,
    resolved,
    rights,
    world_of,
)

MINIMUM: dict[str, Any] = {"environment": "dev", "serviceName": "air", "owner": "data"}
GIVEN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:smtp-AbCdEf"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/air/token"
CHOSEN: dict[str, dict[str, Any]] = {
    "default": {},
    "everything": {
        "service": {"flower": {"enabled": True}, "workerGroups": {"big": {}}},
        "alarms": {"email": "someone@example.com"},
        "kms": {"customerKey": True},
        "airflow": {"secrets": {"SMTP": f"{GIVEN}:password::", "TOKEN": PARAMETER}},
    },
    "sqs": {"celeryBackend": {"engine": "sqs"}, "service": {"workerGroups": {"big": {}}}, "kms": {"customerKey": True}},
    "cloudwatch": {"logging": {"target": "cloudwatch"}, "airflow": {"secretsBackend": False}},
}
# What others own, or nobody may do: of an environment beside this one, of another account, of AWS's own making.
STRANGE_RESOURCES = [
    f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:air/prod/connections/warehouse-AbCdEf",
    f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:air/dev2/connections/warehouse-AbCdEf",
    f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:air/dev/other/warehouse-AbCdEf",
    f"arn:aws:secretsmanager:{REGION}:444455556666:secret:air/dev/connections/warehouse-AbCdEf",
    f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/air-prod/airflow:log-stream:webserver/webserver/1",
    f"arn:aws:ecr:{REGION}:444455556666:repository/airflow",
    f"arn:aws:sqs:{REGION}:{ACCOUNT}:prod-queue",
    f"arn:aws:kms:{REGION}:{ACCOUNT}:key/another",
    "arn:aws:s3:::air-logs-of-others/logs/1",
    "arn:aws:s3:::air-logs/elsewhere",
    f"arn:aws:iam::{ACCOUNT}:role/AirSchedulerTaskRole",
]
STRANGE_ACTIONS = [
    "iam:PassRole",
    "s3:DeleteObject",
    "secretsmanager:PutSecretValue",
    "sqs:CreateQueue",
    "sts:AssumeRole",
]


@dataclass(frozen=True)
class Rendered:
    """Settings, what they render to, and what its roles allow."""

    settings: Settings
    templates: dict[str, dict[str, Any]]
    world: dict[str, str]
    roles: dict[str, Rights]

    def component(self, name: str) -> Component:
        return next(one for one in components(self.settings) if one.name == name)


def rendered_with(overrides: dict[str, Any]) -> Rendered:
    settings = Settings.model_validate(merge(MINIMUM, overrides))
    templates = {name: yaml.safe_load(text) for name, text in render(settings).items()}
    world = world_of(templates["roles.yml"])
    return Rendered(settings, templates, world, rights(templates["roles.yml"], world))


EVERY = {name: rendered_with(overrides) for name, overrides in CHOSEN.items()}


def _each_role() -> Iterator[Any]:
    for name, one in EVERY.items():
        for component in components(one.settings):
            for role in listings(component, one.settings):
                yield pytest.param(one, component, role, id=f"{name}-{role}")


EACH_ROLE = list(_each_role())


def listing(one: Rendered, component: Component, role: str) -> set[tuple[str, str]]:
    return listed(listings(component, one.settings)[role], component, one.settings, one.world)


@pytest.mark.parametrize(("one", "component", "role"), EACH_ROLE)
def test_every_listed_call_is_allowed_on_what_it_is_made_on(one: Rendered, component: Component, role: str) -> None:
    pairs = listing(one, component, role)
    assert pairs
    for action, pattern in sorted(pairs):
        assert one.roles[role].allow(action, example(pattern)), f"{role} may not {action} on {pattern}"


@pytest.mark.parametrize(("one", "component", "role"), EACH_ROLE)
def test_nothing_beyond_the_listing_is_allowed(one: Rendered, component: Component, role: str) -> None:
    """Every action that any role names, on everything that any listing names and on what is somebody else's."""
    pairs = listing(one, component, role)
    everybody = [
        pair
        for other in components(one.settings)
        for calls in listings(other, one.settings).values()
        for pair in listed(calls, other, one.settings, one.world)
    ]
    without_resource = {action for action, pattern in everybody if pattern == ANYTHING}
    resources = {example(pattern) for _, pattern in everybody if pattern != ANYTHING} | {*STRANGE_RESOURCES}
    actions = {action for rights in one.roles.values() for action in rights.actions()} | {*STRANGE_ACTIONS}
    assert not [action for action in actions if "*" in action or "?" in action]
    for action in sorted(actions):
        for resource in [ANYTHING] if action in without_resource else sorted(resources):
            allowed = one.roles[role].allow(action, resource)
            assert allowed == is_listed(pairs, action, resource), f"{role}: {action} on {resource} is {allowed}"


def test_the_roles_are_those_of_the_components_and_no_other() -> None:
    for one in EVERY.values():
        assert set(one.roles) == {role for each in components(one.settings) for role in listings(each, one.settings)}


def test_ecs_may_hand_each_container_its_secrets_and_write_its_log() -> None:
    """Asked of the task definitions themselves, which know nothing of the listing."""
    for one in EVERY.values():
        for name, resource in one.templates["services.yml"]["Resources"].items():
            if resource["Type"] != "AWS::ECS::TaskDefinition":
                continue
            role = one.roles[resource["Properties"]["ExecutionRoleArn"]["Ref"].removesuffix("Arn")]
            for container in resource["Properties"]["ContainerDefinitions"]:
                for secret in container["Secrets"]:
                    arn = resolved(secret["ValueFrom"], one.world)
                    action = "ssm:GetParameters" if ":ssm:" in arn else "secretsmanager:GetSecretValue"
                    assert role.allow(action, ":".join(arn.split(":")[:7])), f"{name}: {secret['Name']}"
                prefix = container["LogConfiguration"]["Options"]["awslogs-stream-prefix"]
                group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{one.world['LogGroup']}"
                assert role.allow("logs:PutLogEvents", f"{group}:log-stream:{prefix}/{container['Name']}/0123")


def test_no_component_reads_the_secrets_of_another() -> None:
    one = EVERY["default"]
    for role in ("SchedulerExecutionRole", "WorkersExecutionRole", "DagProcessorExecutionRole"):
        assert not one.roles[role].allow("secretsmanager:GetSecretValue", one.world["AdminSecretArn"])
    assert not one.roles["WorkersExecutionRole"].allow("secretsmanager:GetSecretValue", one.world["JwtSecretArn"])
    for component in components(one.settings):
        task = one.roles[f"{component.title}TaskRole"]
        assert not any(task.allow("secretsmanager:GetSecretValue", arn) for arn in one.world.values())


@pytest.mark.parametrize("role", ["WebserverTaskRole", "DagProcessorTaskRole", "TriggererTaskRole", "WorkersTaskRole"])
def test_connections_of_this_environment_are_read_and_of_no_other(role: str) -> None:
    def secret(path: str) -> str:
        return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{path}-AbCdEf"

    allowed = EVERY["default"].roles[role]
    action = "secretsmanager:GetSecretValue"
    assert allowed.allow(action, secret("air/dev/connections/warehouse"))
    assert allowed.allow(action, secret("air/dev/variables/colour"))
    assert not allowed.allow(action, secret("air/prod/connections/warehouse"))
    assert not allowed.allow(action, secret("air/devil/connections/warehouse"))
    assert not EVERY["cloudwatch"].roles[role].allow(action, secret("air/dev/connections/warehouse")), "switched off"


def test_a_group_of_workers_takes_tasks_from_its_own_queue_alone() -> None:
    one = EVERY["sqs"]
    own, other = one.world["BigQueueArn"], one.world["DefaultQueueArn"]
    workers = one.roles["WorkersBigTaskRole"]
    assert workers.allow("sqs:ReceiveMessage", own)
    assert not workers.allow("sqs:ReceiveMessage", other)
    assert not workers.allow("sqs:SendMessage", own)
    assert one.roles["SchedulerTaskRole"].allow("sqs:SendMessage", own)
    assert not one.roles["SchedulerTaskRole"].allow("sqs:ReceiveMessage", own)


def test_what_users_code_may_do_is_the_users_to_say(rendered: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    bucket = "arn:${AWS::Partition}:s3:::lake/${aws:PrincipalTag/team}/*"
    theirs = {"managed": ["AmazonAthenaFullAccess"], "statements": [{"actions": ["s3:Get*"], "resources": [bucket]}]}
    group = {"managed": [f"arn:aws:iam::{ACCOUNT}:policy/own"], "statements": []}
    template = rendered(
        {"airflow": {"taskPolicies": theirs}, "service": {"workerGroups": {"big": {"taskPolicies": group}}}}
    )["roles.yml"]
    allowed = rights(template, world_of(template))
    object_of_theirs = "arn:aws:s3:::lake/${aws:PrincipalTag/team}/1"
    having = {name for name, role in allowed.items() if role.allow("s3:GetObject", object_of_theirs)}
    assert having == {"WorkersTaskRole", "WorkersBigTaskRole", "TriggererTaskRole"}
    managed = {
        name: resolved(role["Properties"]["ManagedPolicyArns"], {})
        for name, role in template["Resources"].items()
        if "ManagedPolicyArns" in role["Properties"]
    }
    athena = "arn:aws:iam::aws:policy/AmazonAthenaFullAccess"
    own = f"arn:aws:iam::{ACCOUNT}:policy/own"
    assert managed == {"WorkersTaskRole": [athena], "TriggererTaskRole": [athena], "WorkersBigTaskRole": [athena, own]}


@pytest.mark.parametrize(
    ("boundary", "arn"),
    [
        ("TeamBoundary", {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/TeamBoundary"}),
        (f"arn:aws:iam::{ACCOUNT}:policy/team/Boundary", f"arn:aws:iam::{ACCOUNT}:policy/team/Boundary"),
    ],
)
def test_every_role_of_every_stack_obeys_the_organisation(
    rendered: Callable[[dict[str, Any]], dict[str, Any]], boundary: str, arn: object
) -> None:
    settings = {"iam": {"path": "/airflow/", "permissionsBoundary": boundary}, "network": {"flowLogs": True}}
    roles = [
        (f"{file}: {name}", resource["Properties"])
        for file, template in rendered(settings).items()
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
    ]
    assert len(roles) > 10
    for name, role in roles:
        assert (role["Path"], role["PermissionsBoundary"]) == ("/airflow/", arn), name
        assert "RoleName" not in role, f"{name} would clash with another deployment's"


def test_roles_are_taken_by_tasks_alone() -> None:
    resources = EVERY["everything"].templates["roles.yml"]["Resources"]
    assert {resource["Type"] for resource in resources.values()} == {"AWS::IAM::Role"}
    for name, role in resources.items():
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        own_account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        assert statement.get("Condition") == (own_account if name.endswith("TaskRole") else None)


def test_the_only_wildcards_are_those_that_aws_has_no_resource_for() -> None:
    channels = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
    accepted = {"ecr:GetAuthorizationToken", *(f"ssmmessages:{channel}" for channel in channels)}
    for one in EVERY.values():
        for role in one.roles.values():
            for statement in role.statements:
                if ANYTHING in statement["Resource"]:
                    assert set(statement["Action"]) <= accepted
