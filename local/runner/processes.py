"""Starts and ends processes the way ECS starts and ends containers: all of one's processes end with its first."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import psutil

from local.errors import LocalError
from local.runner.family import Kin, family, kill, memory, survey
from local.runner.records import Leader, Records

_LAUNCH = (sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")))
_PATIENCE = 10.0  # seconds that killed processes may take to be gone


class Process(Protocol):
    """What can be asked of a process that was started."""

    def exit_code(self) -> int | None:
        """Return the exit status of the first process (negative: the signal that ended it), None while it runs."""

    def ended(self) -> str:
        """Say how the first process ended, once it has."""
        code = self.exit_code() or 0
        return f"exited with {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"

    def look(self, kin: Sequence[Kin]) -> None:
        """Remember who belongs to it now: who makes a session of his own cannot be found after his parent ended."""

    def memory(self) -> int | None:
        """Return the bytes used by those who belonged to it at the last look, None where nobody knows."""

    def terminate(self) -> None:
        """Ask the first process, and nobody else, to end: as ECS and dumb-init with DUMB_INIT_SETSID=0 do."""

    def kill(self) -> None:
        """End all of them at once; `is_gone` tells when they are."""

    def is_gone(self) -> bool:
        """Whether nobody is left; when the first process has ended, the others are killed."""


class Session(Process):
    """A process that leads its own session, with everybody it has brought up."""

    def __init__(self, process: subprocess.Popen[bytes], leader: Leader, records: Records) -> None:
        self._process = process
        self._leader = leader
        self._records = records
        self._known: dict[int, psutil.Process] = {}

    def exit_code(self) -> int | None:
        """Ask the system, which also buries it."""
        return self._process.poll()

    def look(self, kin: Sequence[Kin]) -> None:
        """Add who belongs to it now, forget who has ended."""
        self._known |= {process.pid: process for process in family(self._leader.pid, kin)}
        self._known = {pid: process for pid, process in self._known.items() if _is_alive(process)}

    def memory(self) -> int:
        """Add up everybody's."""
        return memory(self._known.values())

    def terminate(self) -> None:
        """Send SIGTERM to the first process; afterwards it may be too late to find its family."""
        self.look(survey())
        self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL to everybody."""
        self.look(survey())
        kill(self._known.values())

    def is_gone(self) -> bool:
        """Kill who is left behind, and forget the process once nobody is."""
        if self.exit_code() is None:
            return False
        self.look(survey())
        kill(self._known.values())
        if self._known:
            return False
        self._records.drop(self._leader)
        return True


class Processes:
    """Starts processes and writes down each before it runs."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, output: Path) -> Process:
        """Start a program in `folder`, in its own session, with exactly `environment`, appending to `output`.

        A program that does not exist ends with status 127, and says so in `output`.
        """
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "ab") as stream:
            process = subprocess.Popen(
                _LAUNCH,
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=stream,
                cwd=folder,
                env={"LANG": "C.UTF-8"},
                start_new_session=True,
            )
        leader = Leader.of(process.pid)
        self._records.keep(leader)
        _tell(process, {"arguments": list(arguments), "environment": dict(environment)})
        return Session(process, leader, self._records)


def _tell(process: subprocess.Popen[bytes], what: Mapping[str, object]) -> None:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    with contextlib.suppress(BrokenPipeError), process.stdin as stream:
        stream.write(json.dumps(what).encode())


def clean_up(records: Records, report: Callable[[str], None], patience: float = _PATIENCE) -> None:
    """Kill what an earlier runner left running. Raises LocalError when something does not end in `patience` seconds."""
    left = [leader for leader in records.all() if leader.may_have_family()]
    deadline = time.monotonic() + patience
    found: dict[int, psutil.Process] = {}
    told = False
    while True:
        kin = survey()
        found |= {process.pid: process for leader in left for process in family(leader.pid, kin)}
        found = {pid: process for pid, process in found.items() if _is_alive(process)}
        if not found:
            break
        if not told:
            report(f"ending {len(found)} processes that an earlier run left")
            told = True
        if time.monotonic() > deadline:
            raise LocalError(f"process {min(found)}: was left by an earlier run and does not end; end it yourself")
        kill(found.values())
        time.sleep(0.05)
    for leader in records.all():
        records.drop(leader)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
