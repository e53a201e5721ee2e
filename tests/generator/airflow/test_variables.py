import json
from typing import Any

import pytest

from generator.airflow.components import components
from generator.airflow.variables import chosen_variables, constant_variables, parallelism, slots
from generator.config.settings import Settings

MINIMUM: dict[str, Any] = {"environment": "dev", "serviceName": "air", "owner": "data"}


def settings(**sections: Any) -> Settings:
    return Settings.model_validate(MINIMUM | sections)


def of(component: str, chosen: Settings) -> dict[str, str]:
    (found,) = [one for one in components(chosen) if one.name == component]
    return constant_variables(found, chosen)


def scaled(fewest: int, most: int) -> dict[str, Any]:
    return {"autoscaling": {"minCapacity": fewest, "maxCapacity": most, "cpu": {"target": 60}}}


GROUPS = {"workers": {"concurrency": 4, **scaled(1, 5)}, "workerGroups": {"big": {"concurrency": 8, "desiredCount": 2}}}


@pytest.mark.parametrize(
    ("scheduler", "each"),
    [
        ({}, 36),
        ({"desiredCount": 2}, 18),
        ({"desiredCount": 5}, 8),  # 7 each would leave a slot idle
        (scaled(1, 4), 36),  # four times too much at the busiest, but never too little while there is one
    ],
)
def test_all_schedulers_together_fill_all_slots_of_all_groups(scheduler: dict[str, Any], each: int) -> None:
    chosen = settings(service={"scheduler": scheduler, **GROUPS})
    assert slots(chosen) == 5 * 4 + 2 * 8
    assert parallelism(chosen) == each
    assert parallelism(chosen) * chosen.service.scheduler.fewest >= slots(chosen)
    assert of("scheduler", chosen)["AIRFLOW__CORE__PARALLELISM"] == str(each)


def test_no_worker_at_all_does_not_mean_no_limit() -> None:
    assert parallelism(settings(service={"workers": {"desiredCount": 0}})) == 1


def test_the_users_own_number_wins() -> None:
    assert parallelism(settings(airflow={"parallelism": 7})) == 7


def test_each_group_of_workers_has_its_own_number_of_slots() -> None:
    chosen = settings(service=GROUPS)
    variable = "AIRFLOW__CELERY__WORKER_CONCURRENCY"
    assert {one.name: constant_variables(one, chosen).get(variable) for one in components(chosen)} == {
        "webserver": None,
        "scheduler": None,
        "dag-processor": None,
        "triggerer": None,
        "workers": "4",
        "workers-big": "8",
    }


def test_dags_can_tell_the_queues_that_workers_listen_to() -> None:
    chosen = settings(service={"workers": {"queue": "main"}, "workerGroups": {"big": {}, "gpu": {"queue": "main"}}})
    told = {one.name: constant_variables(one, chosen).get("WORKER_QUEUES") for one in components(chosen)}
    assert told == {
        "webserver": None,
        "scheduler": None,
        **dict.fromkeys(["dag-processor", "triggerer", "workers", "workers-big", "workers-gpu"], "main,big"),
    }


def test_logs_of_running_tasks_are_asked_for_where_they_are_served() -> None:
    service = {"workers": {"port": 9001}, "workerGroups": {"big": {"port": 9002}}, "triggerer": {"port": 9003}}
    chosen = settings(service=service)
    worker, trigger = "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT", "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT"
    served = {one.name: one.port for one in components(chosen)}
    assert of("workers", chosen)[worker] == of("webserver", chosen)[worker] == str(served["workers"]) == "9001"
    assert of("workers-big", chosen)[worker] == str(served["workers-big"]) == "9002"
    assert of("triggerer", chosen)[trigger] == of("webserver", chosen)[trigger] == str(served["triggerer"]) == "9003"


def test_connections_and_variables_of_this_environment_are_looked_up_in_secrets_manager() -> None:
    variables = of("workers", settings())
    assert variables["AIRFLOW__SECRETS__BACKEND"].endswith(".secrets_manager.SecretsManagerBackend")
    assert json.loads(variables["AIRFLOW__SECRETS__BACKEND_KWARGS"]) == {
        "connections_prefix": "air/dev/connections",
        "variables_prefix": "air/dev/variables",
        "config_prefix": None,
    }


@pytest.mark.parametrize(
    ("wanted", "who"), [(True, {"webserver", "dag-processor", "triggerer", "workers"}), (False, set())]
)
def test_who_looks_up_is_who_serves_users_code(wanted: bool, who: set[str]) -> None:
    chosen = settings(airflow={"secretsBackend": wanted})
    having = {one.name for one in components(chosen) if "AIRFLOW__SECRETS__BACKEND" in constant_variables(one, chosen)}
    assert having == who


def test_options_are_written_as_in_airflows_own_file() -> None:
    airflow = {"options": {"core": {"max_active_runs_per_dag": "3"}}, "variables": {"TEAM": "x"}}
    assert chosen_variables(settings(airflow=airflow)) == {"AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG": "3", "TEAM": "x"}


def test_a_variable_wins_over_the_option_of_the_same_name() -> None:
    airflow = {"options": {"core": {"parallelism": "3"}}, "variables": {"AIRFLOW__CORE__PARALLELISM": "4"}}
    assert chosen_variables(settings(airflow=airflow)) == {"AIRFLOW__CORE__PARALLELISM": "4"}


def test_sqs_is_a_broker_without_address_that_celery_makes_no_queues_in() -> None:
    variables = of("workers", settings(celeryBackend={"engine": "sqs", "visibilityTimeout": 7200}))
    assert variables["AIRFLOW__CELERY__BROKER_URL"] == "sqs://"
    assert variables["AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL"] == "False"
    assert variables["AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"] == "7200"
    assert not {name for name in of("workers", settings()) if "BROKER" in name or "REMOTE_CONTROL" in name}


def test_who_stands_behind_the_load_balancer_believes_it() -> None:
    chosen = settings(service={"flower": {"enabled": True}})
    believing = {one.name for one in components(chosen) if "FORWARDED_ALLOW_IPS" in constant_variables(one, chosen)}
    assert believing == {"webserver", "flower"}
    assert of("flower", chosen)["AIRFLOW__CELERY__FLOWER_PORT"] == "5555"


def test_a_task_waits_as_long_as_the_user_says_and_in_the_queue_that_they_name() -> None:
    chosen = settings(airflow={"taskQueuedTimeout": 3000}, service={"workers": {"queue": "small"}})
    variables = of("scheduler", chosen)
    assert variables["AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT"] == "3000"
    assert variables["AIRFLOW__OPERATORS__DEFAULT_QUEUE"] == "small"
