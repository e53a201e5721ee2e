"""Says whether a component is healthy: `python -m airflow_runtime.health <component>`, status 0 or 1 and one line.

Cheap enough for a quarter vCPU every 30 s (`airflow jobs check` takes 7 CPU seconds): no check imports Airflow. ECS
runs it with the container's own environment, not with the one the entrypoint composed.
"""

import http.client
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from urllib.parse import urlsplit

from airflow_runtime import database, exits, heartbeat, host
from airflow_runtime.components import Component
from airflow_runtime.connections import Database
from airflow_runtime.database import Query, UnavailableError

WEBSERVER_PATH = "/execution/health"
"""What tasks rely on, in the same process as everything else the webserver serves.

Its first request takes 5 CPU seconds and holds up all others, as Airflow builds that part only then. Asked here, that
is over before the webserver counts as healthy; otherwise the first tasks run into their time-out of 5 s.
"""

FLOWER_PATH = "/healthcheck"
"""The one path of Flower's that needs no password."""

HTTP_SECONDS = 18
"""Within the 20 s ECS gives a check: on half a vCPU that first request takes longer than any other."""

JOB_STALE_SECONDS = 60
"""Twice what Airflow allows a scheduler or triggerer before it calls one dead; they report every 5 s."""

JOB_TYPES = {
    Component.SCHEDULER: "SchedulerJob",
    Component.DAG_PROCESSOR: "DagProcessorJob",
    Component.TRIGGERER: "TriggererJob",
}
"""Components that write heartbeats into Airflow's table `job`, and under which type.

The scheduler's own health server asks the same table, as a second process of 90 MB.
"""

JOB_AGE = """
SELECT extract(epoch FROM now() - max(latest_heartbeat))::float
FROM job WHERE job_type = %s AND hostname = %s AND state = 'running'
"""

Get = Callable[[int, str], int]
"""Asks a port of this machine for a path and returns the HTTP status; raises OSError or HTTPException."""


class UnhealthyError(Exception):
    """The component is not healthy; the text says how that shows."""


def get(port: int, path: str) -> int:
    """The status of http://127.0.0.1:<port><path>."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HTTP_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def check_http(get: Get, port: int, path: str) -> str:
    """Healthy when the component's own server says 200."""
    try:
        status = get(port, path)
    except (OSError, http.client.HTTPException) as error:
        raise UnhealthyError(f"port {port} does not answer: {error}") from error
    if status != http.client.OK:
        raise UnhealthyError(f"port {port} answers {path} with status {status}")
    return f"port {port} answers"


def check_job(query: Query, job_type: str, hostname: str) -> str:
    """Healthy when the component has lately written its heartbeat into Airflow's table of jobs."""
    try:
        rows = query(JOB_AGE, [job_type, hostname])
    except UnavailableError as error:
        raise UnhealthyError(f"the database does not answer: {error}") from error
    age = rows[0][0]
    if not isinstance(age, float):
        raise UnhealthyError(f"no running {job_type} of {hostname} in the database")
    return _fresh(age, JOB_STALE_SECONDS)


def check_file(modified: Callable[[], float], now: float) -> str:
    """Healthy when the worker has lately touched its heartbeat file."""
    try:
        age = now - modified()
    except FileNotFoundError as error:
        raise UnhealthyError("the worker has not begun to consume") from error
    return _fresh(age, heartbeat.STALE_SECONDS)


def _fresh(age: float, limit: float) -> str:
    if age > limit:
        raise UnhealthyError(f"the last heartbeat is {age:.0f} s old (at most {limit:.0f})")
    return f"the last heartbeat is {max(age, 0):.0f} s old"


def check(component: Component, environment: Mapping[str, str]) -> str:
    """Say in a line how `component` shows that it is healthy. Raises UnhealthyError."""
    if component is Component.WEBSERVER:
        port = urlsplit(environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"]).port  # where workers reach it
        return check_http(get, port or http.client.HTTP_PORT, WEBSERVER_PATH)
    if component is Component.FLOWER:
        return check_http(get, int(environment["AIRFLOW__CELERY__FLOWER_PORT"]), FLOWER_PATH)
    if component is Component.WORKERS:
        file = heartbeat.path(environment)
        return check_file(lambda: file.stat().st_mtime, time.time())
    query = partial(database.query, Database.of(environment))
    return check_job(query, JOB_TYPES[component], host.registered(environment))


def main(arguments: Sequence[str]) -> int:
    """Return the exit status ECS wants: 0 healthy, 1 not."""
    if len(arguments) != 1 or arguments[0] not in set(Component):
        sys.stderr.write(f"say whose health to check: {', '.join(Component)}\n")
        return exits.USAGE
    try:
        line, status = check(Component(arguments[0]), os.environ), 0
    except UnhealthyError as error:
        line, status = f"unhealthy: {error}", 1
    except KeyError as error:
        line, status = f"unhealthy: variable {error} is missing", 1
    sys.stdout.write(f"{arguments[0]}: {line}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
