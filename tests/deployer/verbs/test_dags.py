from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deployer.errors import DeployError
from deployer.verbs.dags import difference, differences, laptops_airflow, of_dag_processor, options_set
from generator.config.environments import load
from local.airflow_versions import Other
from local.errors import LocalError
from local.layout import Layout

SERVICE = """serviceName: airflow
owner: team
whitelistedIPs: [127.0.0.1/32]
airflow:
  options: {core: {dagbag_import_timeout: '12'}}
  variables: {TEAM: data, AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG: '8'}
  secrets:
    TOKEN: arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf
    AWS_SECRET_ACCESS_KEY: arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf
    AIRFLOW__SMTP__SMTP_PASSWORD: arn:aws:secretsmanager:eu-west-1:123456789012:secret:smtp-AbCdEf
    AIRFLOW_CONN_DB: arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf
environments:
  dev:
    airflow:
      options: {api: {page_size: '20'}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "service.yml"
    path.write_text(SERVICE)
    return path


def test_the_check_has_what_a_dag_processor_has_and_no_secret(file: Path) -> None:
    variables = of_dag_processor(load(file, "dev"))
    assert variables["AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT"] == "12"
    assert variables["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert (variables["TEAM"], variables["TOKEN"]) == ("data", "placeholder")
    assert "AIRFLOW_CONN_DB" not in variables  # a value that is none would be worse
    assert not any("arn:" in value for value in variables.values())


def test_a_secret_may_have_a_value_from_the_shell_but_no_key_to_the_account(file: Path) -> None:
    shell = {"TOKEN": '{"a": 1}', "AWS_SECRET_ACCESS_KEY": "x", "OTHER": "x"}
    variables = of_dag_processor(load(file, "dev"), shell)
    assert variables["TOKEN"] == '{"a": 1}'
    assert variables["AWS_SECRET_ACCESS_KEY"] == "placeholder"
    assert "OTHER" not in variables


def test_every_option_is_told_by_the_line_that_sets_it(file: Path) -> None:
    found = options_set(load(file, "dev"), Namespace(settings=str(file)))
    assert found["core.dagbag_import_timeout"].startswith(f"{file}:5:")
    assert found["core.max_active_tasks_per_dag"].startswith(f"{file}:6:")
    assert found["api.page_size"].startswith(f"{file}:15:")
    assert found["core.executor"] == "set by this tool"
    assert found["smtp.smtp_password"].startswith(f"{file}:10:")
    assert found["api_auth.jwt_secret"] == found["celery.broker_url"] == "set by this tool"
    assert "team" not in str(found.keys()).lower()


def test_what_the_laptop_has_otherwise_is_told(file: Path) -> None:
    settings = load(file, "dev")
    assert differences(settings.airflow.version, "3.12.9", settings) == []
    other = differences("3.9.9", "3.11.7", settings)
    assert other == [f"Airflow 3.9.9, the settings say {settings.airflow.version}", "Python 3.11.7, the image has 3.12"]


def test_requirements_that_do_not_fit_leave_the_check_without_them(file: Path, tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "requirements-laptop.lock").write_text("one==1\n")
    (tmp_path / "docker" / "requirements.txt").write_text("one<1\n")
    failures = [LocalError("it is unsatisfiable")]

    def uv(arguments: list[str], held: int) -> None:
        if arguments[0] == "venv":
            python = Path(arguments[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.touch()
        elif str(tmp_path / "docker" / "requirements.txt") in arguments:
            raise failures[0]

    settings = load(file, "dev")
    python, refused = laptops_airflow(Layout(tmp_path), settings, lambda _: None, uv)
    assert python.exists()
    assert refused == "docker/requirements.txt does not fit beside Airflow: it is unsatisfiable"


class Airflows:
    """Two of them, asked as docker/dag_check is; `other` is what the second says of the DAGs."""

    def __init__(self, other: dict[str, Any] | DeployError) -> None:
        self._other = other

    def __call__(self, python: Path, question: str, request: Mapping[str, Any], *_: Any) -> dict[str, Any]:
        second = python.name == "other"
        if question == "facts":
            return facts("3.4.0" if second else "3.3.2", request["options"], renamed=second)
        if isinstance(self._other, DeployError) and second:
            raise self._other
        return self._other if second and isinstance(self._other, dict) else said()


def facts(version: str, options: list[list[str]], *, renamed: bool) -> dict[str, Any]:
    first = {"revision": "a", "after": [], "title": "Begin."}
    then = [{"revision": "b", "after": ["a"], "title": "Go on."}] if renamed else []
    verdicts = {".".join(one): {"is": "renamed", "words": "[new] it"} if renamed else {} for one in options}
    tables = {"alembic_version": [first, *then], "alembic_version_fab": [first]}
    return {"airflow": version, "python": "3.12.1", "migrations": tables, "providers": {}, "options": verdicts}


def said(*errors: dict[str, Any]) -> dict[str, Any]:
    known = {"airflow": "3.3.2", "python": "3.12.1", "limit": 30, "seconds": 1, "unwalkable": "", "plugins": []}
    names = ("dags", "templates", "lookups", "placeholders", "deprecations")
    return known | {
        "files": [{"file": "dags/a.py", "seconds": 1, "errors": list(errors), **{name: [] for name in names}}]
    }


def stands_against(file: Path, other: dict[str, Any] | DeployError) -> list[str]:
    (file.parent / "dags").mkdir()
    settings, where = load(file, "dev"), {"core.x": "service.yml:7:5"}
    pythons = Path("present"), Other(Path("other"), "", "")
    found = difference(file.parent, settings, where, *pythons, lambda _: None, Airflows(other))
    assert "service.yml:7:5: warning: core.x has another name ([new] it)" in "\n".join(map(str, found.lines))
    assert any(one.what.startswith("1 migrations") for one in found.lines)
    return [str(one) for one in found.stands_against]


def test_a_dag_that_imports_no_longer_stands_against_an_upgrade(file: Path) -> None:
    wrong = {"file": "dags/a.py", "line": 3, "kind": "import", "what": "ImportError: gone"}
    assert stands_against(file, said(wrong)) == ["dags/a.py:3: error: ImportError: gone"]
    (file.parent / "dags").rmdir()
    assert stands_against(file, said()) == []


def test_an_upgrade_whose_dags_could_not_be_checked_is_no_all_clear(file: Path) -> None:
    [against] = stands_against(file, DeployError("Airflow does not start (status 1): no", "see the settings"))
    assert against.startswith("dags: error: ")
    assert against.endswith("Airflow does not start (status 1): no; see the settings")
