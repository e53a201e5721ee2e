"""The image: built whole, built again after a change of one DAG, by either builder; and its size against its base's."""

import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import CHECKOUT, Run, head, row, run
from tests.containers.base import have_base
from tests.containers.conftest import BUILD_OPTIONS
from tests.containers.engine import Engine, missing, private_engine

ROUNDS = 5
BUILDERS = {"classic builder": "0", "BuildKit": "1"}
DAG = "from airflow.sdk import DAG\n\nDAG('another_{}')\n"
_MADE_OF = ("docker", "plugins", "dags")


def measure() -> Iterator[str]:
    if lacking := missing():
        yield f"not measured: {lacking}"
        return
    with private_engine() as engine, tempfile.TemporaryDirectory() as name:
        base = have_base(engine)
        folder = Path(name)
        for part in _MADE_OF:
            shutil.copytree(CHECKOUT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        rounds = [_round(engine, folder, number) for number in range(ROUNDS)]
        sizes = [int(engine.run("image", "inspect", "--format", "{{.Size}}", each).stdout) for each in (base, "bench")]
    yield from head("the DAG-only change, BuildKit")
    beside = statistics.median(each["DAG-only change, BuildKit"].seconds for each in rounds)
    for what in rounds[0]:
        yield row(what, [each[what] for each in rounds], beside)
    yield ""
    yield "| image | MB | more than its base |"
    yield "|---|---|---|"
    yield f"| stand-in for the official image | {sizes[0] / 1e6:.0f} | |"
    yield f"| the project's | {sizes[1] / 1e6:.0f} | {(sizes[1] - sizes[0]) / 1e6:.1f} |"


def _round(engine: Engine, folder: Path, number: int) -> dict[str, Run]:
    """Every way once: whole without a cache, then with one DAG more."""
    seen = {}
    for name, builder in BUILDERS.items():
        variables = engine.environment | {"DOCKER_BUILDKIT": builder}
        command = ["docker", "build", *BUILD_OPTIONS.split(), "--file", "docker/Dockerfile", "--tag", "bench"]
        seen[f"full build, {name}"] = run([*command, "--no-cache", "."], folder, variables)
        (folder / "dags" / "another.py").write_text(DAG.format(f"{builder}_{number}"))
        seen[f"DAG-only change, {name}"] = run([*command, "."], folder, variables)
    return seen
