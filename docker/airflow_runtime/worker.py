"""Celery's configuration for workers (AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS): Airflow's own, and a heartbeat file.

The file is touched by the event loop of the worker's main process, by a step that Celery stops when the broker's
connection is lost and starts again when it is back: a fresh file means that tasks are being consumed. Asking with
`celery inspect ping` says no more and costs 2 s and 65 MB a time.
"""

import os

from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG
from celery import bootsteps
from celery.signals import worker_init
from celery.worker import WorkController
from celery.worker.consumer import Consumer

from airflow_runtime import heartbeat

CONFIG = DEFAULT_CELERY_CONFIG
"""What Airflow looks for under the name `airflow_runtime.worker.CONFIG`."""


class HeartbeatFile(bootsteps.StartStopStep):  # type: ignore[misc] # Celery ships no types
    """Touches the file from the consumer's own timer for as long as the consumer runs."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer: Consumer) -> None:
        """Touch now and every few seconds."""
        file = heartbeat.path(os.environ)
        file.touch()
        self.timer = consumer.timer.call_repeatedly(heartbeat.EVERY_SECONDS, file.touch)

    def stop(self, consumer: Consumer) -> None:  # noqa: ARG002
        """Let the file grow old."""
        self.timer.cancel()


@worker_init.connect  # type: ignore[untyped-decorator]
def add_heartbeat(sender: WorkController, **_: object) -> None:
    """Add the step before Celery builds the consumer; the signal is sent by the main process alone."""
    sender.app.steps["consumer"].add(HeartbeatFile)
