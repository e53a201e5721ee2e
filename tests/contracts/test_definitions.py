"""What the generator writes into task definitions is what the entrypoint in the image needs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow_runtime import needs
from airflow_runtime.components import Component

TEMPLATES = Path(__file__).parents[2] / "templates"
# Stand-ins for what only a deploy knows: addresses, and secrets of the form that Secrets Manager makes.
KNOWN_LATER = {"DATABASE_PORT": "5432", "BROKER_PORT": "6379", "FERNET_KEY": "A" * 43}


def containers(environment: str) -> Iterator[dict[str, Any]]:
    template = yaml.safe_load((TEMPLATES / environment / "services.yml").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::ECS::TaskDefinition":
            yield from resource["Properties"]["ContainerDefinitions"]


def variables(container: dict[str, Any]) -> dict[str, str]:
    given = {item["Name"]: item["Value"] for item in container["Environment"]}
    texts = {name: value if isinstance(value, str) else "x" for name, value in given.items()}
    return texts | {item["Name"]: "x" * 64 for item in container["Secrets"]} | KNOWN_LATER


ALL = [
    pytest.param(container, id=f"{environment}-{container['Name']}")
    for environment in ("dev", "local")
    for container in containers(environment)
]


def test_generator_and_image_know_the_same_components() -> None:
    assert {container["Name"] for container in containers("dev")} == set(Component)


@pytest.mark.parametrize("container", ALL)
def test_a_definition_gives_the_entrypoint_all_it_needs(container: dict[str, Any]) -> None:
    assert list(needs.problems(Component(container["Name"]), variables(container))) == []


@pytest.mark.parametrize("container", ALL)
def test_a_definition_gives_no_secret_that_its_component_does_not_need(container: dict[str, Any]) -> None:
    component = Component(container["Name"])
    needed = {need.name for need in needs.NEEDS if component in need.by and need.source == needs.SECRETS}
    assert {item["Name"] for item in container["Secrets"]} == needed


@pytest.mark.parametrize("container", ALL)
def test_each_thing_missing_from_a_definition_is_named(container: dict[str, Any]) -> None:
    component = Component(container["Name"])
    needed = {need.name for need in needs.NEEDS if component in need.by}
    assert needed
    for name in needed:
        left = {other: value for other, value in variables(container).items() if other != name}
        (problem,) = needs.problems(component, left)
        assert problem.startswith(f"{component}: {name} is missing or empty")
