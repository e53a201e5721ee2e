"""Settings of the components: the size of their tasks, how many there are, and how their number follows the load."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from generator.config.fields import NAME, Change, Line, Port, Section, setting

# Fargate's sizes: CPU units -> memory in MiB (Linux).
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
FARGATE_MEMORY: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
    8192: tuple(range(16384, 61441, 4096)),
    16384: tuple(range(32768, 122881, 8192)),
}
CPU = "CPU units of a task; 1024 is one vCPU."
MEMORY = "Memory of a task, in MiB."
CPU_COST = "billed by vCPU and second"
MEMORY_COST = "billed by GB and second"
COUNT_COST = "each task costs its CPU and memory"
COUNT = "Tasks after the first deploy; without it, autoscaling's minimum or one. Afterwards autoscaling says."
FOLLOWS = "How their number follows the load; none: it stays."
# With a prefix before it: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
QUEUE = r"^[A-Za-z0-9_-]{1,40}$"


class Tracking(Section):
    """Keep one measure of a service near a target by changing the number of its tasks."""

    target: int = setting(..., "Per cent of what the tasks have, on average.", Change.IN_PLACE, ge=10, le=95)
    scale_in_cooldown: int = setting(300, "Seconds between two steps down.", Change.IN_PLACE, ge=0, le=86400)
    scale_out_cooldown: int = setting(60, "Seconds between two steps up.", Change.IN_PLACE, ge=0, le=86400)


class Autoscaling(Section):
    """How the number of a component's tasks follows the load (Application Auto Scaling)."""

    min_capacity: int = setting(1, "Fewest tasks.", Change.IN_PLACE, COUNT_COST, ge=0, le=1000)
    max_capacity: int = setting(..., "Most tasks.", Change.IN_PLACE, COUNT_COST, ge=1, le=1000)
    cpu: Tracking | None = Field(None, description="Follow the CPU in use.")
    memory: Tracking | None = Field(None, description="Follow the memory in use.")


class WorkersAutoscaling(Autoscaling):
    """As every autoscaling; Airflow's parallelism follows the most workers that there may be."""

    max_capacity: int = setting(..., "Most tasks.", Change.RESTART, COUNT_COST, ge=1, le=1000)


class SchedulerAutoscaling(Autoscaling):
    """As every autoscaling; the slots of all workers are shared out among the fewest schedulers that there may be."""

    min_capacity: int = setting(1, "Fewest tasks.", Change.RESTART, COUNT_COST, ge=0, le=1000)


class Task(Section):
    """The size of one component's Fargate task, and how many there are."""

    cpu: int = setting(256, CPU, Change.RESTART, CPU_COST)
    memory: int = setting(1024, MEMORY, Change.RESTART, MEMORY_COST)
    desired_count: int | None = setting(None, COUNT, Change.FIRST, COUNT_COST, ge=0, le=1000)
    autoscaling: Autoscaling | None = Field(None, description=FOLLOWS)

    @model_validator(mode="after")
    def _fits_fargate(self) -> "Task":
        sizes = FARGATE_MEMORY.get(self.cpu)
        if sizes is None:
            raise ValueError(f"cpu {self.cpu} is not a Fargate size; use one of {tuple(FARGATE_MEMORY)}")
        if self.memory not in sizes:
            raise ValueError(f"memory {self.memory} does not go with cpu {self.cpu}; use one of {sizes}")
        return self

    @property
    def fewest(self) -> int:
        """Fewest tasks that run."""
        return self.autoscaling.min_capacity if self.autoscaling else self.first

    @property
    def first(self) -> int:
        """Tasks after the first deploy."""
        if self.desired_count is not None:
            return self.desired_count
        return self.autoscaling.min_capacity if self.autoscaling else 1

    @property
    def most(self) -> int:
        """Most tasks that run."""
        return self.autoscaling.max_capacity if self.autoscaling else self.first


class Webserver(Task):
    """Airflow's API server, which serves the web interface too."""

    port: Port = setting(8080, "Port of the API server inside the network.", Change.INTERRUPTION)
    # It takes some 26 CPU seconds until it is healthy, five of them in its first answer: too long on a quarter of one.
    cpu: int = setting(512, CPU, Change.RESTART, CPU_COST)


