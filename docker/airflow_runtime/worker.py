"""Celery's configuration for workers (AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS): Airflow's own, and two steps more.

The file is touched by the event loop of the worker's main process, by a step that Celery stops when the broker's
connection is lost and starts again when it is back: a fresh file means that tasks are being consumed. Asking with
`celery inspect ping` says no more and costs 2 s and 65 MB a time.

With WORKER_REHEARSAL=true it does all that but takes no task: so a new image is tried where no worker shall run. It is
stopped from outside; should nobody be left to do that, it ends by itself after a while.
"""

import logging
import os
import signal
import threading

from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG
from celery import bootsteps
from celery.signals import worker_init
from celery.worker import WorkController
from celery.worker.consumer import Consumer

from airflow_runtime import heartbeat

log = logging.getLogger("airflow_runtime.worker")

REHEARSAL = "WORKER_REHEARSAL"
REHEARSAL_SECONDS = 30 * 60
"""Longer than anybody waits for a rehearsal: it takes the minutes of a start."""

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


class Rehearsal(bootsteps.StartStopStep):  # type: ignore[misc] # Celery ships no types
    """Removes the queues between their declaration and the event loop, which would begin to consume from them.

    Whatever the broker is: kombu polls queues that are consumed from, and no others.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer: Consumer) -> None:
        """Leave nothing to consume from."""
        for queue in list(consumer.task_consumer.queues):
            consumer.cancel_task_queue(queue.name)
        log.warning("a rehearsal: connected to the broker, and consuming from no queue")


@worker_init.connect  # type: ignore[untyped-decorator]
def add_steps(sender: WorkController, **_: object) -> None:
    """Add the steps before Celery builds the consumer; the signal is sent by the main process alone."""
    sender.app.steps["consumer"].add(HeartbeatFile)
    if os.environ.get(REHEARSAL, "").lower() == "true":
        sender.app.steps["consumer"].add(Rehearsal)
        end_after(REHEARSAL_SECONDS)


def end_after(seconds: float) -> None:
    """Shut this process down as a stopped task is: warmly."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGTERM))
    timer.daemon = True  # it keeps nobody from ending sooner
    timer.start()
