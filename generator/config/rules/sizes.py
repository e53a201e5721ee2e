"""Rules of the components: how many there are, whether they fit their work, and when they run."""

from generator.config.findings import Found, Level, rule
from generator.config.rules.tasks import slots, tasks, workers
from generator.config.settings import Settings
from generator.config.source import KeyPath
from generator.config.tasks import Hours

# Measured (docs/evidence.md): a busy worker of four slots takes 950 MiB, 120 of them for each slot.
MIB_A_SLOT = 120
MIB_A_WORKER = 950 - 4 * MIB_A_SLOT
# Measured (docs/evidence.md): it starts in 24 CPU seconds; on 256 units its first answer outlasts the health check.
WEBSERVER_CPU = 512
# From nothing to a ready worker, in seconds: the alarm that scales out reads three minutes, Fargate's start with the
# image's pull takes one or two (estimated), and the worker 10 CPU seconds (docs/evidence.md) on half a vCPU.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
START_FROM_ZERO = 180 + 120 + 20
WITHOUT_IT = "without it Airflow stands still"


@rule(Level.ERROR)
def counts_out_of_order(settings: Settings) -> Found:
    """Not minCapacity <= desiredCount <= maxCapacity."""
    for path, task in tasks(settings).items():
        if scaling := task.autoscaling:
            if scaling.min_capacity > scaling.max_capacity:
                what = f"{scaling.min_capacity} is more than maxCapacity ({scaling.max_capacity}); swap them"
                yield (*path, "autoscaling", "minCapacity"), what
            elif not scaling.min_capacity <= task.first <= scaling.max_capacity:
                between = f"between {scaling.min_capacity} and {scaling.max_capacity}"
                yield (*path, "desiredCount"), f"{task.first} is not {between}, as autoscaling says; write one that is"


@rule(Level.WARNING)
def autoscaling_follows_nothing(settings: Settings) -> Found:
    """Autoscaling has a range and no measure to follow."""
    for path, task in tasks(settings).items():
        scaling = task.autoscaling
        if scaling and scaling.max_capacity > scaling.min_capacity and not (scaling.cpu or scaling.memory):
            yield (*path, "autoscaling"), "nothing moves the number of tasks; add `cpu: {target: 70}` or the like"


@rule(Level.WARNING)
def never_woken(settings: Settings) -> Found:
    """A group of workers may shrink to none, and nothing brings the first one back."""
    for path, group in workers(settings).items():
        if group.most == 0:
            yield (*path, "desiredCount"), f"no worker ever takes a task of queue {group.queue}; write 1 or more"
        elif group.fewest == 0:
            what = "from none no worker comes back: without one there is no CPU to measure; write 1 or more"
            yield (*path, "autoscaling", "minCapacity"), what


@rule(Level.WARNING)
def component_absent(settings: Settings) -> Found:
    """No task of a component runs, without which Airflow stands still."""
    for path, task in tasks(settings).items():
        if task.fewest == 0 and path not in workers(settings) and path[-1] != "flower":
            key = ("autoscaling", "minCapacity") if task.autoscaling else ("desiredCount",)
            yield (*path, *key), f"0 means that at times no {path[-1]} runs, and {WITHOUT_IT}; write 1 or more"


