"""The deployer against the AWS inside the machine: a first deploy, one without a change, and the way back."""

import statistics
from collections.abc import Iterator

from benchmarks.measuring import fresh_clone, head, row, run

ROUNDS = 3
CHOICE = ["--environment", "local", "--yes"]


def measure() -> Iterator[str]:
    with fresh_clone() as checkout:  # whoever measures may have a deployment in this one
        deployer = [str(checkout / ".venv" / "bin" / "python"), "-m", "deployer"]
        run(["make", ".venv/ready"], checkout)
        run([*deployer, "deploy", *CHOICE], checkout)  # the emulator is installed once
        run([*deployer, "destroy", *CHOICE], checkout)
        rounds = [
            (
                run([*deployer, "deploy", *CHOICE], checkout),
                run([*deployer, "deploy", *CHOICE], checkout),
                run([*deployer, "destroy", *CHOICE], checkout),
            )
            for _ in range(ROUNDS)
        ]
    beside = statistics.median(first.seconds for first, _, _ in rounds)
    yield from head("the first deploy")
    for index, name in enumerate(("first deploy, emulator's start included", "deploy without a change", "destroy")):
        yield row(name, [each[index] for each in rounds], beside)
