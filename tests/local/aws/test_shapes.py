from typing import Any

import pytest

from local.aws.shapes import to_api


def one_container(**properties: Any) -> dict[str, Any]:
    definition = to_api({"ContainerDefinitions": [properties]}, "ecs", "RegisterTaskDefinition")
    container: dict[str, Any] = definition["containerDefinitions"][0]
    return container


def test_names_and_types_become_the_apis() -> None:
    assert one_container(
        Name="web",
        Essential="true",
        Interactive="false",
        StopTimeout="120",
        HealthCheck={"Command": ["CMD", "x"], "Interval": "30"},
        Environment=[{"Name": "PORT", "Value": 8080}, {"Name": "ON", "Value": True}],
    ) == {
        "name": "web",
        "essential": True,
        "interactive": False,
        "stopTimeout": 120,
        "healthCheck": {"command": ["CMD", "x"], "interval": 30},
        "environment": [{"name": "PORT", "value": "8080"}, {"name": "ON", "value": "true"}],
    }


def test_keys_that_are_the_users_stay_as_they_are() -> None:
    options = {"awslogs-group": "a", "mode": "non-blocking", "Max-Buffer": 4}
    container = one_container(LogConfiguration={"LogDriver": "awslogs", "Options": options})
    assert container["logConfiguration"] == {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "a", "mode": "non-blocking", "Max-Buffer": "4"},
    }


def test_names_match_without_regard_to_case() -> None:
    volumes = [{"Name": "v", "EFSVolumeConfiguration": {"FilesystemId": "fs-1"}}]
    definition = to_api({"Volumes": volumes, "Cpu": 256}, "ecs", "RegisterTaskDefinition")
    assert definition == {
        "volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}],
        "cpu": "256",
    }


def test_names_the_api_does_not_know_are_kept() -> None:
    assert to_api({"BrandNew": {"Inner": 1}}, "ecs", "CreateService") == {"brandNew": {"Inner": 1}}


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="many"):
        to_api({"DesiredCount": "many"}, "ecs", "CreateService")


def test_a_document_becomes_text_where_the_api_takes_text() -> None:
    asked = to_api({"PolicyDocument": {"Statement": []}}, "ec2", "CreateVpcEndpoint")
    assert asked == {"PolicyDocument": '{"Statement": []}'}
