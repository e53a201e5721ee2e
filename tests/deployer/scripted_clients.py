"""Real botocore clients whose requests are answered in the process, checked against botocore's own models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Protocol

import boto3
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel, Shape
from botocore.validate import ParamValidator

from deployer.aws import Aws

REGION = "eu-west-1"
ACCOUNT = "123456789012"


class RefusedError(Exception):
    """An answer of AWS that is an error."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Service(Protocol):
    """What answers for a service: one method an operation, named like botocore's methods."""

    calls: list[str]


def scripted(services: Mapping[str, Service], region: str = REGION) -> Aws:
    """Return an Aws whose services are played; a service that is not named cannot be reached."""
    make: Callable[..., Any] = _session().client
    return Aws(region, lambda name: _played(make(name), services[name]))


@cache
def _session() -> boto3.Session:
    """One for all tests: reading the service models is what takes time."""
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)


def _played(client: BaseClient, service: Service) -> BaseClient:
    methods = {api: method for method, api in client.meta.method_to_api_mapping.items()}

    def keep(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        context["asked"] = dict(params)

    def answer(model: OperationModel, context: dict[str, Any], **_: object) -> tuple[AWSResponse, dict[str, Any]]:
        service.calls.append(model.name)
        status = 200
        try:
            parsed = getattr(service, methods[model.name])(**context["asked"]) or {}
        except RefusedError as error:
            parsed, status = {"Error": {"Code": error.code, "Message": error.message}}, error.status
        else:
            _check(parsed, model.output_shape)
        about = {"HTTPStatusCode": status, "HTTPHeaders": dict(getattr(service, "headers", {}))}
        return AWSResponse("", status, HTTPHeaders(), None), parsed | {"ResponseMetadata": about}

    hooks: Any = client.meta.events  # its stubs know of no handler that answers
    hooks.register_first("before-parameter-build.*.*", keep)
    hooks.register_first("before-call.*.*", answer)
    return client


def _check(parsed: dict[str, Any], shape: Shape | None) -> None:
    """An answer that AWS could not give would prove nothing."""
    if shape is not None:
        problems = ParamValidator().validate(parsed, shape)
        assert not problems.has_errors(), problems.generate_report()
