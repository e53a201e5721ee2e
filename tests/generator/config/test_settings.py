"""The rules between settings, and the schema that editors use."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from generator.config.settings import FARGATE_MEMORY, Settings, Task, schema

MINIMUM: dict[str, Any] = {"environment": "dev", "serviceName": "air", "owner": "data"}


def test_the_defaults_are_valid_settings() -> None:
    settings = Settings.model_validate(MINIMUM)
    assert settings.stack_name == "air-dev"
    assert settings.namespace == "air-dev.internal"
    assert settings.tags == {"Service": "air", "Environment": "dev", "Owner": "data"}
    assert settings.whitelisted_ips == []
    assert settings.retain_data


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings.model_validate(MINIMUM).service.scheduler.cpu = 1024  # type: ignore[misc]


def test_every_size_of_fargate_is_taken_and_no_other() -> None:
    for cpu, sizes in FARGATE_MEMORY.items():
        assert Task(cpu=cpu, memory=sizes[0]).memory == sizes[0]
        with pytest.raises(ValidationError, match="does not go with cpu"):
            Task(cpu=cpu, memory=sizes[-1] + 1)


def test_a_whole_version_may_be_written_as_a_number() -> None:
    settings = Settings.model_validate({**MINIMUM, "metadataDb": {"engineVersion": 16}})
    assert settings.metadata_db.engine_version == "16"


@pytest.mark.parametrize(
    ("subnets", "expected"),
    [
        ({"1": {"cidrBlock": "10.0.0.0/24"}, "2": {"cidrBlock": "10.1.0.0/24"}}, "publicSubnet.2 .* lies outside"),
        (
            {"1": {"cidrBlock": "10.0.0.0/24"}, "2": {"cidrBlock": "10.0.0.128/25"}},
            "1 .* and publicSubnet.2 .* overlap",
        ),
        ({"1": {"cidrBlock": "10.0.0.0/24"}}, "at least 2 items"),
        (
            {"1": {"cidrBlock": "10.0.0.0/24", "availabilityZone": "b"}, "2": {"cidrBlock": "10.0.1.0/24"}},
            "some subnets have an availabilityZone and some not",
        ),
        (
            {
                "1": {"cidrBlock": "10.0.0.0/24", "availabilityZone": "a"},
                "2": {"cidrBlock": "10.0.1.0/24", "availabilityZone": "a"},
            },
            "two subnets in one zone",
        ),
    ],
)
def test_subnets_fit_the_network_and_each_other(subnets: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        Settings.model_validate({**MINIMUM, "publicSubnet": subnets})


def test_the_committed_schema_is_that_of_the_models() -> None:
    committed = Path(__file__).parents[3] / "service.schema.json"
    assert json.loads(committed.read_text()) == schema(), "run `make -B service.schema.json`"


def test_the_schema_asks_nothing_of_an_overlay() -> None:
    whole = schema()
    assert set(whole["required"]) == {"serviceName", "owner"}
    assert "required" not in whole["$defs"]["Overlay"]
    assert "serviceName" in whole["$defs"]["Overlay"]["properties"]
    assert "environment" not in whole["properties"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("serviceName", "air-"),
        ("serviceName", "a--b"),
        ("serviceName", "9air"),
        ("environment", "dev-"),
        ("owner", "R&D"),
    ],
)
def test_names_that_aws_would_refuse_midway_are_refused_here(key: str, value: str) -> None:
    with pytest.raises(ValidationError, match="should match pattern"):
        Settings.model_validate({**MINIMUM, key: value})
