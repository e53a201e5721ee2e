"""Runs a cluster on this machine until a signal ends it."""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from rich.console import Console

from local.embedded_aws import Endpoint, still_there
from local.errors import LocalError
from local.layout import Layout
from local.runner.container import Host, Unit
from local.runner.definitions import Clients, Deployed, ServiceTask, read
from local.runner.display import Show, showing
from local.runner.family import survey
from local.runner.logs import tail
from local.runner.ports import require_free
from local.runner.processes import clean_up
from local.runner.records import Records
from local.runner.signals import Requests, stop_requests
from local.runner.supervisor import Supervisor
from local.runner.task import LONGEST_PAUSE, Task

_TICK = 0.2  # seconds
_LOOK_EVERY = 3.0  # seconds between two looks whether the embedded AWS is still there
_TAIL = 20  # lines of a log
_PATIENCE = 10.0  # seconds that killed processes may take to be gone


class Place(Host, Protocol):
    """Where tasks run: as processes of this machine, or as containers."""

    def prepare(self, task: ServiceTask, deployed: Deployed, name: str, folder: Path) -> Unit:
        """Say what to start for a task under `name`, whose files are kept in the empty `folder`."""


def run(
    layout: Layout,
    endpoint: Endpoint,
    cluster: str,
    place: Place,
    console: Console,
    ready: Callable[[], None],
) -> int:
    """Start every service of `cluster` and keep all running until SIGINT, SIGTERM or SIGHUP; a second one ends at once.

    `ready` is called once, when every health check has passed. Returns 0 when a signal ended it, 1 when a service
    never came up or the embedded AWS has ended. Raises LocalError when it cannot begin; nothing is left running in
    any case.
    """
    alive = still_there(layout)
    deployed = read(Clients.of(endpoint.session(), endpoint.url), cluster)
    return run_here(layout, deployed, place, console, ready, alive)


def run_here(
    layout: Layout,
    deployed: Deployed,
    place: Place,
    console: Console,
    ready: Callable[[], None],
    alive: Callable[[], bool],
    longest_pause: float = LONGEST_PAUSE,
) -> int:
    """Do what `run` does with what was read; what an earlier run left running is ended first.

    `alive`: whether the AWS that was read from is still there; without it no service can be what it was.
    `longest_pause`: seconds that a process which ends again and again stays down, at most.
    """
    report = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    with _explained(), stop_requests() as requests:
        clean_up(Records(layout.run / "processes"), report)
        require_free(deployed.tasks)
        units = [unit for task in deployed.tasks for unit in prepare(layout, task, deployed, place)]
        supervisor = Supervisor([Task(unit, place, time.monotonic(), longest_pause) for unit in units], survey)
        with showing(console) as show:
            failure = supervise(supervisor, requests, show, ready, alive)
        if failure is None:
            return 0
        for line in _last_words(failure) if isinstance(failure, Task) else _last_words_of_aws(layout):
            report(line)
        return 1


def prepare(layout: Layout, task: ServiceTask, deployed: Deployed, place: Place) -> Iterator[Unit]:
    """Empty the folder of each unit of a task, and say what to start."""
    for number in range(1, task.desired + 1):
        name = task.component if task.desired == 1 else f"{task.component}-{number}"
        folder = layout.run / name
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        yield place.prepare(task, deployed, name, folder)


class AwsHasEnded:
    """Why a run ended that nobody asked to end: no service works any more, and none would come up again."""


def supervise(
    supervisor: Supervisor,
    requests: Requests,
    show: Show,
    ready: Callable[[], None],
    alive: Callable[[], bool],
) -> Task | AwsHasEnded | None:
    """Go on until everything has stopped; return why (a task never came up, or AWS ended) when nobody asked for it.

    Whatever is raised in here, everything that was started is ended first.
    """
    failure: Task | AwsHasEnded | None = None
    told = False
    look_at = 0.0
    try:
        while not supervisor.is_stopped:
            now = time.monotonic()
            snapshots = supervisor.tick(now)
            with contextlib.suppress(OSError):  # the terminal may be gone
                show(snapshots)
            if supervisor.is_ready and not told:
                told = True
                ready()
            if not failure and not requests.count and (now >= look_at or supervisor.hopeless):
                failure = supervisor.hopeless if alive() else AwsHasEnded()
                look_at = now + _LOOK_EVERY
            if requests.count > 1:
                supervisor.kill()
            elif requests.count or failure:
                supervisor.stop(now)
            time.sleep(_TICK)
    finally:
        _end(supervisor)
    return failure


def _end(supervisor: Supervisor) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not supervisor.is_stopped and time.monotonic() < deadline:
        supervisor.kill()
        supervisor.tick(time.monotonic())
        time.sleep(0.05)


def _last_words(failed: Task) -> Iterator[str]:
    yield from tail(failed.unit.log, _TAIL, failed.unit.secrets)
    yield f"{failed.unit.name}: ended {failed.failures} times without getting healthy; its log is {failed.unit.log}"


def _last_words_of_aws(layout: Layout) -> Iterator[str]:
    """Put its log where it stays: what is left of it will be removed."""
    log = layout.run / "aws.log"
    try:
        shutil.copy(layout.aws / "log", log)
    except FileNotFoundError:
        yield "the embedded AWS has ended, and somebody has removed what it left"
        return
    yield from tail(log, _TAIL)
    yield f"the embedded AWS has ended; its log is {log}"


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LocalError(f"{error.filename or 'the runner'}: {error.strerror or error}") from error
