"""What the generator writes into task definitions is what the entrypoint in the image needs."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from airflow_runtime import metrics, needs
from airflow_runtime.components import Component
from airflow_runtime.connections import Database

from generator.config.settings import Settings
from generator.render import render

MINIMUM: dict[str, Any] = {"environment": "dev", "serviceName": "air", "owner": "data"}
GROUPS: dict[str, Any] = {"big": {"queue": "large", "concurrency": 2, "port": 8795}, "other": {}}
CHOSEN: dict[str, dict[str, Any]] = {
    "default": {},
    "everything": {
        "service": {"flower": {"enabled": True}, "workerGroups": GROUPS},
        "alarms": {"email": "someone@example.com"},
        "logging": {"target": "cloudwatch"},
        "kms": {"customerKey": True},
    },
    "redis": {"celeryBackend": {"engine": "redis"}, "airflow": {"secretsBackend": False}},
    "sqs": {"celeryBackend": {"engine": "sqs"}, "service": {"workerGroups": GROUPS}},
}
# Stand-ins for what only a deploy knows: addresses, and secrets of the form that Secrets Manager makes.
KNOWN_LATER = {"DATABASE_PORT": "5432", "BROKER_PORT": "6379", "FERNET_KEY": "A" * 43}


def containers(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    template = yaml.safe_load(render(Settings.model_validate(MINIMUM | settings))["services.yml"])
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::ECS::TaskDefinition":
            yield from resource["Properties"]["ContainerDefinitions"]


EVERY = {name: list(containers(settings)) for name, settings in CHOSEN.items()}
ALL = [
    pytest.param(container, id=f"{name}-{container['Name']}")
    for name, found in EVERY.items()
    for container in found
    if "Command" in container
]


def variables(container: dict[str, Any]) -> dict[str, str]:
    given = {item["Name"]: item["Value"] for item in container["Environment"]}
    texts = {name: value if isinstance(value, str) else "x" for name, value in given.items()}
    secrets = {item["Name"]: "x" * 64 for item in container["Secrets"]}
    return texts | secrets | {name: value for name, value in KNOWN_LATER.items() if name in {*texts, *secrets}}


def kind(container: dict[str, Any]) -> Component:
    return Component(container["Command"][0])


def test_generator_and_image_know_the_same_components() -> None:
    assert {kind(container) for container in EVERY["everything"] if "Command" in container} == set(Component)


@pytest.mark.parametrize("container", ALL)
def test_a_definition_gives_the_entrypoint_all_it_needs(container: dict[str, Any]) -> None:
    assert list(needs.problems(kind(container), variables(container))) == []


@pytest.mark.parametrize("container", ALL)
def test_a_definition_gives_no_secret_that_its_component_does_not_need(container: dict[str, Any]) -> None:
    given = variables(container)
    needed = {one.name for one in needs.NEEDS if one.applies(kind(container), given) and one.source == needs.SECRETS}
    assert {item["Name"] for item in container["Secrets"]} == needed


@pytest.mark.parametrize("container", ALL)
def test_each_thing_missing_from_a_definition_is_named(container: dict[str, Any]) -> None:
    given, component = variables(container), kind(container)
    needed = {need.name for need in needs.NEEDS if need.applies(component, given)}
    assert needed
    for name in needed:
        left = {other: value for other, value in given.items() if other != name}
        (problem,) = needs.problems(component, left)
        assert problem.startswith(f"{component}: {name} is missing or empty")


@pytest.mark.parametrize("container", ALL)
def test_a_health_check_asks_after_the_component_that_runs(container: dict[str, Any]) -> None:
    assert container["HealthCheck"]["Command"] == ["CMD", "python", "-m", "airflow_runtime.health", kind(container)]


def test_what_measures_beside_a_component_has_all_it_needs() -> None:
    assert not [container for container in EVERY["default"] if "Command" not in container], "nobody wants alarms"
    (container,) = [container for container in EVERY["everything"] if "Command" not in container]
    given = variables(container)
    assert container["EntryPoint"] == ["python", "-m", metrics.__name__]
    assert Database.of(given).port == "5432"
    assert given.keys() == {metrics.SERVICE, *(name for name in given if name.startswith("DATABASE_"))}
    assert container["Essential"] is False
