"""Tasks as processes of this machine: no container engine is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.runner.container import Unit
from local.runner.definitions import Deployed, ServiceTask
from local.runner.environment import Machine, process_environment
from local.runner.health import EAGER
from local.runner.processes import Process, Processes

IMAGE_ENTRY_POINT = ("-m", "airflow_runtime.entrypoint")  # what docker/Dockerfile starts with Python


@dataclass(frozen=True)
class AsProcesses:
    """Runs tasks with the Python of Airflow's virtual environment."""

    machine: Machine
    processes: Processes
    eager: float = EAGER

    def prepare(self, task: ServiceTask, deployed: Deployed, name: str, folder: Path) -> Unit:
        """Make a home with the DAGs in it, and say what to start there."""
        home = folder / "home"
        home.mkdir()
        (home / "dags").symlink_to(self.machine.checkout / "dags")
        entry_point = task.entry_point or (str(self.machine.python), *IMAGE_ENTRY_POINT)
        return Unit(
            name=name,
            arguments=(*entry_point, *task.command),
            environment=process_environment(task, deployed, self.machine, home),
            folder=folder,
            home=home,
            health=task.health,
            stop_timeout=task.stop_timeout,
            secrets=tuple(task.secrets.values()),
        )

    def start(self, unit: Unit) -> Process:
        """Start it in a session of its own."""
        return self.processes.start(unit.arguments, unit.environment, unit.home, unit.log)

    def check(self, unit: Unit, arguments: Sequence[str]) -> Process:
        """Start a check in the same environment."""
        return self.processes.start(arguments, unit.environment, unit.home, unit.health_log)
