"""service.yml with one environment laid over it becomes Settings, or located problems."""

from pathlib import Path

import pytest

from generator.config.environments import load, load_with_findings, merge
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
        ("service: {zzz: 1}", "3:11: service.zzz: unknown key; known here: architecture, baseUrl,"),
        ("service: {scheduler: {cpu: many}}", "3:23: service.scheduler.cpu: should be a valid integer, not 'many'"),
        ("service: {scheduler: {cpu: true}}", "3:23: service.scheduler.cpu: should be a valid integer, not true"),
        ("service: {scheduler: {cpu: 300}}", "3:11: service.scheduler: cpu 300 is not a Fargate size"),
        ("service: {scheduler: {cpu: 256, memory: 4096}}", "3:11: service.scheduler: memory 4096 does not go with"),
        ("service: []", "3:1: service: must be a mapping (key: value), not a list"),
        ("whitelistedIPs: [192.0.2.7]", "3:18: whitelistedIPs[0]: '192.0.2.7' has no mask; write 192.0.2.7/32 for one"),
        ("whitelistedIPs: [10.0.0.0]", "3:18: whitelistedIPs[0]: '10.0.0.0' has no mask; write 10.0.0.0/16"),
        (
            "whitelistedIPs: [10.0.0.1/8]",
            "3:18: whitelistedIPs[0]: '10.0.0.1/8' is not an IPv4 network: 10.0.0.1/8 has host bits set; write",
        ),
        (
            "metadataDb: {engineVersion: 16.10}",
            "3:14: metadataDb.engineVersion: must be text, and 16.10 is a number to YAML; write it in quotes: '16.10'",
        ),
        (
            "metadataDb: {engineVersion: 16.4}",
            "3:14: metadataDb.engineVersion: must be text, and 16.4 is a number to YAML; write it in quotes: '16.4'",
        ),
        (
            "metadataDb: {engine: oracle}",
            "3:14: metadataDb.engine: should be 'postgres' or 'aurora-postgresql', not 'ora",
        ),
        ("publicSubnet: {4: {cidrBlock: 10.0.0.0/24}}", "3:16: publicSubnet.4: "),
        ("airflow: {variables: {'A B': x}}", "3:23: airflow.variables.A B: 'A B' is not a variable's name"),
        ("airflow: {variables: {AIRFLOW__CORE__FERNET_KEY: x}}", "3:23: airflow.variables.AIRFLOW__CORE__FERNET_KEY: "),
        (
            "airflow: {variables: {DATABASE_PASSWORD: x}}",
            "3:23: airflow.variables.DATABASE_PASSWORD: DATABASE_PASSWORD is",
        ),
        ("service: {cidrBlock: 10.0.0.0/8}", "3:11: service.cidrBlock: '10.0.0.0/8' has a mask of /8; AWS takes /16"),
        ("metadataDb: {port: 80}", "3:14: metadataDb.port: should be greater than or equal to 1150, not 80"),
        (
            "celeryBackend: {engineVersion: eight}",
            "3:17: celeryBackend.engineVersion: 'eight' will not do; write digits",
        ),
        (
            "service: {workerGroups: {big: {cpuu: 1}}}",
            "3:32: service.workerGroups.big.cpuu: unknown key; did you mean cpu?",
        ),
        ("service: {workerGroups: {Big: {}}}", "3:26: service.workerGroups.Big: 'Big' will not do; write lower-case"),
        (
            "network: {egress: [{cidrBlock: 10.0.0.0/8, port: 1, prot: 1}]}",
            "3:53: network.egress[0].prot: unknown key; did you mean port?",
        ),
        (
            "account: 123456789012",
            "3:1: account: must be text, and 123456789012 is a number to YAML; write it in quotes",
        ),
        (
            "account: 012345670123",
            "3:1: account: must be text, and 012345670123 is a number to YAML; write it in quotes: '012345670123'",
        ),
        (
            "service: {hours: {start: 7:00}}",
            "3:19: service.hours.start: must be text, and 7:00 is a number to YAML; write it in quotes: '7:00'",
        ),
        (
            "tags: {since: 2001-01-01}",
            "3:8: tags.since: must be text, and 2001-01-01 is something else to YAML; write it in quotes: '2001-01-01'",
        ),
        ("tags: {a: no}", "3:8: tags.a: must be text, and no is something else to YAML; write it in quotes: 'no'"),
        ("service: {scheduler: {cpu: '512'}}", "3:23: service.scheduler.cpu: remove the quotes: 512"),
        ("retainData: 'true'", "3:1: retainData: remove the quotes: true"),
        ("retainData: '512'", "3:1: retainData: should be a valid boolean, not '512'"),
        ("tags:", "3:1: tags: must be a mapping (key: value), not nothing"),
        ("airflow: {options: {core: 3}}", "3:21: airflow.options.core: must be a mapping (key: value), not 3"),
        (f"whitelistedIPs: [{', '.join(['10.0.0.0/8'] * 51)}]", "3:1: whitelistedIPs: takes at most 50, not 51"),
        (f"region: ''\ntags: {{a: {'x' * 300}}}", "4:8: tags.a: has 300 characters; at most 256 fit"),
        ("accept: {no-https: x}", "3:10: accept.no-https: has 1 characters; at least 3 are needed"),
        ("enviroments: {prod: {}}", "3:1: enviroments: unknown key; did you mean environments?"),
        ("region: moon", "3:1: region: 'moon' will not do; write it like eu-central-1"),
        (
            "celeryBackend: {instanceType: big}",
            "3:17: celeryBackend.instanceType: 'big' will not do; write it like cache.",
        ),
        ("publicSubnet: {1: {cidrBlock: 10.9.0.0/24}}", "3:1: publicSubnet: needs at least 2, not 1"),
        ("tags: {'aws:x': y}", "3:8: tags.aws:x: 'aws:x': tags that begin with aws: are AWS's own"),
        ("celeryBackend: {azMode: cross-az}", "3:17: celeryBackend.azMode: cross-az needs nodes to spread"),
        ("cloudwatch: {ecsLogGroup: {retention: 31}}", "3:28: cloudwatch.ecsLogGroup.retention: 31 days is not"),
        ("environment: x", "3:1: environment: is not a setting"),
    ],
)
def test_each_mistake_is_located_and_explained(tmp_path: Path, text: str, expected: str) -> None:
    (found, *_) = problems(tmp_path, f"{BASE}{text}\nenvironments: {{dev: {{}}}}\n")
    assert found.startswith(expected)


