"""The models of service.yml: what they take, what follows from it, and what they refuse."""

from typing import Any

import pytest
from pydantic import ValidationError

from generator.config.settings import Settings
from generator.config.tasks import FARGATE_MEMORY, Task
from tests.generator.config.cases import MINIMUM


def settings(**values: Any) -> Settings:
    return Settings.model_validate({**MINIMUM, **values})


def test_the_defaults_are_valid_settings() -> None:
    given = settings()
    assert given.stack_name == "air-dev"
    assert given.namespace == "air-dev.internal"
    assert given.all_tags == {"Service": "air", "Environment": "dev", "Owner": "data"}
    assert given.whitelisted_ips == []
    assert given.retain_data


def test_the_image_is_built_on_the_official_one_of_this_airflow_or_on_what_is_named() -> None:
    assert settings(airflow={"version": "3.3.1"}).build_arguments == {
        "AIRFLOW_IMAGE": "docker.io/apache/airflow:3.3.1-python3.12"
    }
    index = "https://pypi.example.com/simple"
    given = settings(image={"base": "mirror:5000/airflow:3.3.2", "packageIndex": index, "refresh": "2026-11"})
    assert given.build_arguments == {
        "AIRFLOW_IMAGE": "mirror:5000/airflow:3.3.2",
        "PACKAGE_INDEX": index,
        "REFRESH": "2026-11",
    }


@pytest.mark.parametrize("base", ["a b", "airflow:", "airflow@sha256:12", "https://example.com/airflow:1"])
def test_a_base_is_a_reference(base: str) -> None:
    with pytest.raises(ValidationError, match="match pattern"):
        settings(image={"base": base})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings().service.scheduler.cpu = 1024  # type: ignore[misc]


def test_every_size_of_fargate_is_taken_and_no_other() -> None:
    for cpu, sizes in FARGATE_MEMORY.items():
        assert Task(cpu=cpu, memory=sizes[0]).memory == sizes[0]
        with pytest.raises(ValidationError, match="does not go with cpu"):
            Task(cpu=cpu, memory=sizes[-1] + 1)


def test_a_whole_version_may_be_written_as_a_number() -> None:
    assert settings(metadataDb={"engineVersion": 16}).metadata_db.engine_version == "16"


def test_options_of_airflow_may_be_numbers_and_truths() -> None:
    given = settings(
        airflow={"options": {"core": {"parallelism": 8, "lazy": True, "pace": 0.5}}, "variables": {"N": 1}}
    )
    assert given.airflow.options == {"core": {"parallelism": "8", "lazy": "True", "pace": "0.5"}}
    assert given.airflow.variables == {"N": "1"}


def test_a_network_without_a_mask_is_a_whole_vpc() -> None:
    assert settings(service={"cidrBlock": "10.0.0.0"}).service.cidr_block == "10.0.0.0/16"


@pytest.mark.parametrize(
    ("network", "public", "private"),
    [
        ("10.20.0.0/16", ["10.20.0.0/24", "10.20.1.0/24"], ["10.20.10.0/24", "10.20.11.0/24"]),
        ("10.20.0.0/20", ["10.20.0.0/24", "10.20.1.0/24"], ["10.20.10.0/24", "10.20.11.0/24"]),
        ("10.20.0.0/22", ["10.20.0.0/25", "10.20.0.128/25"], ["10.20.2.0/25", "10.20.2.128/25"]),
        ("10.20.0.0/24", ["10.20.0.0/27", "10.20.0.32/27"], ["10.20.0.128/27", "10.20.0.160/27"]),
    ],
)
def test_subnets_follow_the_network(network: str, public: list[str], private: list[str]) -> None:
    given = settings(service={"cidrBlock": network})
    assert [subnet.cidr_block for subnet in given.public_subnet.values()] == public
    assert [subnet.cidr_block for subnet in given.private_subnet.values()] == private


def test_a_groups_queue_is_its_name_unless_it_says_another() -> None:
    groups = settings(service={"workerGroups": {"heavy": {}, "light": {"queue": "quick"}}}).worker_groups
    assert {name: group.queue for name, group in groups.items()} == {
        "workers": "default",
        "workers-heavy": "heavy",
        "workers-light": "quick",
    }


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
        settings(**{key: value})
