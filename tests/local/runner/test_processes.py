import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.runner.family import survey
from local.runner.processes import Process, Processes, clean_up
from local.runner.records import Leader, Records
from tests.local.runner.waiting import eventually, is_running

ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": os.defpath, "ONLY": "this"}
PREFACE = """
import os, pathlib, signal, subprocess, sys, time
def tell(name, text):
    draft = pathlib.Path(name + ".draft")
    draft.write_text(str(text))
    draft.rename(name)
"""
DEAF = PREFACE + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
SLEEP = "\ntime.sleep(600)\n"
# A child in the session, one in a session of its own as Airflow's BashOperator makes them, and in that an orphan.
WITH_FAMILY = (
    PREFACE
    + """
tell("near", subprocess.Popen(["sleep", "600"]).pid)
orphan = "(sleep 600 & echo $! > draft); mv draft orphan; exec sleep 600"
tell("far", subprocess.Popen(["sh", "-c", orphan], start_new_session=True).pid)
"""
)


class Started:
    """Starts Python programs in one folder and remembers them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.records = Records(folder / "records")
        self.all: list[Process] = []

    def start(self, program: str) -> Process:
        return self.execute(sys.executable, "-c", program)

    def execute(self, *arguments: str) -> Process:
        process = Processes(self.records).start(arguments, ENVIRONMENT, self.folder, self.log)
        self.all.append(process)
        return process

    def told(self, name: str) -> str:
        path = self.folder / name
        eventually(path.exists)
        return path.read_text()

    def is_running(self, name: str) -> bool:
        return is_running(int(self.told(name)))


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    started = Started(tmp_path)
    yield started
    for process in started.all:
        process.kill()
        eventually(process.is_gone)


def test_a_process_gets_its_environment_and_nothing_else(started: Started) -> None:
    process = started.start(PREFACE + "import json; tell('env', json.dumps(dict(os.environ)))")
    assert json.loads(started.told("env")) == ENVIRONMENT
    eventually(process.is_gone)
    assert process.exit_code() == 0


def test_a_process_has_its_own_session_its_folder_and_no_input(started: Started) -> None:
    started.start(PREFACE + "tell('told', [os.getsid(0) == os.getpid(), os.getcwd(), sys.stdin.read()])")
    assert started.told("told") == str([True, str(started.folder), ""])


def test_both_outputs_are_appended_to_a_file_of_the_user_alone(started: Started) -> None:
    started.log.write_text("before\n")
    started.log.chmod(0o600)
    process = started.start("import sys; print('out', flush=True); sys.stderr.write('err\\n')")
    eventually(process.is_gone)
    assert started.log.read_text() == "before\nout\nerr\n"


def test_a_new_log_is_the_users_alone(started: Started) -> None:
    eventually(started.start("").is_gone)
    assert started.log.stat().st_mode & 0o077 == 0


def test_arguments_and_environment_of_the_waiting_process_are_told_to_nobody(started: Started) -> None:
    started.start(PREFACE + "tell('up', 1)" + SLEEP)
    started.told("up")
    (pid,) = (leader.pid for leader in started.records.all())
    assert psutil.Process(pid).cmdline()[0] == sys.executable


def test_signals_that_python_ignores_are_as_usual(started: Started) -> None:
    process = started.execute("/bin/sh", "-c", "kill -PIPE $$; exit 3")
    eventually(process.is_gone)
    assert process.exit_code() == -signal.SIGPIPE


def test_a_program_that_does_not_exist_ends_with_127_and_a_reason(started: Started) -> None:
    process = started.execute("no-such-program")
    eventually(process.is_gone)
    assert process.exit_code() == 127
    assert started.log.read_text() == "cannot start no-such-program: No such file or directory\n"


def test_only_the_first_process_is_asked_to_end(started: Started) -> None:
    program = """
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
def ended(*_):
    tell("child", child.poll())
    sys.exit(0)
signal.signal(signal.SIGTERM, ended)
while not pathlib.Path("listening").exists():
    time.sleep(0.02)
