import pytest
from airflow_runtime.components import Component
from airflow_runtime.needs import NEEDS, SECRETS, Need, problems

GOOD = {
    "DATABASE_HOST": "db.example.com",
    "DATABASE_PORT": "5432",
    "DATABASE_NAME": "airflow",
    "DATABASE_USER": "airflow",
    "DATABASE_PASSWORD": "database-secret",
    "BROKER_HOST": "broker.example.com",
    "BROKER_PORT": "6379",
    "BROKER_TOKEN": "broker-secret",
    "FERNET_KEY": "k" * 43,
    "AIRFLOW__API_AUTH__JWT_SECRET": "j" * 64,
    "AIRFLOW__API__SECRET_KEY": "api-secret",
    "ADMIN_USER": "admin",
    "ADMIN_EMAIL": "admin@example.com",
    "ADMIN_PASSWORD": "admin-secret",
    "MIGRATION_TIMEOUT": "600",
    "FLOWER_USER": "flower",
    "FLOWER_PASSWORD": "flower-secret",
    "AIRFLOW__CELERY__FLOWER_PORT": "5555",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://webserver.internal:8080/execution/",
    "AIRFLOW__CORE__HOSTNAME_CALLABLE": "airflow.utils.net.get_host_ip_address",
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": "[]",
    "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
    "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": "s3://logs",
    "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": "airflow_runtime.worker.CONFIG",
}
DATABASE = {"DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD"}
BROKER = {"BROKER_HOST", "BROKER_PORT", "BROKER_TOKEN"}
EVERYWHERE = DATABASE | {
    "FERNET_KEY",
    "AIRFLOW__CORE__HOSTNAME_CALLABLE",
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST",
}
LOGS = {
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__LOGGING__REMOTE_LOGGING",
    "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER",
    "AWS_DEFAULT_REGION",
}
# What takes the place of the broker's address and token.
SQS = {
    "AIRFLOW__CELERY__BROKER_URL": "sqs://",
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__PREDEFINED_QUEUES": '{"default": {"url": "https://queue"}}',
    "AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL": "False",
}
# Written down a second time, from what each component was seen to need, so that a line lost from NEEDS is noticed.
NEEDED = {
    Component.WEBSERVER: EVERYWHERE
    | LOGS
    | {
        "ADMIN_EMAIL",
        "ADMIN_PASSWORD",
        "ADMIN_USER",
        "AIRFLOW__API_AUTH__JWT_SECRET",
        "AIRFLOW__CORE__AUTH_MANAGER",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
        "AIRFLOW__CORE__EXECUTOR",
        "MIGRATION_TIMEOUT",
    },
    Component.SCHEDULER: EVERYWHERE
    | BROKER
    | {"AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__CORE__EXECUTOR", "MIGRATION_TIMEOUT"},
    Component.DAG_PROCESSOR: EVERYWHERE | {"AIRFLOW__CORE__EXECUTOR", "MIGRATION_TIMEOUT"},
    Component.TRIGGERER: EVERYWHERE | LOGS | {"MIGRATION_TIMEOUT"},
    Component.WORKERS: EVERYWHERE
    | BROKER
    | LOGS
    | {"AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS", "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"},
    Component.FLOWER: BROKER | {"FLOWER_USER", "FLOWER_PASSWORD", "AIRFLOW__CELERY__FLOWER_PORT"},
}
EACH = [(component, name) for component, names in NEEDED.items() for name in sorted(names)]


@pytest.mark.parametrize(("component", "names"), NEEDED.items())
def test_the_table_is_complete(component: Component, names: set[str]) -> None:
    assert {need.name for need in NEEDS if need.applies(component, {})} == names


@pytest.mark.parametrize("component", Component)
def test_nothing_is_wrong_with_exactly_what_is_needed(component: Component) -> None:
    assert not list(problems(component, {name: GOOD[name] for name in NEEDED[component]}))


