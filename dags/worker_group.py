"""A task in the queue of a worker group: beside the usual workers there may be larger ones for what needs them.

`service.workerGroups` in service.yml makes groups, each with a queue and a size of its own; the variable WORKER_QUEUES
tells DAGs the queues that workers listen to, the usual workers' first. As long as there is no group, both tasks run on
the usual workers: a task in a queue that nobody listens to would wait until it fails.
"""

import logging
import os
import socket

from airflow.sdk import dag, task

log = logging.getLogger(__name__)

USUAL, *GROUPS = os.environ.get("WORKER_QUEUES", "default").split(",")
LARGE = GROUPS[0] if GROUPS else USUAL


def machine() -> dict[str, object]:
    """Where this runs, and how much memory there is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {"host": socket.gethostname(), "cpus": os.cpu_count(), "memory": memory}


@dag(schedule=None, tags=["example", "scaling"], doc_md=__doc__)
def worker_group() -> None:
    @task
    def small() -> dict[str, object]:
        """Run where every task runs that names no queue."""
        return machine()

    @task(queue=LARGE)
    def large() -> dict[str, object]:
        """Run on a worker of the group."""
        return machine()

    @task
    def compare(usual: dict[str, object], group: dict[str, object]) -> bool:
        """Say whether they were different workers."""
        for queue, found in ((USUAL, usual), (LARGE, group)):
            log.info("queue %s: %s with %s CPUs and %s MiB", queue, found["host"], found["cpus"], found["memory"])
        return usual["host"] != group["host"]

    compare(small(), large())


worker_group()
