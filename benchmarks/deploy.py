"""The deployer against the AWS inside the machine: a first deploy, one without a change, and the way back."""

import statistics
import sys
from collections.abc import Iterator

from benchmarks.measuring import head, row, run

ROUNDS = 3
DEPLOYER = [sys.executable, "-m", "deployer"]
CHOICE = ["--environment", "local", "--yes"]


def measure() -> Iterator[str]:
    run([*DEPLOYER, "destroy", *CHOICE])
    rounds = []
    for _ in range(ROUNDS):
        first = run([*DEPLOYER, "deploy", *CHOICE])
        unchanged = run([*DEPLOYER, "deploy", *CHOICE])
        rounds.append((first, unchanged, run([*DEPLOYER, "destroy", *CHOICE])))
    beside = statistics.median(first.seconds for first, _, _ in rounds)
    yield from head("the first deploy")
    for index, name in enumerate(("first deploy, emulator's start included", "deploy without a change", "destroy")):
        yield row(name, [each[index] for each in rounds], beside)
