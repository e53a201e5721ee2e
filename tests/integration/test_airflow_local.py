"""`make airflow-local` in a fresh clone: a real Airflow runs what the templates deploy, and stops without a trace."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.airflow.calls import On
from tests.integration.airflow import Airflow
from tests.integration.calls import check, record
from tests.integration.commands import READY, Laptop, bare_environment, make
from tests.integration.machine import arguments_of, listening, running_in

COMPONENTS = ("webserver", "scheduler", "dag-processor", "triggerer", "workers")
DAGS = {"fan_out", "hello_workers", "publish_readings", "summarise_readings", "worker_group"}
PORTS = {8080, 8793, 8794}


@pytest.fixture(scope="module")
def laptop(clone: Path) -> Iterator[Laptop]:
    """Started where others were killed, in the middle of a deploy and of a start: it has to clean up first."""
    for moment in (r"IN_PROGRESS +airflow-local/Database", r"scheduler +starting"):
        killed = Laptop.start(clone, clone.parent / "killed.log")
        killed.wait(re.compile(moment))
        os.killpg(killed.process.pid, signal.SIGKILL)
        killed.process.wait()
        assert running_in(clone), "nothing is left to clean up"
    record(clone)
    laptop = Laptop.start(clone, clone.parent / "airflow-local.log")
    yield laptop
    laptop.interrupt()


@pytest.fixture(scope="module")
def airflow(laptop: Laptop) -> Airflow:
    said = laptop.wait(READY)
    password = make(laptop.checkout, "airflow-password", "ENVIRONMENT=local").stdout.strip()
    assert len(password) == 24
    return Airflow.log_in(said["url"], said["user"], password)


def test_a_start_after_a_kill_leaves_one_of_each(laptop: Laptop, airflow: Airflow) -> None:
    programs = [" ".join(process.cmdline()) for process in running_in(laptop.checkout)]
    for program in ("local.aws", "valkey-server", "postgres -D", "airflow api_server", "airflow scheduler"):
        found = [words for words in programs if program in words]
        assert len(found) == 1, found


def test_every_deployed_component_is_healthy(laptop: Laptop, airflow: Airflow) -> None:
    health = airflow.get("monitor/health")
    for part in ("metadatabase", "scheduler", "triggerer", "dag_processor"):
        assert health[part]["status"] == "healthy", health
    for component in COMPONENTS:
        assert re.search(rf"^{component} +healthy after", laptop.text(), re.MULTILINE), laptop.text()


def test_the_webserver_says_once_where_it_has_brought_the_database(laptop: Laptop, airflow: Airflow) -> None:
    log = (laptop.checkout / ".local" / "run" / "webserver" / "log").read_text()
    (told,) = re.findall(r"entrypoint: the database is at (\S+)", log)
    revisions = dict(one.split("=") for one in told.split(","))
    assert {*revisions} == {"alembic_version", "alembic_version_fab"}
    assert all(re.fullmatch(r"[0-9a-z]{12}", one) for one in revisions.values()), told


def test_a_wrong_password_is_refused(airflow: Airflow) -> None:
    with pytest.raises(RuntimeError, match="401"):
        Airflow.log_in(airflow.url, "admin", "wrong")


def test_the_sample_dags_succeed_on_the_worker_and_their_logs_are_kept(laptop: Laptop, airflow: Airflow) -> None:
    airflow.wait_for_dags(DAGS)
    assert airflow.dags() == DAGS
    assert airflow.get("importErrors")["total_entries"] == 0
    runs = {dag: airflow.trigger(dag) for dag in sorted(DAGS)}
    deferred = []
    for dag, run in runs.items():
        assert airflow.wait(dag, run) == "success", airflow.instances(dag, run)
        for instance in airflow.instances(dag, run):
            log = kept_log(airflow, dag, run, instance)
            assert instance["state"] == "success"
            assert instance["hostname"] == "127.0.0.1"
            deferred += [instance["task_id"]] if "trigger" in log.lower() else []
    assert "wait" in deferred, "the deferrable sensor has not been deferred"


def kept_log(airflow: Airflow, dag: str, run: str, instance: dict[str, Any]) -> str:
    """The log from the bucket; it is written there moments after the task has ended, until then the worker is asked."""
    deadline = time.monotonic() + 30
    while "s3://" not in (log := airflow.log(dag, run, instance)):
        assert time.monotonic() < deadline, f"the log of {dag}.{instance['task_id']} is not in the bucket: {log}"
        time.sleep(0.5)
    return log


def test_the_log_of_a_running_task_is_read_from_its_worker(airflow: Airflow) -> None:
    run, log = airflow.trigger("fan_out", {"chunks": 1, "seconds": 10}), ""
    deadline = time.monotonic() + 60
    while "throwing for 10" not in log:
        assert time.monotonic() < deadline, log
        time.sleep(0.2)
        for one in airflow.instances("fan_out", run):
            if (one["task_id"], one["state"]) == ("throw", "running"):
                log = airflow.log("fan_out", run, one)
    assert "http://127.0.0.1:8793/log/" in log
    assert "s3://" not in log


def test_the_worker_and_no_other_component_ran_the_tasks(laptop: Laptop, airflow: Airflow) -> None:
    logs = {component: laptop.checkout / ".local" / "run" / component / "log" for component in COMPONENTS}
    received = {name for name, log in logs.items() if re.search(r"Task execute_workload\S* received", log.read_text())}
    assert received == {"workers"}


def test_components_call_what_is_listed_of_them_and_nothing_else(laptop: Laptop, airflow: Airflow) -> None:
    """The sample DAGs look up no connection; `test_permissions.py` has one that does."""
    check(laptop.checkout, unused=[On.LOOKED_UP])


def test_servers_listen_on_loopback_alone(laptop: Laptop, airflow: Airflow) -> None:
    found = listening(running_in(laptop.checkout))
    assert {port for _, port in found} >= PORTS
    assert {address for address, _ in found} <= {"127.0.0.1", "::1"}


def test_no_secret_is_written_or_shown(laptop: Laptop, airflow: Airflow) -> None:
    """Every password, key and token that the stack made, searched for where a person or a program could see it."""
    listed = secrets(laptop.checkout)
    assert len(listed) == 6
    arguments = arguments_of(running_in(laptop.checkout))
    for secret in listed:
        assert not [word for word in arguments if secret in word]
        assert secret not in laptop.text()
    files = written(laptop.checkout)
    assert len(files) > 20
    for file, content in files.items():
        assert not [secret for secret in listed if secret.encode() in content], file


def written(checkout: Path) -> dict[Path, bytes]:
    """Every file below .local but installed programs, the database's own pages, and its servers' closed settings.

    Airflow is running: what a health check or a finished process took away while we looked has nothing to show.
    """
    found = {}
    for folder, folders, names in os.walk(checkout / ".local"):
        folders[:] = [name for name in folders if name not in {"venvs", "data"}]
        for path in (Path(folder, name) for name in names):
            with contextlib.suppress(FileNotFoundError):
                if path.name == "valkey.conf":
                    assert path.stat().st_mode & 0o077 == 0
                elif path.is_file():
                    found[path] = path.read_bytes()
    return found


def secrets(checkout: Path) -> list[str]:
    """What is secret in Secrets Manager, asked through the product's own code in the clone."""
    script = (
        "import json; from pathlib import Path\n"
        "from local.embedded_aws import running; from local.layout import Layout\n"
        "end = running(Layout(Path.cwd())); client = end.session().client('secretsmanager', endpoint_url=end.url)\n"
        "print(json.dumps([client.get_secret_value(SecretId=s['ARN'])['SecretString']"
        " for s in client.list_secrets()['SecretList']]))"
    )
    command = [str(checkout / ".venv" / "bin" / "python"), "-c", script]
    done = subprocess.run(command, cwd=checkout, env=bare_environment(), capture_output=True, text=True, check=True)
    texts: list[str] = json.loads(done.stdout)
    return [json.loads(text)["password"] if text.startswith("{") else text for text in texts]


def test_a_second_one_beside_it_says_what_is_in_the_way(laptop: Laptop, airflow: Airflow) -> None:
    done = make(laptop.checkout, "airflow-local", status=2)
    assert "already" in done.stderr, done.stderr
    assert airflow.get("monitor/health")["scheduler"]["status"] == "healthy"


def test_interrupted_it_stops_all_of_it(laptop: Laptop, airflow: Airflow) -> None:
    assert laptop.interrupt() == -signal.SIGINT, "make itself ends by the signal, once its recipe has ended"
    assert "Stopped: nothing is left running." in laptop.text()
    assert running_in(laptop.checkout) == []
