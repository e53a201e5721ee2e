"""From a fresh clone to the first DAG run that succeeded, and what each component needs to start and to rest."""

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.measuring import fresh_clone
from tests.integration.airflow import Airflow

ROUNDS = 3
REST = 60  # seconds without work before memory is read
DAG = "hello_workers"
STEPS = ("tools installed", "Airflow healthy", "first DAG succeeded")


@dataclass(frozen=True)
class Usage:
    """MiB of memory (PSS), and seconds of CPU time since the start, of one component's processes."""

    memory: float
    cpu: float


@dataclass
class Journey:
    """Seconds since the clone began at which each step was reached, and what each component needed.

    `started`: when all were healthy for the first time; `rested`: a while after the first DAG run.
    """

    began: float = field(default_factory=time.perf_counter)
    reached: list[float] = field(default_factory=list)
    started: dict[str, Usage] = field(default_factory=dict)
    rested: dict[str, Usage] = field(default_factory=dict)

    def mark(self) -> None:
        self.reached.append(time.perf_counter() - self.began)


def measure() -> Iterator[str]:
    journeys = [journey() for _ in range(ROUNDS)]
    yield "| from the start of the clone until | runs | median s | range s |"
    yield "|---|---|---|---|"
    for index, step in enumerate(STEPS):
        seconds = [each.reached[index] for each in journeys]
        median = statistics.median(seconds)
        yield f"| {step} | {ROUNDS} | {median:.1f} | {min(seconds):.1f} - {max(seconds):.1f} |"
    yield ""
    yield f"| component, medians of {ROUNDS} | CPU s until healthy | MiB (PSS) then | MiB {REST} s after a DAG run |"
    yield "|---|---|---|---|"
    for component in journeys[0].rested:
        started = [each.started[component] for each in journeys]
        rested = [each.rested[component] for each in journeys]
        cpu = statistics.median(each.cpu for each in started)
        sizes = [statistics.median(each.memory for each in usages) for usages in (started, rested)]
        yield f"| {component} | {cpu:.1f} | {sizes[0]:.0f} | {sizes[1]:.0f} |"


def journey() -> Journey:
    """One fresh clone, driven to a DAG's success and stopped."""
    seen = Journey()
    with fresh_clone() as checkout:
        subprocess.run(["make", "--silent", ".venv/ready"], cwd=checkout, check=True, stdout=sys.stderr)
        seen.mark()
        _drive(checkout, checkout.parent / "log", seen)
    return seen


def _drive(checkout: Path, log: Path, seen: Journey) -> None:
    with running(checkout, log):
        seen.mark()
        seen.started = _usage(checkout)
        airflow = logged_in(checkout)
        airflow.wait_for_dags({DAG})
        state = airflow.wait(DAG, airflow.trigger(DAG))
        if state != "success":
            raise RuntimeError(f"{DAG} ended as {state}")
        seen.mark()
        time.sleep(REST)
        seen.rested = _usage(checkout)


@contextmanager
def running(checkout: Path, log: Path) -> Iterator[None]:
    """An Airflow on this machine, from when it is ready until it is stopped."""
    with log.open("wb") as output:
        laptop = subprocess.Popen(
            ["make", "airflow-local"],
            cwd=checkout,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        while "Airflow is ready" not in log.read_text(errors="replace"):
            if laptop.poll() is not None:
                raise RuntimeError(log.read_text(errors="replace"))
            time.sleep(0.2)
        yield
    finally:
        os.killpg(laptop.pid, signal.SIGINT)
        laptop.wait(180)


def logged_in(checkout: Path) -> Airflow:
    """Its REST API, as the first user."""
    command = ["make", "--silent", "airflow-password", "ENVIRONMENT=local"]
    password = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout.strip()
    return Airflow.log_in("http://localhost:8080", "admin", password)


def processes(checkout: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Every process of a component, with the component's name: each works in its component's own folder."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            place = Path(process.cwd())
            if place.is_relative_to(checkout / ".local" / "run"):
                yield place.relative_to(checkout / ".local" / "run").parts[0], process


def _usage(checkout: Path) -> dict[str, Usage]:
    """What every component's processes use now; PSS counts what they share once."""
    usages: dict[str, Usage] = {}
    for component, process in processes(checkout):
        with suppress(psutil.Error):
            times = process.cpu_times()
            cpu = times.user + times.system + times.children_user + times.children_system
            before = usages.get(component, Usage(0, 0))
            memory = process.memory_full_info().pss / 2**20
            usages[component] = Usage(before.memory + memory, before.cpu + cpu)
    return dict(sorted(usages.items()))
