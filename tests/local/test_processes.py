import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local import processes

CHECKOUT = Path(__file__).parents[2]
SLEEP = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP

Start = Callable[..., tuple[Path, "subprocess.Popen[str]"]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts python code through the launcher, as the servers are; what is left of it is killed."""
    started: list[subprocess.Popen[str]] = []
    (tmp_path / "processes").mkdir()

    def launch(code: str, name: str = "one", stop_signal: str = "SIGTERM") -> tuple[Path, "subprocess.Popen[str]"]:
        record = tmp_path / "processes" / f"{name}.json"
        launcher = [sys.executable, "-m", "local.aws.launch", str(record), stop_signal, "-"]
        process = subprocess.Popen(
            [*launcher, sys.executable, "-c", code, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return record, process

    yield launch
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_a_launched_program_is_found_by_its_record(start: Start) -> None:
    record, process = start(SLEEP)
    found = processes.alive(record)
    assert found is not None
    assert found.pid == process.pid
    assert "local.aws.launch" not in found.cmdline()


def test_it_ends_and_is_forgotten(start: Start) -> None:
    record, process = start(SLEEP)
    processes.end(record)
    assert process.wait(1) == -signal.SIGTERM
    assert not record.exists()


def test_it_is_asked_with_its_own_signal(start: Start) -> None:
    record, process = start(SLEEP, stop_signal="SIGQUIT")
    processes.end(record)
    assert process.wait(1) == -signal.SIGQUIT


def test_who_does_not_listen_is_forced(start: Start) -> None:
    record, process = start(STUBBORN)
    processes.end(record, patience=0.2)
    assert process.wait(1) == -signal.SIGKILL


def test_one_that_ended_but_was_not_collected_is_not_waited_for(start: Start) -> None:
    """In a container without an init nobody collects the orphans."""
    record, process = start(SLEEP)
    began = time.monotonic()
    processes.end(record, patience=30)
    assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
    assert time.monotonic() - began < 10  # it is a question of 30 or of none


@pytest.mark.parametrize("strange", ["born", "line"])
def test_a_stranger_with_the_same_id_is_left_alone(start: Start, tmp_path: Path, strange: str) -> None:
    record, process = start(SLEEP)
    if strange == "born":  # the id was given to somebody else later
        remembered = json.loads(record.read_text())
        record.write_text(json.dumps({**remembered, "born": remembered["born"] - 1000}))
    else:  # a process that has nothing to do with this folder
        elsewhere = tmp_path / "elsewhere" / "processes"
        elsewhere.mkdir(parents=True)
        record = record.rename(elsewhere / "one.json")
    assert processes.alive(record) is None
    processes.end(record)
    assert process.poll() is None
    assert not record.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"pid": 1}'])
def test_a_broken_record_is_nobody(tmp_path: Path, content: str) -> None:
    record = tmp_path / "one.json"
    record.write_text(content)
    assert processes.alive(record) is None
    processes.end(record)
    assert not record.exists()


def test_records_come_newest_first(tmp_path: Path) -> None:
    for age, name in enumerate(("newest", "older", "oldest")):
        record = tmp_path / f"{name}.json"
        record.touch()
        os.utime(record, (1000 - age, 1000 - age))
    (tmp_path / "one.draft").touch()
    assert [record.stem for record in processes.records(tmp_path)] == ["newest", "older", "oldest"]
    assert list(processes.records(tmp_path / "missing")) == []
