from __future__ import annotations

from typing import TYPE_CHECKING

from deployer.ecs.services import Definition
from deployer.ecs.task_ends import stopped_task
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cluster import ScriptedLogs

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TaskTypeDef


def test_what_ecs_says_of_a_task_holds_no_secret() -> None:
    said = "exec failed: psql postgresql://airflow:hunter2@db"
    aws = scripted({"logs": ScriptedLogs()})
    task: TaskTypeDef = {"stoppedReason": said, "containers": [{"name": "worker", "reason": said}]}

    found = stopped_task(aws, task, Definition("arn", "X86_64", ()))
    assert (found.reason, found.cause) == ("exec failed: psql postgresql://***@db",) * 2
