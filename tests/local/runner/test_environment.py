import os
from pathlib import Path

import boto3
import pytest
from airflow_runtime.needs import NEEDS

from local.embedded_aws import Endpoint
from local.runner.definitions import Deployed, ServiceTask
from local.runner.environment import LAPTOP, LOOPBACK_ONLY, Machine, process_environment

HOME = Path("/checkout/.local/run/scheduler/home")
LINUX = Machine(
    python=Path("/checkout/.local/venvs/airflow/bin/python"),
    checkout=Path("/checkout"),
    aws=Endpoint("http://127.0.0.1:4566", "eu-west-1", "000000000000", Path("/x/certificates.pem")).variables(),
    temporary=Path("/tmp"),  # noqa: S108
    platform="linux",
)
TASK = ServiceTask(
    service="SchedulerService",
    component="scheduler",
    command=("scheduler",),
    environment={"DATABASE_HOST": "127.0.0.1", "SERVER": "http://webserver.demo.internal:8080/"},
    secrets={"URL": "https://u:p@webserver.demo.internal"},
)
DEPLOYED = Deployed((TASK,), frozenset({"webserver.demo.internal"}), public_port=8081)


def test_exactly_the_definition_its_secrets_and_the_machine() -> None:
    os.environ["AIRFLOW__CORE__LEAKED"] = "1"
    try:
        environment = process_environment(TASK, DEPLOYED, LINUX, HOME)
    finally:
        del os.environ["AIRFLOW__CORE__LEAKED"]
    assert environment == {
        "DATABASE_HOST": "127.0.0.1",
        "SERVER": "http://127.0.0.1:8080/",
        "URL": "https://u:p@127.0.0.1",
        "PATH": "/checkout/.local/venvs/airflow/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "PYTHONPATH": f"/checkout/docker:{LAPTOP}",
        "HOME": str(HOME),
        "AIRFLOW_HOME": str(HOME),
        "TMPDIR": "/tmp",  # noqa: S108
        "LANG": "C.UTF-8",
        **{name: value for name, value in LINUX.aws.items() if name != "AWS_DEFAULT_REGION"},
        **LOOPBACK_ONLY,
    }


def test_the_machine_has_the_last_word() -> None:
    task = ServiceTask("s", "c", (), environment={"AWS_REGION": "us-east-1", "AIRFLOW__API__HOST": "0.0.0.0"})  # noqa: S104
    environment = process_environment(task, DEPLOYED, LINUX, HOME)
    assert environment["AWS_REGION"] == "eu-west-1"
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"


HOSTNAME = "AIRFLOW__CORE__HOSTNAME_CALLABLE"


@pytest.mark.parametrize("name", [need.name for need in NEEDS])
def test_what_the_entrypoint_checks_is_missing_when_the_definition_lacks_it(name: str) -> None:
    assert name not in process_environment(ServiceTask("s", "c", ()), DEPLOYED, LINUX, HOME)
    empty = ServiceTask("s", "c", (), environment={name: ""})
    assert process_environment(empty, DEPLOYED, LINUX, HOME)[name] == ""


def test_the_name_that_components_register_under_is_replaced_where_there_is_one() -> None:
    task = ServiceTask("s", "c", (), environment={HOSTNAME: "airflow.utils.net.get_host_ip_address"})
    assert process_environment(task, DEPLOYED, LINUX, HOME)[HOSTNAME] == "airflow_runtime.host.loopback"


def test_a_component_speaks_to_the_embedded_aws_in_the_region_of_its_definition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = ServiceTask("s", "c", (), environment={"AWS_DEFAULT_REGION": "eu-north-1"})
    environment = process_environment(task, DEPLOYED, LINUX, HOME)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in [name for name in environment if name.startswith("AWS_")]:
        monkeypatch.setenv(name, environment[name])
    client = boto3.Session().client("logs")
    assert client.meta.region_name == "eu-north-1"
    assert client.meta.endpoint_url == "http://127.0.0.1:4566"


def test_the_base_url_is_that_of_this_machine_where_there_is_one() -> None:
    task = ServiceTask("s", "c", (), environment={"AIRFLOW__API__BASE_URL": "http://balancer.elb.amazonaws.com"})
    assert process_environment(task, DEPLOYED, LINUX, HOME)["AIRFLOW__API__BASE_URL"] == "http://localhost:8081"
    assert "AIRFLOW__API__BASE_URL" not in process_environment(TASK, DEPLOYED, LINUX, HOME)


def test_this_machine_is_described() -> None:
    machine = Machine.this(Path("/venv/bin/python"), Path("/checkout"), {})
    assert machine.temporary.is_dir()
    assert machine.variables(HOME)["PATH"].startswith("/venv/bin:")
