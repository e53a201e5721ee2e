"""What breaks on its way to AWS is tried again, with an end, and is done once."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.model import OperationModel
from botocore.session import get_session

import deployer
from deployer.aws import Aws, client, connect
from deployer.errors import DeployError, explained

URL = "http://127.0.0.1:1"  # nobody answers there
NAMES = {"scaling": "application-autoscaling", "quotas": "service-quotas"}
CLIENTS = [name for name, value in vars(Aws).items() if isinstance(value, cached_property) and not name.startswith("_")]
ERROR = "<ErrorResponse><Error><Code>{}</Code><Message>m</Message></Error></ErrorResponse>"
NOBODY = "<DescribeStacksResponse><DescribeStacksResult><Stacks/></DescribeStacksResult></DescribeStacksResponse>"


class _Raw(io.BytesIO):
    """The body of an answer, as urllib3 gives it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def reached() -> Aws:
    return connect(boto3.Session("a", "b", region_name="eu-west-1"), URL)


@pytest.mark.parametrize("name", CLIENTS)
def test_no_client_waits_for_ever_or_gives_up_at_once(name: str) -> None:
    made = getattr(reached(), name)

    config = vars(made.meta.config)
    assert made.meta.service_model.service_name == NAMES.get(name, name)
    assert (config["connect_timeout"], config["read_timeout"]) == (10, 60)
    assert config["retries"] == {"mode": "adaptive", "total_max_attempts": 6}


def test_nor_does_the_one_of_the_price_list() -> None:
    config = vars(client(boto3.Session("a", "b"), "pricing", "us-east-1").meta.config)

    assert (config["connect_timeout"], config["read_timeout"]) == (10, 60)


def test_nobody_makes_clients_otherwise() -> None:
    files = [file for file in Path(deployer.__file__).parent.rglob("*.py") if file.name != "aws.py"]

    assert [file.name for file in files if re.search(r"\bsession\w*\.client\(|boto3\.client\(", file.read_text())] == []


def test_json_that_ends_too_early_is_a_damaged_answer_and_no_empty_one() -> None:
    aws = reached()
    hooks: Any = aws.ecs.meta.events
    hooks.register("before-send.*.*", lambda **_: _answer(200, '{"serviceArns": ["a'))

    with pytest.raises(DeployError, match=r"^an answer of AWS arrived damaged; run it again"), explained():
        aws.ecs.list_services(cluster="c")


def test_trouble_that_is_told_in_no_json_is_tried_again_like_any_other() -> None:
    aws, answers = reached(), [_answer(503, "<html>busy</html>"), _answer(200, '{"serviceArns": []}')]
    hooks: Any = aws.ecs.meta.events
    hooks.register("before-send.*.*", lambda **_: answers.pop(0))

    assert aws.ecs.list_services(cluster="c")["serviceArns"] == []


@pytest.mark.parametrize(
    "trouble",
    [
        (400, "Throttling"),
        (503, "ServiceUnavailable"),
        ConnectionClosedError(endpoint_url=URL),
        ReadTimeoutError(endpoint_url=URL),
    ],
    ids=["throttled", "unavailable", "reset", "timed out"],
)
def test_a_call_that_breaks_is_made_again(trouble: tuple[int, str] | Exception) -> None:
    cloudformation, sent = reached().cloudformation, list[str]()

    def answer(request: Any, **_: object) -> AWSResponse:
        sent.append(request.url)
        if len(sent) > 1:
            return _answer(200, NOBODY)
        if isinstance(trouble, Exception):
            raise trouble
        return _answer(trouble[0], ERROR.format(trouble[1]))

    hooks: Any = cloudformation.meta.events
    hooks.register("before-send.*.*", answer)
    assert cloudformation.describe_stacks()["Stacks"] == []
    assert len(sent) == 2


def test_what_is_made_or_removed_bears_a_token_so_that_a_repetition_does_it_once() -> None:
    """Where the service knows tokens, and botocore does not fill them in by itself."""
    found = list(_calls())

    assert len(found) > 40, "it has looked at next to nothing"
    assert [
        f"{where}: {model.name} without {token}" for where, model, given in found for token in _lacking(model, given)
    ] == []


def _calls() -> Iterator[tuple[str, OperationModel, set[str | None]]]:
    """Every call of AWS in the deployer: where, of what, and with which keywords (None: a dictionary of them)."""
    models = {name: get_session().get_service_model(NAMES.get(name, name)) for name in CLIENTS}
    operations = {
        name: {xform_name(one): model.operation_model(one) for one in model.operation_names}
        for name, model in models.items()
    }
    for file in Path(deployer.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=service), attr=method), keywords=keywords):
                    if model := operations.get(service, {}).get(method):
                        yield f"{file.name}:{node.lineno}", model, {each.arg for each in keywords}


def _lacking(model: OperationModel, given: set[str | None]) -> list[str]:
    members = model.input_shape.members if model.input_shape else {}
    tokens = [name for name in members if name.lower() in {"clienttoken", "clientrequesttoken"}]
    return [each for each in tokens if not members[each].metadata.get("idempotencyToken") and not given & {each, None}]


def _answer(status: int, body: str) -> AWSResponse:
    return AWSResponse(URL, status, HTTPHeaders(), _Raw(body.encode()))
