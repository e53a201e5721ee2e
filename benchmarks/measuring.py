"""Run a command, and know how long it took and how much memory it and its children had at most."""

import json
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.matrix import options

CHECKOUT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Run:
    """One run of a command: wall time in seconds, largest resident set of its processes in MiB."""

    seconds: float
    memory: float


@contextmanager
def fresh_clone() -> Iterator[Path]:
    """A clone of what is committed, in a folder that the database's user may enter too; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="airflow-bench-"))
    folder.chmod(0o755)
    checkout = folder / "airflow"
    try:
        subprocess.run(["git", "clone", "--quiet", str(CHECKOUT), str(checkout)], check=True)
        yield checkout
    finally:
        shutil.rmtree(folder)


def run(command: Sequence[str], folder: Path = CHECKOUT, variables: Mapping[str, str] | None = None) -> Run:
    """Run a command to its end; CalledProcessError, with what it said, when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, said.decode(errors="replace"))
    return Run(seconds, _mebibytes(usage))


def everything_on(file: Path) -> Path:
    """Write settings with everything that can be had, for the environment dev, and return the file."""
    data = {**options.everything_on(), "environments": {"dev": {}}}
    del data["environment"]
    file.write_text(json.dumps(data, indent=2), encoding="utf-8")
    return file


def row(name: str, runs: Sequence[Run], beside: float | None = None) -> str:
    """A row of a table: median and range, memory, and the ratio to a median measured beside it."""
    seconds = [each.seconds for each in runs]
    median = statistics.median(seconds)
    ratio = f"{median / beside:.2f}" if beside else ""
    memory = max(each.memory for each in runs)
    return f"| {name} | {len(runs)} | {median:.2f} | {min(seconds):.2f} - {max(seconds):.2f} | {memory:.0f} | {ratio} |"


def head(beside: str) -> Iterator[str]:
    """The table's head; `beside` names what the ratios refer to."""
    yield f"| what | runs | median s | range s | MiB at most | ratio to {beside} |"
    yield "|---|---|---|---|---|---|"


def _mebibytes(usage: resource.struct_rusage) -> float:
    """Linux counts in KiB, macOS in bytes."""
    return usage.ru_maxrss / (2**20 if os.uname().sysname == "Darwin" else 2**10)
