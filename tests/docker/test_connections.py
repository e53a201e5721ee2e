import base64
import string
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from airflow_runtime.components import Component
from airflow_runtime.connections import Database, broker_url, composed, fernet_keys
from hypothesis import given
from hypothesis import strategies as st

RAW = {
    "DATABASE_HOST": "db.example.com",
    "DATABASE_PORT": "5432",
    "DATABASE_NAME": "airflow",
    "DATABASE_USER": "airflow",
    "DATABASE_PASSWORD": "p@ss w/ord:%41?#$HOME&é",
    "BROKER_HOST": "broker.example.com",
    "BROKER_PORT": "6379",
    "BROKER_TOKEN": "token+/=",
    "FERNET_KEY": "k" * 43,
    "ADMIN_PASSWORD": "of the administrator",
    "FLOWER_USER": "flower",
    "FLOWER_PASSWORD": "of-flower",
    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
}
SQL_ALCHEMY_CONN = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
RESULT_BACKEND = "AIRFLOW__CELERY__RESULT_BACKEND"
BROKER_URL = "AIRFLOW__CELERY__BROKER_URL"
FERNET_KEY = "AIRFLOW__CORE__FERNET_KEY"
FLOWER_BASIC_AUTH = "AIRFLOW__CELERY__FLOWER_BASIC_AUTH"
SQS = {BROKER_URL: "sqs://"}


@pytest.mark.parametrize(
    ("component", "made"),
    [
        (Component.WEBSERVER, {FERNET_KEY, SQL_ALCHEMY_CONN}),
        (Component.SCHEDULER, {FERNET_KEY, SQL_ALCHEMY_CONN, RESULT_BACKEND, BROKER_URL}),
        (Component.DAG_PROCESSOR, {FERNET_KEY, SQL_ALCHEMY_CONN}),
        (Component.TRIGGERER, {FERNET_KEY, SQL_ALCHEMY_CONN}),
        (Component.WORKERS, {FERNET_KEY, RESULT_BACKEND, BROKER_URL}),
        (Component.FLOWER, {BROKER_URL, FLOWER_BASIC_AUTH, "FLOWER_CONF"}),
    ],
)
def test_each_component_gets_what_it_needs_and_no_raw_secret(component: Component, made: set[str]) -> None:
    environment = composed(component, RAW)

    assert environment.keys() - RAW.keys() == made
    assert RAW.keys() - environment.keys() == {
        "DATABASE_PASSWORD",
        "BROKER_TOKEN",
        "FERNET_KEY",
        "ADMIN_PASSWORD",
        "FLOWER_PASSWORD",
    }
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"


def test_the_urls_are_whole() -> None:
    environment = composed(Component.SCHEDULER, RAW)

    url = "postgresql+psycopg2://airflow:p%40ss%20w%2Ford%3A%2541%3F%23%24HOME%26%C3%A9@db.example.com:5432/airflow?sslmode=require"
    assert environment[SQL_ALCHEMY_CONN] == url
    assert environment[RESULT_BACKEND] == f"db+{url}"
    assert environment[BROKER_URL] == "rediss://:token%2B%2F%3D@broker.example.com:6379/0?ssl_cert_reqs=required"


@pytest.mark.parametrize("component", [Component.SCHEDULER, Component.WORKERS])
def test_with_sqs_no_broker_and_no_token_is_asked_for(component: Component) -> None:
    given = {name: value for name, value in RAW.items() if not name.startswith("BROKER_")}

    environment = composed(component, given | SQS)

    assert environment[BROKER_URL] == "sqs://"
    assert environment[RESULT_BACKEND].startswith("db+postgresql+psycopg2://")


def test_flower_is_given_its_password_and_nothing_of_airflow() -> None:
    environment = composed(Component.FLOWER, {name: RAW[name] for name in RAW if not name.startswith("DATABASE_")})

    assert environment[FLOWER_BASIC_AUTH] == "flower:of-flower"
    assert environment[BROKER_URL].startswith("rediss://")
    assert Path(environment["FLOWER_CONF"]).is_file()
    assert not {SQL_ALCHEMY_CONN, RESULT_BACKEND, FERNET_KEY} & environment.keys()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_password_survives_the_urls(secret: str) -> None:
    raw = RAW | {"DATABASE_PASSWORD": secret, "BROKER_TOKEN": secret}

    for url, host in ((Database.of(raw).url, "db.example.com"), (broker_url(raw), "broker.example.com")):
        parts = urlsplit(url)
        assert parts.hostname == host
        assert unquote(parts.password or "") == secret
        assert "$" not in url  # Airflow expands shell variables in what it reads from the environment


@given(st.text(alphabet=string.ascii_letters + string.digits, min_size=43, max_size=43))
def test_43_alphanumerics_become_a_fernet_key(secret: str) -> None:
    assert len(base64.urlsafe_b64decode(fernet_keys(secret))) == 32


def test_whole_keys_and_a_rotation_are_left_alone() -> None:
    assert fernet_keys("new") == "new="
    assert fernet_keys("new=,old") == "new=,old="


def test_no_secret_shows_when_the_database_is_printed() -> None:
    assert RAW["DATABASE_PASSWORD"] not in repr(Database.of(RAW))
