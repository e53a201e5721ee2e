"""Each in a Python of its own: the forks are to be of a process without threads, as there."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

DOCKER = Path(__file__).parents[3] / "docker"
PROGRAM = """
import ctypes, json, os, pathlib, signal, subprocess, sys, time
from dag_check.processes import each

def work(name):
    {work}
    return {{"of": name}}

ended = each(sys.argv[2:], work, pathlib.Path(sys.argv[1]), {limit}, 2)
print(json.dumps({{one.name: [one.answer, one.how, one.stack] for one in ended}}))
"""


def run(scratch: Path, work: str, *names: str, limit: float = 20) -> dict[str, list[Any]]:
    """What became of each name, by a program whose work is these lines."""
    file = scratch / "program.py"
    file.write_text(PROGRAM.format(work=work.replace("\n", "\n    "), limit=limit))
    command = [sys.executable, str(file), str(scratch), *names]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(DOCKER)}, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, list[Any]] = json.loads(done.stdout)
    return answer


def test_each_has_its_own_answer(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(9)]
    assert run(tmp_path, "pass", *names) == {name: [{"of": name}, "", ""] for name in names}


def test_no_piece_of_work_sees_what_another_has_done(tmp_path: Path) -> None:
    said = run(tmp_path, "assert not hasattr(time, 'seen')\ntime.seen = True", "a", "b", "c")
    assert all(answer for answer, _, _ in said.values())


@pytest.mark.parametrize(
    ("work", "how"),
    [
        ("os._exit(0)", "ended Python itself"),
        ("os._exit(3)", "ended Python itself (status 3)"),
        ("raise ValueError('no')", "raised ValueError: no"),
        ("sys.exit(3)", "raised SystemExit: 3"),
        ("os.kill(os.getpid(), 9)", "crashed Python (SIGKILL)"),
        ("ctypes.string_at(0)", "crashed Python (SIGSEGV)"),
    ],
)
def test_an_end_without_an_answer_is_told_and_stops_no_other(tmp_path: Path, work: str, how: str) -> None:
    said = run(tmp_path, f'if name == "bad": {work}', "a", "bad", "z")
    assert said["bad"][:2] == [None, how]
    assert said["a"][0] == {"of": "a"}
    assert said["z"][0] == {"of": "z"}


def test_a_crash_leaves_its_stack_although_somebody_handles_the_signal(tmp_path: Path) -> None:
    said = run(tmp_path, "signal.signal(signal.SIGSEGV, lambda *_: None)\nctypes.string_at(0)", "bad")
    assert said["bad"][1] == "crashed Python (SIGSEGV)"
    assert "program.py" in said["bad"][2]


def test_what_hangs_is_ended_with_what_it_has_started_and_says_where(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    work = f"""
child = subprocess.Popen(["sleep", "60"])
open({str(pid)!r}, "w").write(str(child.pid))
while name == "bad":
    try:
        time.sleep(60)
    except BaseException:
        pass"""
    said = run(tmp_path, work, "bad", limit=0.8)
    assert said["bad"][:2] == [None, "did not end within 0.8 s"]
    assert "program.py" in said["bad"][2]
    assert ended(int(pid.read_text()))


def test_nothing_that_it_has_started_outlives_an_orderly_end(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    run(tmp_path, f'open({str(pid)!r}, "w").write(str(subprocess.Popen(["sleep", "60"]).pid))', "a")
    assert ended(int(pid.read_text()))


def test_a_fork_that_nobody_waits_for_ends_itself(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    work = f'open({str(pid)!r}, "w").write(str(os.getpid()))\nos.kill(os.getppid(), 9)\nwhile True: time.sleep(9)'
    file = tmp_path / "program.py"
    file.write_text(PROGRAM.format(work=work.replace("\n", "\n    "), limit=0.5))
    command = [sys.executable, str(file), str(tmp_path), "orphan"]
    subprocess.run(command, env={"PYTHONPATH": str(DOCKER)}, check=False, stdout=subprocess.DEVNULL, timeout=30)
    deadline = time.monotonic() + 10
    while not ended(int(pid.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ended(number: int) -> bool:
    """Whether a process is gone, or dead and waits for whoever adopts it."""
    state = Path(f"/proc/{number}/stat")
    if not Path("/proc/self/stat").exists():
        pytest.skip("no /proc here")
    return not state.exists() or state.read_text().rsplit(")", maxsplit=1)[1].split()[0] == "Z"