@rule(Level.WARNING)
def slots_outgrow_memory(settings: Settings) -> Found:
    """A worker's slots, all busy, need more memory than it has: about 120 MiB each, and 470 for itself."""
    for path, group in workers(settings).items():
        needed = MIB_A_WORKER + MIB_A_SLOT * group.concurrency
        if needed > group.memory:
            fitting = max(1, (group.memory - MIB_A_WORKER) // MIB_A_SLOT)
            what = f"{group.concurrency} busy slots need about {needed} MiB, and there are {group.memory}"
            yield (*path, "concurrency"), f"{what}; write {fitting}, or more memory"


@rule(Level.WARNING)
def webserver_slow(settings: Settings) -> Found:
    """A quarter of a vCPU is too little for the web server to answer its health check in time."""
    if settings.service.webserver.cpu < WEBSERVER_CPU:
        what = f"it needs some 25 CPU seconds until it is healthy, and is taken for dead before; write {WEBSERVER_CPU}"
        yield ("service", "webserver", "cpu"), what


@rule(Level.WARNING)
def parallelism_differs(settings: Settings) -> Found:
    """airflow.parallelism, which every scheduler has for itself, is not the number of slots."""
    wanted = settings.airflow.parallelism
    if wanted is None:
        return
    there, together = slots(settings), wanted * max(1, settings.service.scheduler.most)
    if together < there:
        what = f"{together} tasks at once leave {there - together} of {there} slots idle"
    elif together > there:
        what = f"{together} tasks at once, and {there} slots: the others wait, and fail after airflow.taskQueuedTimeout"
    else:
        return
    yield ("airflow", "parallelism"), f"{what}; remove it, and it follows the slots"


@rule(Level.WARNING)
def queued_too_short(settings: Settings) -> Found:
    """A task fails before a worker can have started for it."""
    given = settings.airflow.task_queued_timeout
    if given < START_FROM_ZERO:
        what = f"{given} seconds end before a new worker is ready (about {START_FROM_ZERO})"
        yield ("airflow", "taskQueuedTimeout"), f"{what}; write {START_FROM_ZERO} or more"


@rule(Level.ERROR)
def hours_backwards(settings: Settings) -> Found:
    """Airflow would stop before it starts, as both are times of one day."""
    hours = settings.service.hours
    if hours and hours.start >= hours.stop:
        what = f"{hours.stop} is not after start ({hours.start}); both are times of one day"
        yield ("service", "hours", "stop"), what


@rule(Level.ERROR)
def days_backwards(settings: Settings) -> Found:
    """A range of days runs backwards, which cron does not know."""
    week = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
    for part in (settings.service.hours or Hours()).days.split(","):
        first, _, last = part.partition("-")
        if last and week.index(first) > week.index(last.partition("-")[0]):
            yield ("service", "hours", "days"), f"{part} runs backwards: the week begins with SUN; write the days"


@rule(Level.NOTE)
def hours_fail_waiting_tasks(settings: Settings) -> Found:
    """Tasks that wait for a worker when Airflow stops for the night have waited too long when it starts again."""
    if settings.service.hours:
        what = "tasks that wait for a worker at the stop are failed at the next start, and retried if they may be"
        yield ("service", "hours"), what


@rule(Level.WARNING)
def spot_in_production(settings: Settings) -> Found:
    """In production every component may be taken back by AWS after two minutes."""
    if settings.service.spot == "all" and is_production(settings):
        what = "AWS may take the scheduler and the web server back at any time; write workers, or none"
        yield ("service", "spot"), what


@rule(Level.WARNING)
def hours_in_production(settings: Settings) -> Found:
    """Production stops at night."""
    if settings.service.hours and is_production(settings):
        yield ("service", "hours"), "production stands still outside of these hours; write `hours: null` there"


def is_production(settings: Settings) -> bool:
    """Whether the environment's name says that people rely on it."""
    return settings.environment.startswith(("prod", "prd", "live"))


def same_queue(settings: Settings) -> dict[str, list[KeyPath]]:
    """Groups of workers by the queue they serve."""
    served: dict[str, list[KeyPath]] = {}
    for path, group in workers(settings).items():
        served.setdefault(group.queue, []).append(path)
    return served


@rule(Level.NOTE)
def queue_shared(settings: Settings) -> Found:
    """Several groups of workers serve one queue: any of them may take a task of it."""
    for queue, paths in same_queue(settings).items():
        for path in paths[1:]:
            what = f"serves queue {queue}, as {'.'.join(map(str, paths[0]))} does: either may take a task of it"
            yield path, what


@rule(Level.WARNING)
def scale_in_ends_tasks(settings: Settings) -> Found:
    """Workers come and go with the load, and what runs on one that goes has two minutes to end.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html (stopTimeout)
    """
    for path, group in workers(settings).items():
        scaling = group.autoscaling
        if scaling and (scaling.cpu or scaling.memory) and scaling.min_capacity < scaling.max_capacity:
            what = "a worker that goes has 120 seconds: longer tasks are ended then, and retried if they may be"
            yield (*path, "autoscaling"), what


@rule(Level.WARNING)
def log_port_differs(settings: Settings) -> Found:
    """A group of workers has a log port of its own, and the web server asks every worker at one port."""
    usual = settings.service.workers.port
    for path, group in workers(settings).items():
        if group.port != usual:
            what = f"the web server asks for logs of running tasks at service.workers.port ({usual}) alone; remove it"
            yield (*path, "port"), what
