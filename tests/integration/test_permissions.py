"""Airflow on SQS with its logs in CloudWatch and two groups of workers: it works, and calls what is listed, no more."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.airflow import Airflow
from tests.integration.calls import EQUIPMENT, check, record
from tests.integration.commands import READY, Laptop, make

PORT = 8795  # of the second group's log server: on one machine each needs its own


@pytest.fixture(scope="module")
def laptop(clone: Path) -> Iterator[Laptop]:
    settings = clone / "service.yml"
    text = yaml.safe_load(settings.read_text())
    local = text["environments"]["local"]
    local |= {
        "celeryBackend": {"engine": "sqs"},
        "logging": {"target": "cloudwatch"},
        "alarms": {"email": "someone@example.com"},
    }
    local["service"] |= {"workerGroups": {"big": {"port": PORT, "concurrency": 1}}}
    settings.write_text(yaml.safe_dump(text))
    record(clone)
    shutil.copy(EQUIPMENT / "probing_trigger.py", clone / "docker")
    shutil.copy(EQUIPMENT / "probe.py", clone / "dags")
    laptop = Laptop.start(clone, clone.parent / "airflow-on-sqs.log")
    yield laptop
    laptop.interrupt()
    subprocess.run(["git", "checkout", "--quiet", "."], cwd=clone, check=True)
    subprocess.run(["git", "clean", "--quiet", "--force", "docker", "dags"], cwd=clone, check=True)


@pytest.fixture(scope="module")
def airflow(laptop: Laptop) -> Airflow:
    said = laptop.wait(READY)
    password = make(laptop.checkout, "airflow-password", "ENVIRONMENT=local").stdout.strip()
    return Airflow.log_in(said["url"], said["user"], password)


def test_tasks_reach_the_workers_of_their_queue_and_leave_their_logs(laptop: Laptop, airflow: Airflow) -> None:
    airflow.wait_for_dags({"probe"})
    run = airflow.trigger("probe")
    ended = airflow.wait("probe", run)
    instances = {one["task_id"]: one for one in airflow.instances("probe", run)}
    assert ended == "success", [
        airflow.log("probe", run, one) for one in instances.values() if one["state"] == "failed"
    ]
    assert {name: one["queue"] for name, one in instances.items()} == {
        "ask": "default",
        "wait": "default",
        "on_others": "big",
    }
    for group, tasks in (("workers", {"ask", "wait"}), ("workers-big", {"on_others"})):
        log = (laptop.checkout / ".local" / "run" / group / "log").read_text()
        assert set(re.findall(r"task_id=(\w+)", log)) & set(instances) <= tasks, group
    assert "Reading remote log from Cloudwatch" in airflow.log("probe", run, instances["on_others"])


def test_components_call_what_is_listed_of_them_and_nothing_else(laptop: Laptop, airflow: Airflow) -> None:
    """Both ways: a call that nobody listed would be denied on AWS, and one that nobody makes need not be allowed."""
    check(laptop.checkout)


def test_what_the_alarms_watch_is_measured(laptop: Laptop, airflow: Airflow) -> None:
    measured = wait_for_measures(laptop.checkout / ".local" / "run" / "metrics" / "log")
    assert measured["Service"] == "airflow-local"
    assert 0 <= measured["SchedulerHeartbeatAge"] < 60
    assert measured["OldestQueuedTaskAge"] >= 0


def wait_for_measures(log: Path, seconds: float = 90) -> dict[str, Any]:
    """The first line that knows of a scheduler; there is one each minute."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for line in log.read_text().splitlines():
            if "SchedulerHeartbeatAge" in line:
                return dict(json.loads(line))
        time.sleep(1)
    raise TimeoutError(log.read_text())