def test_known_keys_are_not_listed_without_end(tmp_path: Path) -> None:
    text = BASE + "qqq: 1\nwww: 1\nxxx: 1\nzzz: 1\nservce: 1\nkms: {qqq: 1}\nenvironments: {dev: {}}\n"
    found = problems(tmp_path, text)
    known = [": unknown key; known here: accept, account," in line for line in found]
    assert known == [True, True, True, False, False, False]
    assert "cloudwatch, ecr, environments, https" in found[0]
    assert found[3:] == [
        "6:1: zzz: unknown key",
        "7:1: servce: unknown key; did you mean service?",
        "8:7: kms.qqq: unknown key; known here: customerKey, keyArn",
    ]


@pytest.mark.parametrize("text", ["", "environments:\n"])
def test_without_any_environment_it_is_said_what_to_add(tmp_path: Path, text: str) -> None:
    (found,) = problems(tmp_path, BASE + text)
    assert found.endswith("ENVIRONMENT=dev is not defined; none is defined here yet: add environments: {dev: {}}")
    (found,) = problems(tmp_path, BASE + text, None)
    assert found.endswith("ENVIRONMENT is not set; none is defined here yet: add environments: {dev: {}}")


@pytest.mark.parametrize("environment", ["dev", "prod", None])
def test_what_yaml_cannot_read_hides_nothing_else(tmp_path: Path, environment: str | None) -> None:
    text = "serviceName: air\nowner: 2001-99-99\nservce: 1\nregion: moon\nregion: x\nenvironments: {dev: {}}\n"
    found = problems(tmp_path, text, environment)[: None if environment == "dev" else -1]
    assert [line.split(": ")[1] for line in found] == ["owner", "servce", "region"], "each key once"
    assert [line.split(": ")[2] for line in found] == [
        "cannot be read as YAML",
        "unknown key; did you mean service?",
        "written twice; keep one of the two",
    ]


