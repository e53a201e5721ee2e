"""Destroyed and deployed again: data, and the key that it is encrypted with, come back from what was kept."""

import base64
import json
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from deployer.aws import Aws, connect
from deployer.cloudformation.events import StackEvent
from deployer.cloudformation.stacks import Stack, StackNames
from deployer.deploying import deployment, fernet
from deployer.destroying import destruction
from deployer.tools import Tools
from deployer.verbs.destroying import way_back
from generator.config import source
from generator.config.environments import judged, overlay
from generator.config.settings import Settings
from generator.render import render, write
from local import embedded_aws
from local.embedded_aws import Endpoint
from local.layout import Layout
from tests.integration.commands import make
from tests.integration.embedded_aws.asking import ask_server

HEAD = "serviceName: back\nowner: data\nwhitelistedIPs: [192.0.2.7/32]\n"
KEY = base64.urlsafe_b64encode(b"a key that somebody has had long").decode()
Ended = TypeVar("Ended")


@pytest.fixture(scope="module")
def endpoint(clone: Path) -> Iterator[Endpoint]:
    make(clone, ".venv/ready")
    layout = Layout(clone)
    yield embedded_aws.start(layout, lambda _: None)
    embedded_aws.stop(layout)


def settings_of(environments: str) -> Settings:
    return judged(overlay(source.parse(HEAD + environments, "service.yml"), "test"))[0]


def drained(operation: Generator[StackEvent, None, Ended]) -> Ended:
    while True:
        try:
            next(operation)
        except StopIteration as end:
            ended: Ended = end.value
            return ended


def deploy(aws: Aws, settings: Settings, folder: Path, key: str = "") -> None:
    write(render(settings), folder)
    tools, names = Tools(aws), StackNames(settings.service_name, settings.environment)

    def put_away(root: Stack | None) -> fernet.Brought:
        return fernet.bring(tools, names, root, fernet.Offer(key, settings.all_tags))

    given = {"FernetSecretArn": settings.secrets.fernet} if settings.secrets.fernet else {}
    desired = deployment.Desired(
        names, folder, {"Image": "example@sha256:0", **given}, settings.all_tags, secrets=put_away
    )
    drained(deployment.deploy(tools, desired, lambda _: True))


def ask(endpoint: Endpoint, layout: Layout, statement: str) -> str:
    """Ask the database, as a component would: by the secret that its task is given."""
    aws = connect(endpoint.session(), endpoint.url)
    (database,) = aws.rds.describe_db_instances()["DBInstances"]
    password = json.loads(aws.secretsmanager.get_secret_value(SecretId=given(aws, "DATABASE_PASSWORD"))["SecretString"])
    return ask_server(layout, endpoint, database["Endpoint"]["Port"], password["password"], statement)


def given(aws: Aws, name: str) -> str:
    """The ARN of the secret that the scheduler gets by a name."""
    definition: Any = aws.ecs.describe_task_definition(taskDefinition="back-test-scheduler")["taskDefinition"]
    (secrets,) = (container["secrets"] for container in definition["containerDefinitions"])
    (found,) = (each["valueFrom"] for each in secrets if each["name"] == name)
    return ":".join(found.split(":")[:7])  # without the key in its JSON


def test_data_and_key_come_back(clone: Path, endpoint: Endpoint, tmp_path: Path) -> None:
    aws, layout = connect(endpoint.session(), endpoint.url), Layout(clone)
    settings = settings_of("environments:\n  test: {}\n")
    deploy(aws, settings, tmp_path / "first", KEY)
    brought = given(aws, "FERNET_KEY")
    assert "secret:back-test-fernet-" in brought
    assert "rror" not in ask(endpoint, layout, "CREATE TABLE kept AS SELECT 42 AS answer")

    deploy(aws, settings, tmp_path / "first", KEY)  # the same key, and nothing to do
    deploy(aws, settings_of("airflow: {adminEmail: ada@example.com}\nenvironments:\n  test: {}\n"), tmp_path / "second")
    assert given(aws, "FERNET_KEY") == brought

    names = StackNames(settings.service_name, settings.environment)
    removed = drained(destruction.destroy(Tools(aws), names, lambda _: True))
    assert brought in [each.physical_id for each in removed.stays]
    told = way_back(settings, aws, removed)

    restored = settings_of(told[told.index("environments:") :] + "\n")
    assert restored.secrets.fernet == brought
    deploy(aws, restored, tmp_path / "third")
    assert ask(endpoint, layout, "SELECT answer FROM kept") == "[[42]]\n"
    assert given(aws, "FERNET_KEY") == brought
    assert aws.secretsmanager.get_secret_value(SecretId=brought)["SecretString"] == KEY
    for _ in destruction.destroy(Tools(aws), names, lambda _: True):
        pass
