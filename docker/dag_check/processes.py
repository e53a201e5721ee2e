"""A process of its own for every piece of work, a few at a time: one that hangs or crashes ends nothing but itself."""

import faulthandler
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dag_check.places import message

_GRACE = 1  # second in which a fork whose time is over may end itself
_OVER = "Timeout ("  # so begins what faulthandler writes then
_RAISED = "Traceback ("  # and so what an exception leaves

Work = Callable[[str], dict[str, Any]]


@dataclass(frozen=True)
class Ended:
    """What became of a piece of work: its answer, or the words for its end without one and the stack at that time."""

    name: str
    answer: dict[str, Any] | None
    how: str = ""
    stack: str = ""


@dataclass(frozen=True)
class _Running:
    name: str
    answer: Path
    stack: Path
    deadline: float


def each(names: Sequence[str], work: Work, scratch: Path, limit: float, at_once: int) -> list[Ended]:
    """Do the work for every name in forks of this process, and kill what takes more than `limit` seconds."""
    woken, wakes = os.pipe()
    for end in (woken, wakes):
        os.set_blocking(end, False)
    former = signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    waiting, running, ended = list(reversed(names)), dict[int, _Running](), list[Ended]()
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                name = waiting.pop()
                files = (scratch / f"{len(waiting)}.json", scratch / f"{len(waiting)}.stack")
                running[_fork(name, work, *files, limit)] = _Running(name, *files, time.monotonic() + limit + _GRACE)
            soonest = min(one.deadline for one in running.values())
            select.select([woken], [], [], max(0, soonest - time.monotonic()))
            with suppress(BlockingIOError):
                os.read(woken, 4096)
            ended += _collect(running, limit)
    finally:
        for number in running:
            _kill(number)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, former)
    return ended


def _fork(name: str, work: Work, answer: Path, stack: Path, limit: float) -> int:
    number = os.fork()
    if number:
        return number
    status = 1
    try:
        os.setsid()  # what it starts can be ended with it
        signal.set_wakeup_fd(-1)
        for usual in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(usual, signal.SIG_DFL)
        _be_quiet()
        _watch(stack, limit)
        answer.write_text(json.dumps(work(name)), encoding="utf-8")
        status = 0
    except BaseException:  # noqa: BLE001 - a plugin may call sys.exit
        stack.write_text(traceback.format_exc(), encoding="utf-8")
    finally:
        os._exit(status)  # not `exit`: threads and hooks of the user's code would keep it


def _be_quiet() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    sys.dont_write_bytecode = True  # the user's folders stay as they are


def _watch(stack: Path, limit: float) -> None:
    """Write the stack down when the process crashes, and end it with its stack when its time is over.

    It does so itself, also where nobody is left to kill it.
    """
    file = stack.open("w")
    faulthandler.enable(file, all_threads=False)
    faulthandler.dump_traceback_later(limit, file=file, exit=True)
    own = signal.signal

    def but_not_crashes(number: int, action: Any) -> Any:
        # Airflow (3.3, python_importer.py) sets one in Python for SIGSEGV: a real one then repeats itself for ever.
        return None if number == signal.SIGSEGV else own(number, action)

    signal.signal = but_not_crashes  # type: ignore[assignment]


def _collect(running: dict[int, _Running], limit: float) -> list[Ended]:
    """Take the processes that have ended out of `running`, those whose time is over by force."""
    ended = []
    for number, one in list(running.items()):
        overdue = time.monotonic() >= one.deadline
        if overdue:
            _kill(number)
        done, status = os.waitpid(number, 0 if overdue else os.WNOHANG)
        if done:
            del running[number]
            _kill(number)  # what it has left running
            stack = one.stack.read_text(errors="replace") if one.stack.exists() else ""
            over = overdue or stack.startswith(_OVER)
            ended.append(_ended(one, f"did not end within {limit:g} s" if over else _words(status, stack), stack))
    return ended


def _ended(one: _Running, how: str, stack: str) -> Ended:
    if not how:
        with suppress(OSError, ValueError):
            return Ended(one.name, json.loads(one.answer.read_text(encoding="utf-8")))
        how = "ended Python itself"
    return Ended(one.name, None, how, stack)


def _words(status: int, stack: str) -> str:
    """Say how a process ended; nothing for an orderly end."""
    if status and stack.startswith(_RAISED):
        return f"raised {message(stack)}"
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"crashed Python ({signal.Signals(-code).name})"
    return f"ended Python itself (status {code})" if code else ""


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