class Scheduler(Task):
    """Airflow's scheduler, which says what is to run when."""

    desired_count: int | None = setting(None, COUNT, Change.RESTART, COUNT_COST, ge=0, le=1000)
    autoscaling: SchedulerAutoscaling | None = Field(None, description=FOLLOWS)


class DagProcessor(Task):
    """Airflow's DAG processor, which reads the DAGs."""


class Triggerer(Task):
    """Airflow's triggerer, which waits for what deferred tasks wait for."""

    port: Port = setting(8794, "Port of its log server inside the network.", Change.RESTART)


class Statement(Section):
    """One statement of an IAM policy, always an allowance."""

    actions: list[Annotated[str, Field(pattern=r"^[a-z0-9-]+:[A-Za-z0-9*?]+$")]] = setting(
        ..., "What is allowed, as `s3:GetObject`.", Change.IN_PLACE, min_length=1
    )
    resources: list[Line] = setting(
        ..., "On what: ARNs; `${AWS::Partition}`, `${AWS::Region}` and `${AWS::AccountId}` are filled in.",
        Change.IN_PLACE, min_length=1,
    )  # fmt: skip


class TaskPolicies(Section):
    """What the users' own code may do in AWS."""

    managed: list[Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/\S+$|^[\w+=,.@/-]+$")]] = (
        setting(
            [],
            "Managed policies: ARNs; a name alone is AWS's own policy, as `AmazonAthenaFullAccess`.",
            Change.IN_PLACE,
            max_length=9,
        )
    )
    statements: list[Statement] = Field([], description="Statements of an inline policy.")


class Workers(Task):
    """Celery workers, which run the tasks."""

    port: Port = setting(8793, "Port of their log server inside the network.", Change.RESTART)
    cpu: int = setting(512, CPU, Change.RESTART, CPU_COST)
    memory: int = setting(2048, MEMORY, Change.RESTART, MEMORY_COST)
    desired_count: int | None = setting(None, COUNT, Change.RESTART, COUNT_COST, ge=0, le=1000)
    autoscaling: WorkersAutoscaling | None = Field(None, description=FOLLOWS)
    concurrency: int = setting(4, "Tasks that one worker runs side by side (its slots).", Change.RESTART, ge=1, le=256)
    queue: str = setting("default", "The queue whose tasks they run.", Change.RESTART, pattern=QUEUE)


class WorkerGroup(Workers):
    """More workers, with a queue of their own."""

    queue: str = setting(
        "",
        "The queue whose tasks they run; empty: the group's name.",
        Change.RESTART,
        pattern=rf"{QUEUE}|^$",
        examples=["heavy"],
    )
    task_policies: TaskPolicies = Field(
        TaskPolicies(), description="What this group may do beside airflow.taskPolicies."
    )


class Flower(Task):
    """Flower, Celery's own web interface: only on request, and behind a password."""

    enabled: bool = setting(False, "Run it.", Change.IN_PLACE, "one more task")
    port: Port = setting(5555, "Its port, inside the network and on the load balancer.", Change.INTERRUPTION)
    memory: int = setting(512, MEMORY, Change.RESTART, MEMORY_COST)


class Hours(Section):
    """When Airflow runs, where it need not run day and night; outside of it no task is up, and the data stays."""

    start: str = setting("07:00", "When everything starts.", Change.IN_PLACE, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    stop: str = setting("20:00", "When everything stops.", Change.IN_PLACE, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    days: str = setting(
        "MON-FRI",
        "Days on which it starts, as in cron.",
        Change.IN_PLACE,
        pattern=r"^(MON|TUE|WED|THU|FRI|SAT|SUN)([-,](MON|TUE|WED|THU|FRI|SAT|SUN))*$",
    )
    timezone: str = setting(
        "UTC", "The clock of these times, as Europe/Berlin.", Change.IN_PLACE, pattern=r"^[A-Za-z]+(/[A-Za-z0-9_+-]+)*$"
    )


GroupName = Annotated[str, Field(pattern=NAME, max_length=20)]
Architecture = Literal["x86_64", "arm64"]
Spot = Literal["none", "workers", "all"]
