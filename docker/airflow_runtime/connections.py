"""Makes the values that ECS cannot: it hands over parts (host, password, ...) and cannot join or encode them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote

from airflow_runtime.components import Component

SQL_ALCHEMY_CONN = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
RESULT_BACKEND = "AIRFLOW__CELERY__RESULT_BACKEND"
BROKER_URL = "AIRFLOW__CELERY__BROKER_URL"
FERNET_KEY = "AIRFLOW__CORE__FERNET_KEY"

RAW_SECRETS = frozenset({"DATABASE_PASSWORD", "BROKER_TOKEN", "FERNET_KEY", "ADMIN_PASSWORD"})
"""Secrets Airflow has no use for as they come; they are gone from the environment of what is executed."""

WITH_DATABASE = frozenset(Component) - {Component.WORKERS}
"""Components that read and write the metadata database; workers go through the API server."""

WITH_CELERY = frozenset({Component.SCHEDULER, Component.WORKERS})
"""Components that speak to the broker and to the result backend."""


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


def broker_url(environment: Mapping[str, str]) -> str:
    """Celery's URL of the broker: with TLS, and `ssl_cert_reqs`, without which no certificate is verified."""
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
    database = Database.of(environment)
    made = {FERNET_KEY: fernet_keys(environment["FERNET_KEY"])}
    if component in WITH_DATABASE:
        made[SQL_ALCHEMY_CONN] = database.url
    if component in WITH_CELERY:
        made[RESULT_BACKEND] = f"db+{database.url}"
        made[BROKER_URL] = broker_url(environment)
    kept = {name: value for name, value in environment.items() if name not in RAW_SECRETS}
    return kept | made


def exchange(environment: dict[str, str]) -> None:
    """Make `environment` this process's own, for what it imports or executes next."""
    os.environ.clear()
    os.environ.update(environment)
