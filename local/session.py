"""Airflow on this machine from beginning to end: one at a time, and nothing of it left running."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import embedded_aws, venvs
from local.embedded_aws import Endpoint
from local.layout import Layout
from local.locks import alone

AIRFLOW_LOCK = Path("docker") / "requirements-laptop.lock"


@dataclass(frozen=True)
class Session:
    """What a laptop's Airflow runs with: the AWS inside the machine, and the Python that has Airflow."""

    endpoint: Endpoint
    airflow_python: Path


@contextmanager
def session(layout: Layout, report: Callable[[str], None]) -> Iterator[Session]:
    """Install Airflow, start the embedded AWS, and stop it at the end, however that comes about.

    Raises LocalError when it is already in use here, or cannot be installed or started.
    """
    with alone(layout.run):
        python = venvs.ensure(layout, "airflow", layout.checkout / AIRFLOW_LOCK, report)
        try:
            yield Session(embedded_aws.start(layout, report), python)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
            embedded_aws.stop(layout)
            report("Stopped: nothing is left running.")


@contextmanager
def last_use(layout: Layout) -> Iterator[Endpoint | None]:
    """Give the embedded AWS if it runs, and stop it when the block has succeeded.

    Raises LocalError while an Airflow runs on it.
    """
    with alone(layout.run):
        yield embedded_aws.running(layout)
        embedded_aws.stop(layout)
