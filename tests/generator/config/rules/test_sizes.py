"""Rules of the components: each speaks of its key and says what to write."""

import pytest

from tests.generator.config.rules.shown import PROD, SCALED, Shown, airflow, service, speaks

SHOWN: list[Shown] = [
    (
        "counts-out-of-order",
        service(workers={"autoscaling": SCALED | {"minCapacity": 5}}),
        "service.workers.autoscaling.minCapacity",
        "5 is more than maxCapacity (4)",
    ),
    (
        "counts-out-of-order",
        service(webserver={"desiredCount": 1, "autoscaling": SCALED}),
        "service.webserver.desiredCount",
        "between 2 and 4",
    ),
    (
        "autoscaling-follows-nothing",
        service(workers={"autoscaling": {"maxCapacity": 4}}),
        "service.workers.autoscaling",
        "cpu: {target: 70}",
    ),
    (
        "never-woken",
        service(workers={"autoscaling": SCALED | {"minCapacity": 0}}),
        "service.workers.autoscaling.minCapacity",
        "from none no worker comes back",
    ),
    (
        "never-woken",
        service(workerGroups={"big": {"desiredCount": 0}}),
        "service.workerGroups.big.desiredCount",
        "queue big",
    ),
    ("component-absent", service(scheduler={"desiredCount": 0}), "service.scheduler.desiredCount", "no scheduler runs"),
    (
        "component-absent",
        service(webserver={"autoscaling": SCALED | {"minCapacity": 0}}),
        "service.webserver.autoscaling.minCapacity",
        "no webserver runs",
    ),
    (
        "slots-outgrow-memory",
        service(workers={"concurrency": 16}),
        "service.workers.concurrency",
        "16 busy slots need about 2390 MiB, and there are 2048; write 13",
    ),
    (
        "slots-outgrow-memory",
        service(workerGroups={"big": {"concurrency": 40}}),
        "service.workerGroups.big.concurrency",
        "40 busy slots",
    ),
    ("webserver-slow", service(webserver={"cpu": 256}), "service.webserver.cpu", "write 512"),
    ("parallelism-differs", airflow(parallelism=2), "airflow.parallelism", "leave 2 of 4 slots idle"),
    ("parallelism-differs", airflow(parallelism=32), "airflow.parallelism", "32 tasks at once, and 4 slots"),
    ("queued-too-short", airflow(taskQueuedTimeout=60), "airflow.taskQueuedTimeout", "write 320"),
    (
        "hours-backwards",
        service(hours={"start": "20:00", "stop": "07:00"}),
        "service.hours.stop",
        "07:00 is not after start (20:00)",
    ),
    ("days-backwards", service(hours={"days": "FRI-MON"}), "service.hours.days", "FRI-MON runs backwards"),
    ("hours-fail-waiting-tasks", service(hours={}), "service.hours", "failed at the next start"),
    ("spot-in-production", PROD | service(spot="all"), "service.spot", "write workers, or none"),
    ("hours-in-production", PROD | service(hours={}), "service.hours", "hours: null"),
    (
        "queue-shared",
        service(workerGroups={"big": {"queue": "default"}}),
        "service.workerGroups.big",
        "as service.workers does",
    ),
    (
        "scale-in-ends-tasks",
        service(workers={"autoscaling": {"maxCapacity": 3, "cpu": {"target": 70}}}),
        "service.workers.autoscaling",
        "120 seconds",
    ),
    ("log-port-differs", service(workerGroups={"big": {"port": 8893}}), "service.workerGroups.big.port", "(8793)"),
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown[0]}: {shown[2]}")
def test_a_rule_speaks_of_its_key(shown: Shown) -> None:
    speaks(shown)
