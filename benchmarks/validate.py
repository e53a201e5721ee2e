"""airflow-validate: settings, templates and cfn-lint, as the command line runs them."""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import everything_on, head, row, run

RUNS = 5


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "deployer", "validate", "--environment", "dev", "--region", "us-east-1"]
        everything = ["--settings", str(everything_on(folder / "service.yml"))]
        rounds = [
            (
                run([*command, "--out", f"{folder}/shipped"]),
                run([*command, *everything, "--out", f"{folder}/everything"]),
            )
            for _ in range(RUNS)
        ]
    beside = statistics.median(first.seconds for first, _ in rounds)
    yield from head("validate dev")
    for index, what in enumerate(("validate dev", "validate everything on")):
        yield row(what, [each[index] for each in rounds], beside)
