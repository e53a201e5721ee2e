"""Runs a small cluster of Python programs: `python -m tests.local.runner.small_cluster <checkout> <tasks as JSON>`."""

import json
import sys
from functools import partial
from pathlib import Path

from rich.console import Console

from local.errors import LocalError
from local.layout import Layout
from local.locks import alone
from local.runner.as_processes import AsProcesses
from local.runner.definitions import Deployed, HealthCheck, ServiceTask
from local.runner.environment import Machine
from local.runner.processes import Processes
from local.runner.records import Records
from local.runner.run import run_here

AWS = "aws-is-alive"  # a file in the checkout: as long as it is there, so is the embedded AWS


def main(checkout: Path, described: list[dict[str, str]]) -> int:
    tasks = tuple(
        ServiceTask(
            service=one["name"],
            component=one["name"],
            entry_point=(sys.executable, "-c"),
            command=(one["program"],),
            health=HealthCheck(("CMD-SHELL", one["check"]), interval=0.2, timeout=60, retries=9)
            if "check" in one
            else None,
            stop_timeout=float(one.get("stop_timeout", 60)),
            ports=(int(one["port"]),) if "port" in one else (),
        )
        for one in described
    )
    machine = Machine.this(Path(sys.executable), checkout, {})
    console = Console(file=sys.stdout, force_terminal=False)
    try:
        ready = partial(console.print, "READY")
        layout = Layout(checkout)
        with alone(layout.run):
            alive = partial(Path.exists, checkout / AWS)
            place = AsProcesses(machine, Processes(Records(layout.run / "processes")))
            return run_here(layout, Deployed(tasks), place, console, ready, alive, longest_pause=0.1)
    except LocalError as error:
        console.print(f"ERROR {error}", markup=False, soft_wrap=True)
        return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), json.loads(sys.argv[2])))