tell("up", 1)
"""
    deaf = DEAF + "tell('listening', 1)" + SLEEP
    process = started.execute(sys.executable, "-c", PREFACE + program + SLEEP, deaf)
    started.told("up")
    process.terminate()
    assert started.told("child") == "None"
    eventually(process.is_gone)


def test_who_ignores_the_request_is_killed_with_all_its_family(started: Started) -> None:
    process = started.start(DEAF + WITH_FAMILY + SLEEP)
    assert started.is_running("near")
    assert started.is_running("far")
    assert started.is_running("orphan")
    process.terminate()
    assert not process.is_gone()
    process.kill()
    eventually(process.is_gone)
    assert process.exit_code() == -signal.SIGKILL
    assert not started.is_running("near")
    assert not started.is_running("far")
    assert not started.is_running("orphan")


def test_who_ends_takes_all_its_family_along(started: Started) -> None:
    process = started.start(WITH_FAMILY + "while not pathlib.Path('end').exists(): time.sleep(0.02)")
    assert started.is_running("far")
    assert started.is_running("orphan")
    process.look(survey())
    (started.folder / "end").touch()
    eventually(process.is_gone)
    assert process.exit_code() == 0
    assert not started.is_running("near")
    assert not started.is_running("far")
    assert not started.is_running("orphan")


def test_memory_is_that_of_the_whole_family(started: Started) -> None:
    process = started.start(WITH_FAMILY + SLEEP)
    started.told("orphan")
    assert process.memory() == 0
    process.look(survey())
    assert (process.memory() or 0) > 1_000_000


def test_a_record_is_kept_until_everybody_is_gone(started: Started) -> None:
    process = started.start(PREFACE + SLEEP)
    (leader,) = started.records.all()
    assert leader == Leader.of(leader.pid)
    process.kill()
    eventually(process.is_gone)
    assert not list(started.records.all())


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"pid": 1}', '{"pid": null, "started": 0}', '{"pid": -1, "started": 1e12}']
)
def test_a_broken_record_is_nobody_and_forgotten(started: Started, content: str) -> None:
    process = started.start(PREFACE + SLEEP)
    broken = started.folder / "records" / "1.json"
    broken.write_text(content)
    (leader,) = started.records.all()
    assert leader.may_have_family()
    assert not broken.exists()
    broken.write_text(content)
    clean_up(started.records, lambda _: None)
    assert process.exit_code() == -signal.SIGKILL
    assert not list((started.folder / "records").glob("*.json"))


def test_who_is_told_nothing_ends() -> None:
    launch = Path(__file__).parents[3] / "local/runner/launch.py"
    done = subprocess.run([sys.executable, "-I", launch], input=b'{"arguments": ["tou', check=False, timeout=60)
    assert done.returncode == 1


def test_a_later_run_ends_the_whole_family(started: Started) -> None:
    process = started.start(DEAF + WITH_FAMILY + SLEEP)
    assert started.is_running("near")
    assert started.is_running("far")
    assert started.is_running("orphan")
    said: list[str] = []
    clean_up(started.records, said.append)
    assert said == ["ending 4 processes that an earlier run left"]
    assert process.exit_code() == -signal.SIGKILL
    assert not started.is_running("near")
    assert not started.is_running("far")
    assert not started.is_running("orphan")
    assert not list(started.records.all())


def test_a_later_run_ends_those_whose_first_process_is_gone(started: Started) -> None:
    process = started.start(WITH_FAMILY)
    eventually(lambda: process.exit_code() is not None)
    assert started.is_running("near")
    clean_up(started.records, lambda _: None)
    assert not started.is_running("near")
    os.killpg(int(started.told("far")), signal.SIGKILL)


def test_a_later_run_spares_a_stranger_of_the_same_number(started: Started) -> None:
    process = started.start(PREFACE + SLEEP)
    (leader,) = started.records.all()
    started.records.keep(Leader(leader.pid, leader.started - 100))
    said: list[str] = []
    clean_up(started.records, said.append)
    assert process.exit_code() is None
    assert said == []
    assert not list(started.records.all())


def test_numbers_from_before_the_machine_was_started_mean_nothing() -> None:
    assert not Leader(2**22 + 1, psutil.boot_time() - 100).may_have_family()
    assert Leader(2**22 + 1, psutil.boot_time() + 1).may_have_family()
