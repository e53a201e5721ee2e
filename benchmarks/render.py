"""A cold render: a new process that reads service.yml and writes every template."""

import statistics
import sys
import tempfile
from collections.abc import Iterator

from benchmarks.measuring import head, row, run

RUNS = 11


def measure() -> Iterator[str]:
    floor = [sys.executable, "-c", "import boto3"]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "deployer", "render", "--environment", "dev", "--out"]
        # Turn by turn, so that a busy moment of the machine falls on both.
        pairs = [(run(floor), run([*command, f"{folder}/{number}"])) for number in range(RUNS)]
    beside = statistics.median(each.seconds for each, _ in pairs)
    yield from head("importing boto3")
    yield row("importing boto3", [each for each, _ in pairs], beside)
    yield row("render", [each for _, each in pairs], beside)