@pytest.mark.parametrize(("component", "name"), EACH)
def test_a_missing_one_is_named(component: Component, name: str) -> None:
    (problem,) = problems(component, {other: value for other, value in GOOD.items() if other != name})

    assert problem.startswith(f"{component}: {name} is missing or empty: ")
    assert "It comes from the task definition's " in problem


@pytest.mark.parametrize(("component", "name"), EACH)
def test_an_empty_one_is_missing(component: Component, name: str) -> None:
    (problem,) = problems(component, GOOD | {name: ""})

    assert f"{name} is missing or empty" in problem


@pytest.mark.parametrize("component", Component)
def test_all_that_is_missing_is_named_at_once(component: Component) -> None:
    assert len(list(problems(component, {}))) == len(NEEDED[component])


@pytest.mark.parametrize(
    ("component", "missing"),
    [
        (Component.SCHEDULER, {*SQS, "AWS_DEFAULT_REGION"} - {"AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL"}),
        (Component.WORKERS, {*SQS, "AWS_DEFAULT_REGION"}),
    ],
)
def test_with_sqs_queues_are_needed_in_the_place_of_a_broker(component: Component, missing: set[str]) -> None:
    given = {name: GOOD[name] for name in NEEDED[component] - BROKER}
    assert not list(problems(component, given | SQS | {"AWS_DEFAULT_REGION": "eu-west-1"}))
    given.pop("AWS_DEFAULT_REGION", None)
    found = [problem.split()[1] for problem in problems(component, given | {"AIRFLOW__CELERY__BROKER_URL": "sqs://"})]
    assert set(found) == missing - {"AIRFLOW__CELERY__BROKER_URL"}


def test_a_worker_that_would_make_queues_of_its_own_is_refused() -> None:
    given = GOOD | SQS | {"AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL": "True"}

    (problem,) = problems(Component.WORKERS, given)

    assert "AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL is not False" in problem


@pytest.mark.parametrize("password", ["one,two", "a$HOME"])
def test_a_password_that_flower_would_read_otherwise_is_refused(password: str) -> None:
    (problem,) = problems(Component.FLOWER, GOOD | {"FLOWER_PASSWORD": password})

    assert problem.startswith("flower: FLOWER_PASSWORD holds a comma or a dollar sign")
    assert password not in problem


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("AIRFLOW__API_AUTH__JWT_SECRET", "j" * 63, "has 63 characters, fewer than 64"),
        ("FERNET_KEY", "k" * 42, "is not a Fernet key"),
        ("FERNET_KEY", "k" * 44, "is not a Fernet key"),
        ("FERNET_KEY", "k" * 42 + "!", "is not a Fernet key"),
        ("FERNET_KEY", "k" * 42 + "é", "is not a Fernet key"),
        ("FERNET_KEY", "k" * 43 + ",", "is not a Fernet key"),
        ("DATABASE_PORT", "postgres", "is not a whole number above 0"),
        ("MIGRATION_TIMEOUT", "0", "is not a whole number above 0"),
        ("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", "webserver:8080", "is not a URL"),
        ("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", "http://webserver:port/", "is not a URL"),
    ],
)
def test_a_malformed_one_is_named_without_its_value(name: str, value: str, complaint: str) -> None:
    (problem,) = problems(Component.WEBSERVER, GOOD | {name: value})

    assert problem.startswith(f"webserver: {name} {complaint}")
    assert value not in problem.removeprefix(f"webserver: {name} {complaint}")


@pytest.mark.parametrize("key", ["k" * 43, "k" * 43 + "=", "-_" * 21 + "k", "k" * 43 + "," + "o" * 43])
def test_fernet_keys_as_people_have_them_are_accepted(key: str) -> None:
    assert not list(problems(Component.WEBSERVER, GOOD | {"FERNET_KEY": key}))


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.name)
def test_what_is_secret_is_said_to_come_from_the_secrets(need: Need) -> None:
    secret = need.name in {"FERNET_KEY", "BROKER_TOKEN"} or need.name.endswith(("_PASSWORD", "_SECRET", "SECRET_KEY"))

    assert (need.source == SECRETS) == secret
