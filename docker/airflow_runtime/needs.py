"""Which variable and secret each component needs, and what happens without it.

Airflow replaces a missing secret in silence by a random one, so that nothing fails at the start and tasks, logs or
log-ins fail later. This table says so before the start. What breaks was found by running Airflow 3.3 without each.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from airflow_runtime.components import Component
from airflow_runtime.connections import (
    OF_AIRFLOW,
    WITH_BROKER,
    WITH_DATABASE,
    WITH_RESULTS,
    fernet_keys,
    over_sqs,
)

WEBSERVER = frozenset({Component.WEBSERVER})
WORKERS = frozenset({Component.WORKERS})
FLOWER = frozenset({Component.FLOWER})
LOG_KEEPERS = frozenset({Component.WEBSERVER, Component.TRIGGERER, Component.WORKERS})

VARIABLES = "the task definition's environment"
SECRETS = "the task definition's secrets (Secrets Manager)"

JWT_SECRET_LENGTH = 64
FERNET_KEY_BYTES = 32


def _anything(_value: str) -> str | None:
    return None


def _number(value: str) -> str | None:
    return None if value.isdecimal() and int(value) > 0 else "is not a whole number above 0"


def _url(value: str) -> str | None:
    try:
        parts = urlsplit(value)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    return None if whole else "is not a URL such as http://webserver.internal:8080/execution/"


def _long_enough(value: str) -> str | None:
    if len(value) >= JWT_SECRET_LENGTH:
        return None
    return f"has {len(value)} characters, fewer than {JWT_SECRET_LENGTH}"


def _fernet(value: str) -> str | None:
    for key in fernet_keys(value).split(","):
        try:
            decoded = base64.b64decode(key, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return "is not a Fernet key (43 letters and digits)"
        if len(decoded) != FERNET_KEY_BYTES:
            return f"is not a Fernet key (43 letters and digits; it has {len(key.rstrip('='))})"
    return None


def _false(value: str) -> str | None:
    return None if value.lower() == "false" else "is not False"


def _for_flower(value: str) -> str | None:
    """Flower takes a list with commas, and Airflow expands `$NAME` in what it hands on."""
    return "holds a comma or a dollar sign, which cannot be handed to Flower" if {*value} & {",", "$"} else None


@dataclass(frozen=True)
class Need:
    """A variable some components cannot do without; `wrong` says what a present value lacks, or None.

    `sqs` says of a need that it is one only with SQS as the broker, or only without.
    """

    name: str
    by: frozenset[Component]
    otherwise: str
    source: str = VARIABLES
    wrong: Callable[[str], str | None] = _anything
    sqs: bool | None = None

    def applies(self, component: Component, environment: Mapping[str, str]) -> bool:
        """Whether `component` needs it, with the broker that `environment` names."""
        return component in self.by and self.sqs in (None, over_sqs(environment))

    def problem(self, environment: Mapping[str, str]) -> str | None:
        """Say what is wrong with it in `environment` and what that breaks, never the value; an empty one is missing."""
        value = environment.get(self.name, "")
        wrong = self.wrong(value) if value else "is missing or empty"
        return f"{self.name} {wrong}: {self.otherwise}. It comes from {self.source}." if wrong else None


_DATABASE = "the database's URL cannot be composed"
_BROKER = "the broker's URL cannot be composed, and no task reaches a worker"
_ADMIN = "the administrator cannot be created, and nobody can log in"
_QUEUES = "Celery would list all queues of the account and make its own"
_FLOWER = "Flower would show itself to everybody who reaches it"
_LOGS = "task logs are lost with the worker that wrote them"

NEEDS = (
    Need("DATABASE_HOST", OF_AIRFLOW, _DATABASE),
    Need("DATABASE_PORT", OF_AIRFLOW, _DATABASE, wrong=_number),
    Need("DATABASE_NAME", OF_AIRFLOW, _DATABASE),
    Need("DATABASE_USER", OF_AIRFLOW, _DATABASE),
    Need("DATABASE_PASSWORD", OF_AIRFLOW, _DATABASE, SECRETS),
    Need("BROKER_HOST", WITH_BROKER, _BROKER, sqs=False),
    Need("BROKER_PORT", WITH_BROKER, _BROKER, wrong=_number, sqs=False),
    Need("BROKER_TOKEN", WITH_BROKER, _BROKER, SECRETS, sqs=False),
    Need("AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__PREDEFINED_QUEUES", WITH_RESULTS, _QUEUES, sqs=True),
    Need("AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL", WORKERS, _QUEUES, wrong=_false, sqs=True),
    Need("FERNET_KEY", OF_AIRFLOW, "stored connections and variables cannot be read by the others", SECRETS, _fernet),
    Need(
        "AIRFLOW__API_AUTH__JWT_SECRET",
        WEBSERVER | {Component.SCHEDULER},
        'tasks fail before their start with "Invalid auth token" and leave no log',
        SECRETS,
        _long_enough,
    ),
    Need(
        "AIRFLOW__API__SECRET_KEY",
        LOG_KEEPERS,
        "the logs of running tasks cannot be read, and log-ins loop where there are two webservers",
        SECRETS,
    ),
    Need("ADMIN_USER", WEBSERVER, _ADMIN),
    Need("ADMIN_EMAIL", WEBSERVER, _ADMIN),
    Need("ADMIN_PASSWORD", WEBSERVER, _ADMIN, SECRETS),
    Need("MIGRATION_TIMEOUT", WITH_DATABASE, "how many seconds to wait for the database is unknown", wrong=_number),
    Need(
        "AIRFLOW__CORE__EXECUTOR",
        frozenset({Component.WEBSERVER, Component.SCHEDULER, Component.DAG_PROCESSOR}),
        "tasks run inside the scheduler instead of on the workers",
    ),
    Need(
        "AIRFLOW__CORE__AUTH_MANAGER",
        WEBSERVER,
        "Airflow's development log-in takes over, which prints its passwords into the log",
    ),
    Need(
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
        WEBSERVER | WORKERS,
        "tasks cannot reach the API server and fail, and its health cannot be asked",
        wrong=_url,
    ),
    Need(
        "AIRFLOW__CORE__HOSTNAME_CALLABLE",
        OF_AIRFLOW,
        "components register under names that the others may not resolve: live logs and health checks fail",
    ),
    Need("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", OF_AIRFLOW, "components look for DAGs in different places"),
    Need("AIRFLOW__LOGGING__REMOTE_LOGGING", LOG_KEEPERS, _LOGS),
    Need("AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER", LOG_KEEPERS, _LOGS),
    Need("AWS_DEFAULT_REGION", LOG_KEEPERS, "logs are looked for in another region or partition"),
    Need("AWS_DEFAULT_REGION", WITH_RESULTS - LOG_KEEPERS, "queues are looked for in another region", sqs=True),
    Need("FLOWER_USER", FLOWER, _FLOWER),
    Need("FLOWER_PASSWORD", FLOWER, _FLOWER, SECRETS, _for_flower),
    Need("AIRFLOW__CELERY__FLOWER_PORT", FLOWER, "its health cannot be asked", wrong=_number),
    Need(
        "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS",
        WORKERS,
        "without airflow_runtime.worker.CONFIG it shows no heartbeat: ECS would restart it for ever",
    ),
)


def problems(component: Component, environment: Mapping[str, str]) -> Iterator[str]:
    """Everything that keeps `component` from a right start in `environment`, one line each."""
    for need in NEEDS:
        if need.applies(component, environment) and (problem := need.problem(environment)):
            yield f"{component}: {problem}"
