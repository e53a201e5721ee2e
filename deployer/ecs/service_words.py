"""What ECS says of a service whose deployment fails: its circuit breaker's reason, and why tasks were not placed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from deployer.aws import Aws
from deployer.errors import one_line
from deployer.secrecy import without_secrets

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ServiceTypeDef

_MOST = 3  # lines of a service
# Of a service's events those that say what is wrong, and not that it goes on.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
_TROUBLE = re.compile(r"unable to|failed|unhealthy|not able|denied|error|throttl|cannot", re.IGNORECASE)
_ITSELF = re.compile(r"^\(?service \S+?\)? (?=\(?\w)")
_NO_NAMES = re.compile(r"\(?(deployment|taskSet|task) ecs-svc/\d+\)?\s*")


def read(aws: Aws, cluster: str, service: str, since: datetime | None) -> tuple[str, ...]:
    """Ask for it, newest last, of what was said after `since`; `service` is its ARN.

    Raises what botocore raises.
    """
    told = aws.ecs.describe_services(cluster=cluster, services=[service])["services"]
    return tuple(dict.fromkeys(line for each in told for line in _lines(each, since)))[-_MOST:]


def newest(told: ServiceTypeDef) -> str:
    """What ECS has said last that is wrong with a service; empty when it has said nothing."""
    return next(reversed(list(_lines(told, None))), "")


def _lines(told: ServiceTypeDef, since: datetime | None) -> Iterator[str]:
    for event in reversed(told.get("events", [])):
        message = event.get("message", "")
        if _TROUBLE.search(message) and not (since and event.get("createdAt", since) < since):
            yield _tidy(message)
    for deployment in told.get("deployments", []):
        if deployment.get("rolloutState") == "FAILED":
            yield _tidy(deployment.get("rolloutStateReason", ""))


def _tidy(message: str) -> str:
    return without_secrets(_NO_NAMES.sub("", _ITSELF.sub("", one_line(message)))).rstrip(".")
