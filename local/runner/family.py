"""Who belongs to a process: its session, and the sessions that its descendants made."""

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Kin:
    """A process of this machine with its parent and its session."""

    process: psutil.Process
    parent: int
    session: int


def survey() -> tuple[Kin, ...]:
    """Look at every process of this machine once; those that ended and wait for their parent do not count."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError), process.oneshot():
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(Kin(process, process.ppid(), os.getsid(process.pid)))
    return tuple(found)


def family(leader: int, kin: Iterable[Kin]) -> tuple[psutil.Process, ...]:
    """Return the members of the session `leader`, their descendants, and the members of the descendants' sessions.

    Airflow's BashOperator gives each command a session of its own; ending a container ends those too.
    """
    pids: set[int] = set()
    sessions = {leader}
    members: list[psutil.Process] = []
    rest = [one for one in kin if one.process.pid != os.getpid()]
    while found := [one for one in rest if one.session in sessions or one.parent in pids]:
        members += [one.process for one in found]
        pids |= {one.process.pid for one in found}
        sessions |= {one.session for one in found if one.session in pids}
        rest = [one for one in rest if one.process.pid not in pids]
    return tuple(members)


def kill(processes: Iterable[psutil.Process]) -> None:
    """Send SIGKILL; psutil compares the start of each process, so it never hits one that took over a number."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def memory(processes: Iterable[psutil.Process]) -> int:
    """Return the bytes that processes use together; where the system tells (Linux), shared pages count once."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            used = process.memory_full_info()
            total += getattr(used, "pss", used.uss)
    return total
