"""Measures what the alarms watch: `python -m airflow_runtime.metrics` asks the database each minute, prints a line.

CloudWatch Logs makes metrics of lines in the embedded metric format, however they come to a log group: no agent, no
permission and no endpoint is needed but those of the log.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Generation_PutLogEvents.html
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import FrameType

from airflow_runtime import database, exits
from airflow_runtime.connections import Database
from airflow_runtime.database import Query, UnavailableError

EVERY_SECONDS = 60.0
AGAIN_SECONDS = 10.0
"""Until it asks a database again that did not answer, or was not migrated yet."""

NAMESPACE = "Airflow"
SERVICE = "METRICS_SERVICE"

HEARTBEAT = """
SELECT extract(epoch FROM now() - max(latest_heartbeat))::float FROM job WHERE job_type = 'SchedulerJob'
"""
"""Of any scheduler, also one that has ended: the age goes on growing when there is none."""

QUEUES = """
SELECT queue, count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state = 'running'),
    coalesce(extract(epoch FROM now() - min(queued_dttm) FILTER (WHERE state = 'queued')), 0)::float
FROM task_instance WHERE state IN ('queued', 'running') GROUP BY queue ORDER BY 2 DESC, 1 LIMIT 50
"""
"""The fifty longest queues; a DAG may name any, and a line has an end."""


@dataclass(frozen=True)
class Measured:
    """What the database says: ages in seconds, and of each queue how many tasks are queued and running."""

    heartbeat: float | None
    oldest: float
    queues: Mapping[str, tuple[int, int]]


def measure(query: Query) -> Measured:
    """Ask the database; no heartbeat is None. Raises UnavailableError, also before the database is migrated."""
    ((heartbeat,),) = query(HEARTBEAT, [])
    rows = query(QUEUES, [])
    return Measured(
        heartbeat=heartbeat if isinstance(heartbeat, float) else None,
        oldest=max((float(str(age)) for *_, age in rows), default=0.0),
        queues={str(queue): (int(str(queued)), int(str(running))) for queue, queued, running, _ in rows},
    )


def line(service: str, measured: Measured, now: float) -> str:
    """Write it in the embedded metric format. Counts are no metrics, which cost by their number: one reads them."""
    values = {"OldestQueuedTaskAge": round(measured.oldest, 1)}
    if measured.heartbeat is not None:
        values["SchedulerHeartbeatAge"] = round(measured.heartbeat, 1)
    described = {
        "Namespace": NAMESPACE,
        "Dimensions": [["Service"]],
        "Metrics": [{"Name": name, "Unit": "Seconds"} for name in values],
    }
    queues = {name: {"queued": queued, "running": running} for name, (queued, running) in measured.queues.items()}
    head = {"_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [described]}}
    return json.dumps({**head, "Service": service, **values, "Queues": queues})


def main(environment: Mapping[str, str], stopped: threading.Event) -> int:
    """Go on until stopped; a database that does not answer is said so, and asked again soon."""
    try:
        service, query = environment[SERVICE], partial(database.query, Database.of(environment))
    except KeyError as error:
        sys.stderr.write(f"metrics: variable {error} is missing\n")
        return exits.MISCONFIGURED
    while not stopped.is_set():
        try:
            said, pause = line(service, measure(query), time.time()), EVERY_SECONDS
        except UnavailableError as error:
            said, pause = f"metrics: the database does not answer: {error}", AGAIN_SECONDS
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()
        stopped.wait(pause)
    return 0


def _until_asked_to_end() -> threading.Event:
    """Tell of SIGTERM, which the first process of a container would otherwise not notice."""
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopped


if __name__ == "__main__":
    sys.exit(main(os.environ, _until_asked_to_end()))
