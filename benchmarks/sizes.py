"""Containers of the declared size: from a start to healthy, what each needed, and how many connections each holds."""

import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.containers.base import CHECKOUT, have_base
from tests.containers.cluster import Cluster, Figures, running
from tests.containers.engine import Engine, private_engine
from tests.containers.observer import observing
from tests.integration.airflow import Airflow

ROUNDS = 3
REST = 30  # seconds
RUNS = 4  # of each DAG, all at once
DAGS = ("hello_workers", "fan_out")
IMAGE = "airflow-benchmark:latest"
SETTINGS = "{retainData: false, whitelistedIPs: [127.0.0.1/32], service: {baseUrl: 'http://localhost:8080'}}"


def measure() -> Iterator[str]:
    with private_engine() as engine:
        have_base(engine)
        engine.run("build", "--network=host", "--file=docker/Dockerfile", f"--tag={IMAGE}", ".", cwd=CHECKOUT)
        rounds = [_round(engine) for _ in range(ROUNDS)]
    yield from _sizes([figures for figures, _, _ in rounds])
    yield ""
    rest: Counter[str] = Counter()
    load: Counter[str] = Counter()
    for _, at_rest, at_work in rounds:
        rest |= at_rest
        load |= at_work
    work = RUNS * len(DAGS)
    yield f"| connections in pg_stat_activity | most at rest, {REST} s | most while {work} DAG runs are at work |"
    yield "|---|---|---|"
    for component in sorted(rest | load):
        yield f"| {component} | {rest[component]} | {load[component]} |"


def _round(engine: Engine) -> tuple[dict[str, Figures], Counter[str], Counter[str]]:
    with tempfile.TemporaryDirectory() as folder, running(engine, IMAGE, SETTINGS) as cluster:
        cluster.wait()
        with observing(cluster, IMAGE, Path(folder) / "observed") as observed:
            time.sleep(REST)
            rest = observed.most()
            _work(cluster)
            return dict(cluster.figures), rest, observed.most()


def _work(cluster: Cluster) -> None:
    airflow = Airflow.log_in("http://127.0.0.1:8080", cluster.outputs["AdminUser"], cluster.password)
    airflow.wait_for_dags(set(DAGS))
    for dag, run in [(dag, airflow.trigger(dag)) for _ in range(RUNS) for dag in DAGS]:
        state = airflow.wait(dag, run, 600)
        if state != "success":
            raise RuntimeError(f"{dag} ended as {state}")


def _sizes(rounds: list[dict[str, Figures]]) -> Iterator[str]:
    yield (
        f"| component, {ROUNDS} starts | vCPU | MiB | median s until healthy | range s | CPU s until then"
        " | MiB of its own at most | with the kernel's copies of files |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for component in sorted(rounds[0]):
        each = [figures[component] for figures in rounds]
        seconds = [one.healthy or 0 for one in each]
        task = each[0].task
        yield (
            f"| {component} | {task.cpu} | {task.memory} | {statistics.median(seconds):.0f}"
            f" | {min(seconds):.0f} - {max(seconds):.0f} | {statistics.median(one.cpu for one in each):.1f}"
            f" | {max(one.own for one in each):.0f} | {max(one.peak for one in each):.0f} |"
        )
