"""The catalogue of Airflow's components: what each runs, needs and is checked by, and the size the user chose."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from generator.airflow.reserved import SECRET_VARIABLES
from generator.config.settings import Settings
from generator.config.tasks import Task, TaskPolicies, WorkerGroup, Workers
from generator.logical_ids import logical_id

DATABASE, BROKER = "database", "broker"
LONGEST_MIGRATION = 900  # seconds that the database's migration may take


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
    """One kind of Airflow process: what is true of it anywhere, and what the user chose for it (`task`).

    `kind` is what the image's entrypoint knows it by; all groups of workers are of one kind. `port` is the one it
    listens on. Everything that stacks make for it (its security group, its roles, its task definition, what it costs)
    follows from what is said of it here.
    """

    name: str
    kind: str
    arguments: tuple[str, ...]
    task: Task
    port: int | None = None
    reaches: frozenset[str] = frozenset()
    """What it connects to: the database, the broker, or kinds of components."""
    secrets: frozenset[str] = frozenset()
    """Variables that it gets from Secrets Manager."""
    sends_to: frozenset[str] = frozenset()
    """Queues that it puts tasks into."""
    receives_from: frozenset[str] = frozenset()
    """Queues that it takes tasks from."""
    task_logs: Literal["", "reads", "writes"] = ""
    """What it does with the logs of tasks; who writes them to S3 continues one that is there, and so reads it, too."""
    looks_up: bool = False
    """Whether it looks up connections and variables for users' code."""
    runs_users_code: bool = False
    """Whether it may connect to more than it reaches."""
    task_policies: tuple[TaskPolicies, ...] = ()
    """What users' code in it may do in AWS."""
    migrates: bool = False
    """Whether it brings the database to this Airflow's version and makes the first user."""
    found_by_name: bool = False
    """Whether others find it by a private name; those without one are told by their address."""
    measures: bool = False
    """Whether what the alarms watch is measured beside it."""
    in_front: bool = False
    """Whether people reach it through the load balancer."""
    health_path: str = ""
    """What the load balancer asks of one that is in front, to know whether it is well."""

    @property
    def title(self) -> str:
        """Its name in logical ids: `DagProcessor`."""
        return logical_id(self.name)

    @property
    def command(self) -> list[str]:
        """The container's command: whose variables to check, then what to run."""
        return [self.kind, "airflow", *self.arguments]

    @property
    def health_check(self) -> HealthCheck:
        """Cheap on a quarter of a vCPU: `airflow jobs check` takes ten seconds of one there."""
        return HealthCheck(("CMD", "python", "-m", "airflow_runtime.health", self.kind))

    @property
    def grace_period(self) -> int:
        """Seconds from its start in which nobody acts on failed health checks, where a load balancer asks, too.

        They cover a migration, which the most that a health check of its own can wait for (300 s) may not.
        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
        """
        return LONGEST_MIGRATION if self.migrates else self.health_check.start_period


def components(settings: Settings) -> Sequence[Component]:
    """Every component that these settings run, in the order in which people look at them.

    What runs users' code is given no more secrets than it cannot do without: whoever has the JWT secret can pass for
    any user, and a task can read its worker's environment. With SQS there is no broker to connect to, and no token.
    """
    every = [
        _webserver(settings),
        _scheduler(settings),
        _dag_processor(settings),
        _triggerer(settings),
        *(_workers(name, group, settings) for name, group in settings.worker_groups.items()),
        *([_flower(settings)] if settings.service.flower.enabled else []),
    ]
    return [_without_broker(one) for one in every] if settings.celery_backend.sqs else every


def _webserver(settings: Settings) -> Component:
    """Airflow's API server. It measures, since it is there whenever Airflow is meant to run."""
    task = settings.service.webserver
    return Component(
        "webserver",
        "webserver",
        ("api-server", "--proxy-headers", "--port", str(task.port)),
        task,
        task.port,
        reaches=frozenset({DATABASE, "workers", "triggerer"}),
        secrets=_secrets("AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__API__SECRET_KEY", "ADMIN_PASSWORD"),
        task_logs="reads",
        looks_up=True,
        migrates=True,
        found_by_name=True,
        measures=True,
        in_front=True,
        health_path="/api/v2/version",
    )


def _scheduler(settings: Settings) -> Component:
    return Component(
        "scheduler",
        "scheduler",
        ("scheduler",),
        settings.service.scheduler,
        reaches=frozenset({DATABASE, BROKER}),
        secrets=_secrets("BROKER_TOKEN", "AIRFLOW__API_AUTH__JWT_SECRET"),
        sends_to=frozenset(group.queue for group in settings.worker_groups.values()),
    )


def _dag_processor(settings: Settings) -> Component:
    return Component(
        "dag-processor",
        "dag-processor",
        ("dag-processor",),
        settings.service.dag_processor,
        reaches=frozenset({DATABASE}),
        secrets=_secrets(),
        looks_up=True,
        runs_users_code=True,
    )


def _triggerer(settings: Settings) -> Component:
    task = settings.service.triggerer
    return Component(
        "triggerer",
        "triggerer",
        ("triggerer",),
        task,
        task.port,
        reaches=frozenset({DATABASE}),
        secrets=_secrets("AIRFLOW__API__SECRET_KEY"),
        task_logs="writes",
        looks_up=True,
        runs_users_code=True,
        task_policies=(settings.airflow.task_policies,),
    )


def _workers(name: str, group: Workers, settings: Settings) -> Component:
    """A group of workers. They reach the database, too: Celery's results are there."""
    own = (group.task_policies,) if isinstance(group, WorkerGroup) else ()
    return Component(
        name,
        "workers",
        ("celery", "worker", "--queues", group.queue),
        group,
        group.port,
        reaches=frozenset({DATABASE, BROKER, "webserver"}),
        secrets=_secrets("BROKER_TOKEN", "AIRFLOW__API__SECRET_KEY"),
        receives_from=frozenset({group.queue}),
        task_logs="writes",
        looks_up=True,
        runs_users_code=True,
        task_policies=(settings.airflow.task_policies, *own),
    )


def _flower(settings: Settings) -> Component:
    """Celery's own web interface, which sees the broker and nothing of Airflow."""
    task = settings.service.flower
    return Component(
        "flower",
        "flower",
        ("celery", "flower"),
        task,
        task.port,
        reaches=frozenset({BROKER}),
        secrets=frozenset({"BROKER_TOKEN", "FLOWER_PASSWORD"}),
        in_front=True,
        health_path="/healthcheck",
    )


def _secrets(*more: str) -> frozenset[str]:
    """Return what every component of Airflow gets, and `more`."""
    return frozenset({"DATABASE_PASSWORD", "FERNET_KEY", *more})


def _without_broker(component: Component) -> Component:
    return replace(component, reaches=component.reaches - {BROKER}, secrets=component.secrets - {"BROKER_TOKEN"})


def secret_names(settings: Settings) -> list[str]:
    """Names of the secrets that these settings need, in order of name."""
    return sorted({SECRET_VARIABLES[variable][0] for one in components(settings) for variable in one.secrets})
