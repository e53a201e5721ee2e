import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from airflow_runtime import exits, metrics
from airflow_runtime.database import Query, Rows
from airflow_runtime.metrics import Measured, line, main, measure

RUNTIME = Path(metrics.__file__).parents[1]
NOWHERE = {
    "METRICS_SERVICE": "air-dev",
    "DATABASE_HOST": "127.0.0.1",
    "DATABASE_PORT": "1",
    "DATABASE_NAME": "airflow",
    "DATABASE_USER": "airflow",
    "DATABASE_PASSWORD": "database-secret",
}


def answering(heartbeat: float | None, *queues: tuple[object, ...]) -> Query:
    """A database that answers the two questions so."""

    def query(sql: str, _parameters: Sequence[object]) -> Rows:
        return [(heartbeat,)] if "FROM job" in sql else list(queues)

    return query


def test_what_the_database_says_is_measured() -> None:
    found = measure(answering(3.25, ("default", 2, 4, 17.5), ("big", 0, 1, 0.0)))

    assert found == Measured(3.25, 17.5, {"default": (2, 4), "big": (0, 1)})


def test_without_tasks_nothing_waits_and_without_scheduler_there_is_no_age() -> None:
    assert measure(answering(None)) == Measured(None, 0.0, {})


def described(text: str) -> Mapping[str, object]:
    """A line's values as CloudWatch reads them: each that the head describes, by namespace, dimensions, name, unit."""
    said = json.loads(text)
    (directive,) = said["_aws"]["CloudWatchMetrics"]
    ((dimension,),) = directive["Dimensions"]
    return {
        f"{directive['Namespace']} {said[dimension]} {one['Name']} {one['Unit']}": said[one["Name"]]
        for one in directive["Metrics"]
    }


def test_a_line_is_in_the_embedded_metric_format() -> None:
    text = line("air-dev", Measured(3.25, 17.5, {"default": (2, 4)}), 1_700_000_000.5)

    assert described(text) == {
        "Airflow air-dev OldestQueuedTaskAge Seconds": 17.5,
        "Airflow air-dev SchedulerHeartbeatAge Seconds": 3.2,
    }
    assert json.loads(text)["_aws"]["Timestamp"] == 1_700_000_000_500
    assert json.loads(text)["Queues"] == {"default": {"queued": 2, "running": 4}}
    assert "\n" not in text


def test_an_age_nobody_knows_is_no_metric() -> None:
    """A scheduler that never was must be missing, not young."""
    assert list(described(line("air-dev", Measured(None, 0.0, {}), 0))) == [
        "Airflow air-dev OldestQueuedTaskAge Seconds"
    ]


def test_a_missing_variable_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main({}, threading.Event()) == exits.MISCONFIGURED
    assert capsys.readouterr().err == "metrics: variable 'METRICS_SERVICE' is missing\n"


def test_it_outlives_a_database_that_does_not_answer_and_ends_when_it_is_asked_to() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "airflow_runtime.metrics"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{RUNTIME}:{Path(__file__).parent / 'stand_in'}", **NOWHERE},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    said = process.stdout.readline()
    assert said == "metrics: the database does not answer: connection refused\n"
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
