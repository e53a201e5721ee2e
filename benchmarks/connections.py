"""Connections to the database that each component holds at rest, and the most that it holds while DAGs run."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.laptop import logged_in, processes, running
from benchmarks.measuring import fresh_clone
from tests.integration.airflow import FINISHED

REST = 30  # seconds
RUNS = 8  # of each DAG, all at once
DAGS = ("hello_workers", "fan_out")
EVERY = 0.2  # seconds between two looks


def measure() -> Iterator[str]:
    with fresh_clone() as checkout:
        subprocess.run(["make", "--silent", ".venv/ready"], cwd=checkout, check=True, stdout=sys.stderr)
        with running(checkout, checkout.parent / "log"):
            airflow = logged_in(checkout)
            airflow.wait_for_dags(set(DAGS))
            time.sleep(REST)
            until = time.monotonic() + REST
            rest = _most(checkout, lambda: time.monotonic() > until)
            left = [f"dags/{dag}/dagRuns/{airflow.trigger(dag)}" for _ in range(RUNS) for dag in DAGS]

            def ended() -> bool:
                while left and airflow.get(left[0])["state"] in FINISHED:
                    left.pop(0)
                return not left

            load = _most(checkout, ended)
    yield f"| component | most at rest, {REST} s | most while {RUNS * len(DAGS)} DAG runs are at work |"
    yield "|---|---|---|"
    for component in sorted(rest | load):
        yield f"| {component} | {rest[component]} | {load[component]} |"


def _most(checkout: Path, ended: Callable[[], bool]) -> Counter[str]:
    """The most connections of each component that were seen at once until something has ended."""
    most: Counter[str] = Counter()
    while not ended():
        most |= connections(checkout)
        time.sleep(EVERY)
    return most


def connections(checkout: Path) -> Counter[str]:
    """Connections to the database now, by component; one that processes share through a fork counts once."""
    found = list(processes(checkout))
    ports = {port for _, process in found if (port := _database_port(process))}
    seen = set()
    for component, process in found:
        with suppress(psutil.Error):
            for each in process.net_connections("tcp"):
                if each.status == psutil.CONN_ESTABLISHED and each.raddr and each.raddr.port in ports:
                    seen.add((component, each.laddr.port))
    return Counter(component for component, _ in seen)


def _database_port(process: psutil.Process) -> int:
    """What the process was told; 0 where it has written its title over that, as some of Airflow's do."""
    with suppress(psutil.Error):
        return int(process.environ().get("DATABASE_PORT", "0"))
    return 0
