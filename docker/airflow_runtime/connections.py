"""Makes the values that ECS cannot: it hands over parts (host, password, ...) and cannot join or encode them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote

from airflow_runtime.components import Component

SQL_ALCHEMY_CONN = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
RESULT_BACKEND = "AIRFLOW__CELERY__RESULT_BACKEND"
BROKER_URL = "AIRFLOW__CELERY__BROKER_URL"
FERNET_KEY = "AIRFLOW__CORE__FERNET_KEY"
FLOWER_BASIC_AUTH = "AIRFLOW__CELERY__FLOWER_BASIC_AUTH"
FLOWER_CONF = "FLOWER_CONF"

RAW_SECRETS = frozenset({"DATABASE_PASSWORD", "BROKER_TOKEN", "FERNET_KEY", "ADMIN_PASSWORD", "FLOWER_PASSWORD"})
"""Secrets Airflow has no use for as they come; they are gone from the environment of what is executed."""

OF_AIRFLOW = frozenset(Component) - {Component.FLOWER}
"""Components that share Airflow's database and keys; Flower sees the broker alone."""

WITH_DATABASE = OF_AIRFLOW - {Component.WORKERS}
"""Components that read and write the metadata database; workers go through the API server."""

WITH_RESULTS = frozenset({Component.SCHEDULER, Component.WORKERS})
"""Components that speak to Celery's result backend, which is in the database, too."""

WITH_BROKER = WITH_RESULTS | {Component.FLOWER}
"""Components that speak to the broker."""


@dataclass(frozen=True)
class Database:
    """Where the metadata database is and who to be there."""

    host: str
    port: str
    name: str
    user: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Take the DATABASE_* variables; a missing one is a KeyError (`needs.problems` tells them apart before)."""
        return cls(
            host=environment["DATABASE_HOST"],
            port=environment["DATABASE_PORT"],
            name=environment["DATABASE_NAME"],
            user=environment["DATABASE_USER"],
            password=environment["DATABASE_PASSWORD"],
        )

    @property
    def url(self) -> str:
        """The SQLAlchemy URL. The driver is named, since Airflow reads a URL without one as another driver's."""
        user, password, name = (quote(part, safe="") for part in (self.user, self.password, self.name))
        return f"postgresql+psycopg2://{user}:{password}@{self.host}:{self.port}/{name}?sslmode=require"


def over_sqs(environment: Mapping[str, str]) -> bool:
    """Whether the broker is SQS: its URL holds no secret, so that the task definition says it."""
    return environment.get(BROKER_URL, "").startswith("sqs:")


def broker_url(environment: Mapping[str, str]) -> str:
    """Celery's URL of the broker: with TLS, and `ssl_cert_reqs`, without which no certificate is verified."""
    if over_sqs(environment):
        return environment[BROKER_URL]
    token = quote(environment["BROKER_TOKEN"], safe="")
    host, port = environment["BROKER_HOST"], environment["BROKER_PORT"]
    return f"rediss://:{token}@{host}:{port}/0?ssl_cert_reqs=required"


def fernet_keys(secret: str) -> str:
    """Turn the secret into Airflow's key or keys (`new,old` while one is being rotated).

    Secrets Manager can make 43 alphanumerics, which lack only the final `=` of a key (and ECS cannot append).
    """
    return ",".join(key if key.endswith("=") else f"{key}=" for key in secret.split(","))


def composed(component: Component, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment Airflow gets: the container's own, with the composed values and without the raw secrets."""
    made: dict[str, str] = {}
    if component in OF_AIRFLOW:
        made[FERNET_KEY] = fernet_keys(environment["FERNET_KEY"])
    if component in WITH_DATABASE:
        made[SQL_ALCHEMY_CONN] = Database.of(environment).url
    if component in WITH_RESULTS:
        made[RESULT_BACKEND] = f"db+{Database.of(environment).url}"
    if component in WITH_BROKER:
        made[BROKER_URL] = broker_url(environment)
    if component is Component.FLOWER:
        made[FLOWER_BASIC_AUTH] = f"{environment['FLOWER_USER']}:{environment['FLOWER_PASSWORD']}"
        made[FLOWER_CONF] = str(Path(__file__).with_name("flower_config.py"))
    kept = {name: value for name, value in environment.items() if name not in RAW_SECRETS}
    return kept | made


def exchange(environment: dict[str, str]) -> None:
    """Make `environment` this process's own, for what it imports or executes next."""
    os.environ.clear()
    os.environ.update(environment)
