"""A cold render: a new process that reads service.yml and writes every template."""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import everything_on, head, row, run

RUNS = 11


def measure() -> Iterator[str]:
    floor = [sys.executable, "-c", "import boto3"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "deployer", "render", "--environment", "dev"]
        everything = ["--settings", str(everything_on(folder / "service.yml"))]
        # Turn by turn, so that a busy moment of the machine falls on all.
        rounds = [
            (
                run(floor),
                run([*command, "--out", f"{folder}/shipped-{number}"]),
                run([*command, *everything, "--out", f"{folder}/everything-{number}"]),
            )
            for number in range(RUNS)
        ]
    beside = statistics.median(first.seconds for first, _, _ in rounds)
    yield from head("importing boto3")
    for index, what in enumerate(("importing boto3", "render dev", "render everything on")):
        yield row(what, [each[index] for each in rounds], beside)
