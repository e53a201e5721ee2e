"""The first DAG to run; it shows whether every component does its part.

The scheduler sends `where_am_i` to a worker through the broker; `wait` leaves the worker and waits in the triggerer;
`summary` fails once on purpose, so that one sees a retry and that each try has its own log.
"""

import logging
import platform
import socket
from datetime import timedelta

from airflow.providers.standard.sensors.time_delta import WaitSensor
from airflow.sdk import dag, get_current_context, task

log = logging.getLogger(__name__)


@dag(schedule=None, tags=["example", "first"], doc_md=__doc__)
def hello_workers() -> None:
    @task
    def where_am_i() -> dict[str, str]:
        """Say which worker runs this."""
        worker = {"host": socket.gethostname(), "python": platform.python_version(), "machine": platform.machine()}
        log.info("Hello from %(host)s, Python %(python)s on %(machine)s", worker)
        return worker

    wait = WaitSensor(
        task_id="wait",
        time_to_wait=timedelta(seconds=3),
        deferrable=True,  # holds no worker's slot while it waits
        doc_md="Waits three seconds in the triggerer.",
    )

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def summary(worker: dict[str, str]) -> str:
        """Fail at the first try, succeed at the second."""
        attempt = get_current_context()["ti"].try_number
        if attempt == 1:
            raise RuntimeError("This failure is on purpose: the next try succeeds")
        line = f"{worker['host']} and the triggerer are at work; try {attempt} succeeded"
        log.info(line)
        return line

    worker = where_am_i()
    worker >> wait >> summary(worker)


hello_workers()
