import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.local.runner.small_cluster import AWS
from tests.local.runner.waiting import PATIENCE, eventually, is_running

ROOT = Path(__file__).parents[3]
PREFACE = """
import os, pathlib, signal, subprocess, sys, time
def tell(name, text=""):
    draft = pathlib.Path(name + ".draft")
    draft.write_text(str(text))
    draft.rename(name)
"""
SLEEP = "\ntime.sleep(600)\n"
POLITE = PREFACE + "tell('up', os.getpid())" + SLEEP
DEAF = PREFACE + "signal.signal(signal.SIGTERM, signal.SIG_IGN); tell('up', os.getpid())" + SLEEP
BETWEEN = 1.2  # seconds after which a signal is another request
FAMILY = PREFACE + "tell('child', subprocess.Popen(['sleep', '600'], start_new_session=True).pid)" + POLITE


class Cluster:
    """A runner in a process of its own."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self.output = checkout / "output"
        self.runners: list[subprocess.Popen[bytes]] = []
        (checkout / "dags").mkdir()
        (checkout / AWS).touch()

    def start(self, *tasks: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start a runner; `output` is what it says."""
        command = [sys.executable, "-m", "tests.local.runner.small_cluster", str(self.checkout), json.dumps(tasks)]
        with self.output.open("wb") as output:
            runner = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        self.runners.append(runner)
        return runner

    def said(self, text: str) -> None:
        eventually(lambda: text in self.output.read_text())

    def told(self, component: str, name: str) -> str:
        path = self.checkout / ".local/run" / component / "home" / name
        eventually(path.exists)
        return path.read_text()

    def pid(self, component: str, name: str = "up") -> int:
        return int(self.told(component, name))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    yield cluster
    for runner in cluster.runners:
        while runner.poll() is None:
            runner.send_signal(signal.SIGINT)
            try:
                runner.wait(BETWEEN)
            except subprocess.TimeoutExpired:
                continue


def test_all_are_started_checked_and_ended(cluster: Cluster) -> None:
    runner = cluster.start(
        {"name": "one", "program": FAMILY, "check": "test -e up"}, {"name": "two", "program": POLITE}
    )
    cluster.said("READY")
    pids = [cluster.pid("one"), cluster.pid("one", "child"), cluster.pid("two")]
    assert all(map(is_running, pids))
    runner.send_signal(signal.SIGINT)
    assert runner.wait(PATIENCE) == 0
    assert not any(map(is_running, pids))
    assert not list((cluster.checkout / ".local/run/processes").iterdir())
    said = cluster.output.read_text()
    assert said.count("READY") == 1
    assert "one            healthy after" in said
    assert "two            stopped" in said


def test_each_has_an_empty_home_with_the_dags_until_somebody_terminates_the_runner(cluster: Cluster) -> None:
    (cluster.checkout / "dags/sample.py").write_text("here")
    home = cluster.checkout / ".local/run/one/home"
    home.mkdir(parents=True)
    (home / "airflow.cfg").write_text("of an earlier run")
    program = PREFACE + "tell('files', [sorted(os.listdir()), open('dags/sample.py').read()])" + SLEEP
    runner = cluster.start({"name": "one", "program": program})
    assert cluster.told("one", "files") == str([["dags"], "here"])
    assert (cluster.checkout / ".local/run").stat().st_mode & 0o077 == 0
    runner.terminate()
    assert runner.wait(PATIENCE) == 0


def test_a_second_signal_ends_all_at_once(cluster: Cluster) -> None:
    runner = cluster.start({"name": "one", "program": DEAF, "stop_timeout": "3600"})
    pid = cluster.pid("one")
    runner.send_signal(signal.SIGINT)
    cluster.said("stopping")
    time.sleep(BETWEEN)
    assert is_running(pid)
    runner.send_signal(signal.SIGINT)
    assert runner.wait(PATIENCE) == 0
    assert not is_running(pid)


def test_what_a_killed_runner_leaves_is_ended_by_the_next(cluster: Cluster) -> None:
    killed = cluster.start({"name": "one", "program": FAMILY}, {"name": "two", "program": DEAF})
    pids = [cluster.pid("one"), cluster.pid("one", "child"), cluster.pid("two")]
    killed.kill()
    killed.wait()
    assert all(map(is_running, pids))

    cluster.start({"name": "three", "program": POLITE})
    cluster.said("READY")
    assert not any(map(is_running, pids))
    assert "ending 3 processes that an earlier run left" in cluster.output.read_text()


