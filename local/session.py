"""Airflow on this machine from beginning to end: one at a time, and nothing of it left running."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import embedded_aws, venvs
from local.embedded_aws import Endpoint
from local.errors import LocalError
from local.layout import Layout
from local.locks import alone
from local.runner.processes import clean_up
from local.runner.records import Records
from local.runner.signals import ignore_requests

AIRFLOW_LOCK = Path("docker") / "requirements-laptop.lock"

Report = Callable[[str], None]


@dataclass(frozen=True)
class Session:
    """What a laptop's Airflow runs with: the AWS inside the machine, and the Python that has Airflow."""

    endpoint: Endpoint
    airflow_python: Path


@contextmanager
def session(layout: Layout, report: Report) -> Iterator[Session]:
    """Start the embedded AWS, install Airflow, and stop it all at the end, however that comes about.

    Raises LocalError when it is already in use here, or cannot be started or installed.
    """
    with _cleanly(layout, report):
        try:
            endpoint = embedded_aws.start(layout, report)
        except KeyboardInterrupt:
            embedded_aws.stop(layout)
            raise
        try:
            yield Session(endpoint, venvs.ensure(layout, "airflow", layout.checkout / AIRFLOW_LOCK, report))
        finally:
            ignore_requests()  # a second Ctrl-C must not leave half of it running
            embedded_aws.stop(layout)
            report("Stopped: nothing is left running.")


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
        if was_killed:
            report("an earlier run was killed: starting anew")
            embedded_aws.stop(layout)
        yield
