"""service.yml with one environment laid over it becomes Settings, or located problems."""

from pathlib import Path

import pytest

from generator.config.environments import load, merge
from generator.config.settings import Settings
from generator.config.source import SettingsError

BASE = "serviceName: air\nowner: data\n"


def settings(tmp_path: Path, text: str, environment: str | None = "dev") -> Settings:
    file = tmp_path / "service.yml"
    file.write_text(text)
    return load(file, environment)


def problems(tmp_path: Path, text: str, environment: str | None = "dev") -> list[str]:
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, text, environment)
    return [str(problem).removeprefix(f"{tmp_path}/service.yml:") for problem in caught.value.problems]


def test_an_environment_is_laid_over_the_base_key_by_key(tmp_path: Path) -> None:
    text = BASE + (
        "service:\n  scheduler: {cpu: 512, memory: 2048}\nwhitelistedIPs: [10.0.0.0/8]\n"
        "environments:\n  dev:\n    service: {scheduler: {memory: 1024}}\n    whitelistedIPs: [10.1.0.0/16]\n"
    )
    loaded = settings(tmp_path, text)
    assert (loaded.service.scheduler.cpu, loaded.service.scheduler.memory) == (512, 1024)
    assert loaded.whitelisted_ips == ["10.1.0.0/16"]
    assert (loaded.environment, loaded.stack_name) == ("dev", "air-dev")


def test_an_environment_may_be_empty(tmp_path: Path) -> None:
    assert settings(tmp_path, BASE + "environments: {dev: }").owner == "data"


def test_merging_changes_neither_side() -> None:
    base, laid = {"a": {"b": 1}}, {"a": {"c": 2}}
    assert merge(base, laid) == {"a": {"b": 1, "c": 2}}
    assert (base, laid) == ({"a": {"b": 1}}, {"a": {"c": 2}})


@pytest.mark.parametrize("environment", [None, "", "production"])
def test_without_a_defined_environment_those_defined_are_listed(tmp_path: Path, environment: str | None) -> None:
    (found,) = problems(tmp_path, BASE + "environments: {dev: {}, prod: {}}", environment)
    assert found.startswith("3:1: environments: ENVIRONMENT")
    assert "defined here: dev, prod" in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("servce: {}", "3:1: servce: unknown key; did you mean service?"),
        ("service: {schedular: {}}", "3:11: service.schedular: unknown key; did you mean scheduler?"),
        ("service: {zzz: 1}", "3:11: service.zzz: unknown key; known here: baseUrl, cidrBlock,"),
        ("service: {scheduler: {cpu: many}}", "3:23: service.scheduler.cpu: should be a valid integer, not 'many'"),
        ("service: {scheduler: {cpu: true}}", "3:23: service.scheduler.cpu: should be a valid integer, not true"),
        ("service: {scheduler: {cpu: 300}}", "3:11: service.scheduler: cpu 300 is not a Fargate size"),
        ("service: {scheduler: {cpu: 256, memory: 4096}}", "3:11: service.scheduler: memory 4096 does not go with"),
        ("service: []", "3:1: service: should be a valid dictionary or instance of Service, not a list"),
        ("whitelistedIPs: [10.0.0.0]", "3:18: whitelistedIPs[0]: '10.0.0.0' has no mask; write 10.0.0.0/16"),
        ("whitelistedIPs: [10.0.0.1/8]", "3:18: whitelistedIPs[0]: '10.0.0.1/8' is not a network"),
        ("metadataDb: {engineVersion: 11.7}", "3:14: metadataDb.engineVersion: 11.7 is a number to YAML"),
        ("metadataDb: {engine: oracle}", "3:14: metadataDb.engine: should be 'postgres', not 'oracle'"),
        ("publicSubnet: {4: {cidrBlock: 10.0.0.0/24}}", "3:16: publicSubnet.4: "),
        ("airflow: {variables: {'A B': x}}", "3:23: airflow.variables.A B: 'A B' is not a variable's name"),
        ("airflow: {variables: {AIRFLOW__CORE__FERNET_KEY: x}}", "3:23: airflow.variables.AIRFLOW__CORE__FERNET_KEY: "),
        (
            "airflow: {variables: {DATABASE_PASSWORD: x}}",
            "3:23: airflow.variables.DATABASE_PASSWORD: DATABASE_PASSWORD is",
        ),
        ("service: {cidrBlock: 10.0.0.0/8}", "3:11: service.cidrBlock: '10.0.0.0/8' has a mask of /8; AWS takes /16"),
        ("metadataDb: {port: 80}", "3:14: metadataDb.port: should be greater than or equal to 1150, not 80"),
        ("celeryBackend: {engineVersion: 8}", "3:17: celeryBackend.engineVersion: "),
        ("cloudwatch: {ecsLogGroup: {retention: 31}}", "3:28: cloudwatch.ecsLogGroup.retention: 31 days is not"),
        ("environment: x", "3:1: environment: is not a setting"),
    ],
)
def test_each_mistake_is_located_and_explained(tmp_path: Path, text: str, expected: str) -> None:
    (found, *_) = problems(tmp_path, f"{BASE}{text}\nenvironments: {{dev: {{}}}}\n")
    assert found.startswith(expected)


def test_a_mistake_in_an_environment_is_located_there(tmp_path: Path) -> None:
    text = BASE + "environments:\n  dev:\n    service:\n      scheduler: {cpu: x}\n  prod: {}\n"
    assert problems(tmp_path, text)[0].startswith("6:19: service.scheduler.cpu: ")
    assert settings(tmp_path, text, "prod").environment == "prod"


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, "service: {scheduler: {cpu: x}}\nenvironments: {dev: {}}\nzzz: 1\n")
    assert [line.split(": ")[1] for line in found] == ["owner", "serviceName", "service.scheduler.cpu", "zzz"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n", "1:1: must be a mapping (key: value), not a list"),
        ("environments: [dev]\n", "1:1: environments: must be a mapping"),
        ("environments: {dev: 3}\n", "1:16: environments.dev: must be a mapping (key: value), not 3"),
        ("environments: {dev: {environments: {}}}\n", "1:22: environments.dev.environments: is not a setting"),
    ],
)
def test_the_shape_of_the_file_is_checked_first(tmp_path: Path, text: str, expected: str) -> None:
    assert problems(tmp_path, text)[0].startswith(expected)