def test_a_runner_killed_at_any_moment_leaves_nothing_unknown(cluster: Cluster) -> None:
    tasks = [{"name": f"task{number}", "program": FAMILY, "check": "true"} for number in range(4)]
    for task in tasks:
        log = cluster.checkout / ".local/run" / task["name"] / "log"
        log.unlink(missing_ok=True)
        runner = cluster.start(*tasks)
        eventually(log.exists)  # which is made at the moment before the process
        runner.kill()
        runner.wait()
    cluster.start({"name": "last", "program": POLITE})
    last = cluster.pid("last")
    assert [process.pid for process in psutil.process_iter() if belongs_to(process, cluster.checkout)] == [last]


def belongs_to(process: psutil.Process, checkout: Path) -> bool:
    try:
        home = process.environ().get("AIRFLOW_HOME", "")
        return home.startswith(str(checkout)) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def test_only_one_runner_at_a_time(cluster: Cluster) -> None:
    first = cluster.start({"name": "one", "program": POLITE})
    pid = cluster.pid("one")
    second = cluster.start({"name": "one", "program": POLITE})
    assert second.wait(PATIENCE) == 1
    cluster.said(f"ERROR already running here as process {first.pid}")
    assert is_running(pid)


def test_who_dies_is_replaced(cluster: Cluster) -> None:
    program = """
count = pathlib.Path("count")
count.write_text((count.read_text() if count.exists() else "") + "x")
if count.read_text() == "x":
    print("I lost my way")
    sys.exit(7)
"""
    cluster.start({"name": "one", "program": PREFACE + program + SLEEP, "check": "test $(cat count) = xx"})
    cluster.said("READY")
    assert "one            will start (exited with 7: I lost my way)" in cluster.output.read_text()


def test_who_never_comes_up_fails_the_run(cluster: Cluster) -> None:
    runner = cluster.start(
        {"name": "one", "program": "import sys; sys.exit('no database named demo')", "check": "true"},
        {"name": "two", "program": POLITE},
    )
    pid = cluster.pid("two")
    assert runner.wait(PATIENCE) == 1
    assert not is_running(pid)
    last = cluster.output.read_text().splitlines()[-2:]
    log = cluster.checkout / ".local/run/one/log"
    assert last == ["no database named demo", f"one: ended 5 times without getting healthy; its log is {log}"]


def test_an_aws_that_has_ended_ends_the_run(cluster: Cluster) -> None:
    (cluster.checkout / ".local/aws").mkdir(parents=True)
    (cluster.checkout / ".local/aws/log").write_text("MemoryError\n")
    runner = cluster.start({"name": "one", "program": POLITE}, {"name": "two", "program": FAMILY})
    pids = [cluster.pid("one"), cluster.pid("two"), cluster.pid("two", "child")]
    (cluster.checkout / AWS).unlink()
    assert runner.wait(PATIENCE) == 1
    assert not any(map(is_running, pids))
    log = cluster.checkout / ".local/run/aws.log"
    said = cluster.output.read_text().splitlines()
    assert said[-2:] == ["MemoryError", f"the embedded AWS has ended; its log is {log}"]
    assert log.read_text() == "MemoryError\n"


def test_who_never_comes_up_because_aws_has_ended_is_not_to_blame(cluster: Cluster) -> None:
    program = PREFACE + f"pathlib.Path({str(cluster.checkout / AWS)!r}).unlink(missing_ok=True); sys.exit(1)"
    runner = cluster.start({"name": "one", "program": program, "check": "true"})
    assert runner.wait(PATIENCE) == 1
    assert cluster.output.read_text().splitlines()[-1].startswith("the embedded AWS has ended, and somebody has")


def test_a_taken_port_starts_nothing(cluster: Cluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        runner = cluster.start({"name": "webserver", "program": POLITE, "port": port})
        assert runner.wait(PATIENCE) == 1
    cluster.said(f"ERROR port {port} of webserver: is taken by ")
    assert f"(process {os.getpid()})" in cluster.output.read_text()
    assert not (cluster.checkout / ".local/run/webserver").exists()
