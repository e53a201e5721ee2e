"""The services' own APIs, asked from inside as they are asked from outside: by botocore's model, without a socket."""

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from local.aws.emulator import app
from local.aws.shapes import convert, model

_HANDLERS = {"elbv2": "elasticloadbalancing"}
"""Services that ministack knows by another name than botocore."""


def ask(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Do an operation, such as ("iam", "PutRolePermissionsBoundary"). Raises ValueError with the reason if refused."""
    shape = model(service).operation_model(operation)
    protocol = model(service).resolved_protocol
    request = create_serializer(protocol).serialize_to_request(convert(parameters, shape.input_shape), shape)
    body = request["body"]
    sent = urlencode(body).encode() if isinstance(body, dict) else body
    headers = {name.lower(): str(value) for name, value in request["headers"].items()}
    query = {name: [value] for name, value in dict(request["query_string"] or {}).items()}
    path, _, more = request["url_path"].partition("?")
    query |= {part.partition("=")[0]: [part.partition("=")[2]] for part in more.split("&") if part}
    status, _told, answered = _now(handler(service)(request["method"], path, headers, sent, query))
    answer = {"status_code": status, "headers": {}, "body": answered}
    parsed: dict[str, Any] = create_parser(protocol).parse(answer, shape.output_shape)
    if status >= 300:
        raise ValueError(parsed.get("Error", {}).get("Message") or f"{operation}: refused with status {status}")
    return parsed


def handler(service: str) -> Any:  # noqa: ANN401
    """Return what answers a service's requests: (method, path, headers, body, query) to (status, headers, body)."""
    return app.SERVICE_HANDLERS[_HANDLERS.get(service, service)]


def replace_handler(service: str, new: Any) -> None:  # noqa: ANN401
    """Let `new` answer the requests to a service."""
    app.SERVICE_HANDLERS[_HANDLERS.get(service, service)] = new


def _now(answering: Any) -> Any:  # noqa: ANN401
    """Wait for a coroutine, whether a loop runs in this thread or not; account and region stay the caller's."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(contextvars.copy_context().run, asyncio.run, answering).result()
