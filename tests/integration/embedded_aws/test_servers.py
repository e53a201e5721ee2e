"""The database and the broker that a template made: reached over TLS with what the stack generated."""

import json
import os
import socket
import ssl
from pathlib import Path

import pytest

from local import processes
from local.embedded_aws import Endpoint
from local.layout import Layout
from tests.integration.embedded_aws.asking import ask_server
from tests.integration.embedded_aws.conftest import running_in
from tests.integration.embedded_aws.deploying import Trial
from tests.integration.embedded_aws.templates import children


@pytest.fixture
def trial(endpoint: Endpoint) -> Trial:
    deployed = Trial(endpoint)
    assert deployed.create(children())["StackStatus"] == "CREATE_COMPLETE"
    return deployed


def ask_database(layout: Layout, trial: Trial, password: str, statement: str, *, tls: bool = True) -> str:
    return ask_server(layout, trial.endpoint, int(trial.outputs()["DatabasePort"]), password, statement, tls=tls)


def password_of(trial: Trial) -> str:
    password: str = json.loads(trial.secret(trial.outputs()["DatabaseSecret"]))["password"]
    return password


def ask_broker(port: int, certificates: Path, *lines: str) -> list[str]:
    trust = ssl.create_default_context(cafile=certificates)
    with (
        socket.create_connection(("localhost", port), timeout=5) as plain,
        trust.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        answers = connection.makefile("r")
        told = []
        for line in lines:
            connection.sendall(f"{line}\r\n".encode())
            told.append(answers.readline().strip())
        return told


def test_the_database_speaks_tls_and_knows_the_generated_password(layout: Layout, trial: Trial) -> None:
    password = password_of(trial)
    assert (
        ask_database(layout, trial, password, "SELECT current_user, current_database()") == "[['airflow', 'airflow']]\n"
    )
    assert "TLS only" in ask_database(layout, trial, password, "SELECT 1", tls=False)
    assert "password authentication failed" in ask_database(layout, trial, "wrong", "SELECT 1")


def test_what_is_in_the_database_survives_an_update(layout: Layout, trial: Trial) -> None:
    password = password_of(trial)
    ask_database(layout, trial, password, "CREATE TABLE kept AS SELECT 42 AS answer")
    trial.update(children(cpu="1024"))
    assert ask_database(layout, trial, password, "SELECT answer FROM kept") == "[[42]]\n"


def test_a_new_password_in_the_template_reaches_the_database(layout: Layout, trial: Trial) -> None:
    changed = children()
    changed["Database"]["Resources"]["Database"]["Properties"]["MasterUserPassword"] = 'it\'s \\ "new"'
    assert trial.update(changed)["StackStatus"] == "UPDATE_COMPLETE"
    assert ask_database(layout, trial, 'it\'s \\ "new"', "SELECT 1") == "[[1]]\n"


def test_the_broker_speaks_tls_and_wants_the_generated_token(trial: Trial) -> None:
    told = trial.outputs()
    port, token = int(told["BrokerPort"]), trial.secret(told["TokenSecret"])
    assert ask_broker(port, trial.endpoint.certificates, "PING")[0].startswith("-NOAUTH")
    assert ask_broker(port, trial.endpoint.certificates, f"AUTH {token}", "PING") == ["+OK", "+PONG"]

    changed = children()
    changed["Broker"]["Resources"]["Broker"]["Properties"]["AuthToken"] = "another-token-of-16"
    assert trial.update(changed)["StackStatus"] == "UPDATE_COMPLETE"
    assert ask_broker(port, trial.endpoint.certificates, "AUTH another-token-of-16") == ["+OK"]
    assert ask_broker(port, trial.endpoint.certificates, f"AUTH {token}")[0].startswith("-WRONGPASS")


def test_no_secret_is_in_a_log_or_readable_by_others(layout: Layout, trial: Trial) -> None:
    told = trial.outputs()
    secrets = [password_of(trial).encode(), trial.secret(told["TokenSecret"]).encode()]
    for path in layout.aws.rglob("*"):
        if path.is_file() and "data" not in path.parts:
            assert not any(secret in path.read_bytes() for secret in secrets), path
    assert (layout.aws / "endpoint.json").stat().st_mode & 0o777 == 0o600
    assert layout.aws.stat().st_mode & 0o777 == (0o700 if os.geteuid() else 0o711)


def test_a_database_that_cannot_be_made_leaves_nothing(layout: Layout, endpoint: Endpoint) -> None:
    wrong = children()
    wrong["Database"]["Resources"]["Database"]["Properties"]["DBName"] = "template1"  # there is one in every PostgreSQL
    assert Trial(endpoint).create(wrong)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert [record.stem for record in processes.records(layout.aws / "processes")] == ["aws"]
    assert list((layout.aws / "database").iterdir()) == []
    assert list((layout.aws / "broker").iterdir()) == []
    assert len(running_in(layout.checkout)) == 1
