"""Airflow on this machine from beginning to end: one at a time, and nothing of it left running."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from local import embedded_aws, venvs
from local.embedded_aws import Endpoint
from local.errors import LocalError
from local.layout import Layout
from local.locks import alone
from local.runner import leftovers
from local.runner.as_containers import as_containers
from local.runner.as_processes import AsProcesses
from local.runner.engine import Engine
from local.runner.environment import Machine
from local.runner.processes import Processes, clean_up
from local.runner.records import Records
from local.runner.run import Place
from local.runner.signals import ignore_requests

Report = Callable[[str], None]


@dataclass(frozen=True)
class Session:
    """What a laptop's Airflow runs with: the AWS inside the machine, and the place where the tasks run."""

    endpoint: Endpoint
    place: Place


@contextmanager
def session(layout: Layout, report: Report, engine: Engine | None = None, index: str = "") -> Iterator[Session]:
    """Start the embedded AWS, install Airflow, and stop it all at the end, however that comes about.

    `index` is that of Python's packages (empty: uv's own). With an `engine` tasks are containers: nothing is installed.
    Raises LocalError when it is already in use here, or cannot be started or installed.
    """
    with _cleanly(layout, report):
        try:
            endpoint = embedded_aws.start(layout, report)
        except KeyboardInterrupt:
            embedded_aws.stop(layout)
            raise
        try:
            with _place(layout, endpoint, report, engine, index) as place:
                yield Session(endpoint, place)
        finally:
            ignore_requests()  # a second Ctrl-C must not leave half of it running
            embedded_aws.stop(layout)
            report("Stopped: nothing is left running.")


@contextmanager
def _place(layout: Layout, endpoint: Endpoint, report: Report, engine: Engine | None, index: str) -> Iterator[Place]:
    processes = Processes(Records(layout.run / "processes"))
    if engine:
        with as_containers(engine, processes, layout.run, endpoint.variables()) as place:
            try:
                yield place
            finally:
                ignore_requests()
    else:
        python = venvs.airflow(layout, report, venvs.asking(index))
        yield AsProcesses(Machine.this(python, layout.checkout, endpoint.variables()), processes)


@contextmanager
def deploying(layout: Layout, report: Report) -> Iterator[Endpoint]:
    """Start the embedded AWS if need be, and leave it running. Raises LocalError while an Airflow runs on it."""
    with _cleanly(layout, report):
        yield embedded_aws.start(layout, report)


@contextmanager
def dismantling(layout: Layout, report: Report) -> Iterator[Endpoint | None]:
    """Give the embedded AWS if it runs, and stop it when the block has succeeded.

    Raises LocalError while an Airflow runs on it.
    """
    with _cleanly(layout, report):
        yield _found(layout)
        embedded_aws.stop(layout)


def reading(layout: Layout) -> Endpoint:
    """Give the embedded AWS as it runs. Raises LocalError when it does not: reading starts nothing."""
    endpoint = _found(layout)
    if endpoint is None:
        raise LocalError("no AWS runs inside this machine; start one with `make airflow-local`")
    return endpoint


def _found(layout: Layout) -> Endpoint | None:
    endpoint = embedded_aws.running(layout)
    if endpoint is None and embedded_aws.still_there(layout)():
        raise LocalError("the AWS inside this machine does not answer; wait, and run it again")
    return endpoint


@contextmanager
def _cleanly(layout: Layout, report: Report) -> Iterator[None]:
    """Be alone, after ending what one that was killed has left: its processes, and an AWS in an unknown state."""
    with alone(layout.run) as was_killed:
        clean_up(Records(layout.run / "processes"), report)
        leftovers.clean_up(layout.run, os.environ, report)
        if was_killed:
            report("an earlier run was killed: starting anew")
            embedded_aws.stop(layout)
        yield