def test_what_yaml_cannot_read_in_an_environment_is_said_once(tmp_path: Path) -> None:
    text = "serviceName: air\nenvironments: {dev: {owner: 2001-99-99}}\n"
    (found,) = problems(tmp_path, text)
    assert found.startswith("2:29: owner: cannot be read as YAML")


@pytest.mark.parametrize(
    "text", ["environments: [dev]", "environments: {dev: 3}", "environment: x\nenvironments: {dev: }"]
)
def test_a_wrong_shape_does_not_hide_what_yaml_cannot_read(tmp_path: Path, text: str) -> None:
    found = problems(tmp_path, f"serviceName: air\nserviceName: air\n{text}\n")
    assert found[0].startswith("2:1: serviceName: written twice")
    assert len(found) > 1


def test_a_mistake_in_an_environment_is_located_there(tmp_path: Path) -> None:
    text = BASE + "environments:\n  dev:\n    service:\n      scheduler: {cpu: x}\n  prod: {}\n"
    assert problems(tmp_path, text)[0].startswith("6:19: service.scheduler.cpu: ")
    assert settings(tmp_path, text, "prod").environment == "prod"


def test_what_an_environment_replaces_is_not_shown_as_its_text(tmp_path: Path) -> None:
    text = BASE + "tags: {a: b}\nretainData: true\nenvironments: {dev: {tags: {a: [1]}, retainData: []}}\n"
    assert [line.partition(" ")[2] for line in problems(tmp_path, text)] == [
        "tags.a: should be a valid string, not a list",
        "retainData: should be a valid boolean, not a list",
    ]


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, "service: {scheduler: {cpu: x}}\nenvironments: {dev: {}}\nzzz: 1\n")
    assert [line.split(": ")[1] for line in found] == ["owner", "serviceName", "service.scheduler.cpu", "zzz"]


def test_rules_are_asked_of_what_is_sound_beside_what_is_not(tmp_path: Path) -> None:
    text = BASE + "region: moon\ncidrBlok: 1\nceleryBackend: {azMode: cross-az}\nenvironments: {dev: {}}\n"
    assert [line.split(": ")[1] for line in problems(tmp_path, text)] == ["region", "cidrBlok", "celeryBackend.azMode"]


def test_a_default_derived_from_something_wrong_is_no_problem_of_its_own(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, BASE + "service: {cidrBlock: 10.0.0.0/8}\nenvironments: {dev: {}}\n")
    assert "service.cidrBlock" in found


def test_an_undefined_environment_hides_nothing_else_that_is_wrong(tmp_path: Path) -> None:
    text = "serviceName: air\nownr: me\nservice: {scheduler: {port: 1}}\nenvironments: {prod: {owner: data}}\n"
    found = [line.split(": ")[1] for line in problems(tmp_path, text)]
    assert found == ["ownr", "service.scheduler.port", "environments"], "and owner may be said by the environment"


def test_what_is_risky_or_worth_knowing_is_returned_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "service.yml"
    file.write_text(BASE + "whitelistedIPs: []\nservice:\n  hours: {}\nenvironments: {dev: {}}\n")
    _, findings = load_with_findings(file, "dev")
    warning, note = (str(one).removeprefix(f"{tmp_path}/") for one in findings)
    assert warning.startswith("service.yml:3:1: warning: whitelistedIPs: is empty: nobody can open the web interface")
    assert warning.endswith("[nobody-may-enter]")
    assert note.startswith("service.yml:5:3: note: service.hours: ")


def test_a_name_of_an_environment_is_checked_where_it_stands(tmp_path: Path) -> None:
    text = BASE + "environments:\n  dev: {}\n  Prod!: {}\n"
    (found,) = problems(tmp_path, text, "Prod!")
    assert found.startswith("5:3: environment: 'Prod!' will not do")


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
