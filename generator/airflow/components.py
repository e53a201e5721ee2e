"""The catalogue of Airflow's components: what each runs, listens on and is checked by, and the size the user chose."""

from collections.abc import Sequence
from dataclasses import dataclass

from generator.config.settings import Settings, Task

# Where the log servers listen: Airflow's own defaults.
# https://airflow.apache.org/docs/apache-airflow/stable/configurations-ref.html
WORKER_LOG_PORT = 8793
TRIGGERER_LOG_PORT = 8794


@dataclass(frozen=True)
class HealthCheck:
    """How ECS asks a container whether it is well. All times in seconds."""

    command: tuple[str, ...]
    interval: int = 30
    timeout: int = 20
    retries: int = 3
    start_period: int = 300


@dataclass(frozen=True)
class Component:
    """One kind of Airflow process: what is true of it anywhere, and what the user chose for it.

    `port` is the one it listens on; with `serves_tasks` the other components reach it there (execution API, logs of
    running tasks). The one that `migrates` brings the database to this Airflow's version and makes the first user.
    """

    name: str
    title: str
    arguments: tuple[str, ...]
    port: int | None
    cpu: int
    memory: int
    serves_tasks: bool = False
    migrates: bool = False

    @property
    def command(self) -> list[str]:
        """The container's command: whose variables to check, then what to run."""
        return [self.name, "airflow", *self.arguments]

    @property
    def health_check(self) -> HealthCheck:
        """Cheap on a quarter of a vCPU: `airflow jobs check` takes ten seconds of one there."""
        return HealthCheck(("CMD", "python", "-m", "airflow_runtime.health", self.name))


def components(settings: Settings) -> Sequence[Component]:
    """Every component that these settings run, in the order in which people look at them."""
    service = settings.service
    port = service.webserver.port
    api_server = ("api-server", "--proxy-headers", "--port", str(port))
    return (
        _component("webserver", "Webserver", api_server, port, service.webserver, serves_tasks=True, migrates=True),
        _component("scheduler", "Scheduler", ("scheduler",), None, service.scheduler),
        _component("dag-processor", "DagProcessor", ("dag-processor",), None, service.dag_processor),
        _component("triggerer", "Triggerer", ("triggerer",), TRIGGERER_LOG_PORT, service.triggerer, serves_tasks=True),
        _component("workers", "Workers", ("celery", "worker"), WORKER_LOG_PORT, service.workers, serves_tasks=True),
    )


def _component(
    name: str,
    title: str,
    arguments: tuple[str, ...],
    port: int | None,
    task: Task,
    *,
    serves_tasks: bool = False,
    migrates: bool = False,
) -> Component:
    return Component(name, title, arguments, port, task.cpu, task.memory, serves_tasks, migrates)
