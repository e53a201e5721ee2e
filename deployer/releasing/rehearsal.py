"""A rehearsal: one task of a service that runs none at the moment, so that its new revision is seen to work.

A service at zero passes any roll-out. So one task is started beside it, must become healthy, and is stopped again. Only
a worker knows how to do no work meanwhile (WORKER_REHEARSAL): whoever waits for a task is not to wait for a worker that
is about to go. Any other component would do its work, a scheduler that stands still on purpose would schedule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.clock import Clock
from deployer.ecs import clusters
from deployer.ecs.services import Service
from deployer.ecs.task_ends import is_of_machines, lacks_capacity, last_lines, stopped_task
from deployer.errors import AWS_ERRORS, explain, one_line

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import RunTaskRequestTypeDef, TaskTypeDef

VARIABLE = "WORKER_REHEARSAL"
"""Tells a worker to consume from no queue, and to end by itself in half an hour (airflow_runtime.worker)."""

_STARTING = 600  # seconds for a place, a network interface and the image
_UNCHECKED = 60  # seconds that a task without a health check must run
_PURPOSE = re.compile(r"release-\d+")


@dataclass
class _Task:
    """A task of a rehearsal: `refused` is why ECS has not started it.

    `asked` is when it was asked for the last time, `began` when it was first seen to run.
    """

    service: Service
    arn: str = ""
    asked: float = 0
    refused: str = ""
    began: float | None = None
    problem: str = ""
    log: tuple[str, ...] = ()
    done: bool = False


@dataclass(frozen=True)
class Rehearsed:
    """What came of it: a problem in one line (empty: healthy), and the last lines of the log."""

    component: str
    problem: str
    log: tuple[str, ...] = field(default=())


def rehearse(aws: Aws, cluster: str, services: Sequence[Service], purpose: str, clock: Clock) -> tuple[Rehearsed, ...]:
    """Start a task of each service, all at once, and wait until each is healthy or has failed; leave none behind.

    `purpose` is told to ECS (startedBy, at most 128 letters, digits and hyphens).
    """
    tasks = [_Task(service) for service in services]
    longest = _STARTING + max((_patience(service) for service in services), default=0)
    try:
        for passed in clock.ticks(longest + _STARTING):
            for task in tasks:
                if not task.done:
                    _advance(aws, cluster, task, purpose, passed)
            if all(task.done for task in tasks):
                break
    finally:
        for task in tasks:
            _stop(aws, cluster, task, purpose)
    for task in tasks:
        if not task.done:
            task.problem = f"{task.service.name}: the rehearsal did not end in {longest // 60} minutes"
    return tuple(Rehearsed(task.service.name, task.problem, task.log) for task in tasks)


def stop_leftovers(aws: Aws, cluster: str) -> int:
    """Stop tasks of rehearsals whose deployer was killed, and return how many there were."""
    left = [
        task.get("taskArn", "")
        for task in clusters.tasks(aws, cluster)
        if _PURPOSE.fullmatch(task.get("startedBy", ""))
    ]
    for arn in left:
        aws.ecs.stop_task(cluster=cluster, task=arn, reason="left over from a rehearsal that was killed")
    return len(left)


def _advance(aws: Aws, cluster: str, task: _Task, purpose: str, passed: float) -> None:
    """Start the task or look at it. No capacity at the moment (Spot) is no answer: it is asked for again."""
    if not task.arn:
        task.asked = passed
        _start(aws, cluster, task, purpose)
        if not task.arn and passed > _STARTING:
            task.problem = f"{task.service.name}: no task of it could be started: {task.refused}"
            task.done = True
        return
    told = next(iter(aws.ecs.describe_tasks(cluster=cluster, tasks=[task.arn])["tasks"]), None)
    if told is None:
        return  # ECS does not know it yet
    if told.get("lastStatus") == "STOPPED" and is_of_machines(told):
        task.arn, task.began, task.refused = "", None, one_line(told.get("stoppedReason", ""))
        return  # another one is asked for
    if told.get("lastStatus") == "STOPPED":
        found = stopped_task(aws, told, task.service.definition)
        task.problem, task.log, task.done = str(found), found.log, True
        return
    if told.get("lastStatus") == "RUNNING" and task.began is None:
        task.began = passed
    patience = _patience(task.service)
    since = 0 if task.began is None else passed - task.began
    if _healthy(task.service, told, since):
        task.done = True
    elif passed - task.asked > _STARTING + patience or since > patience:
        state = "did not run" if task.began is None else "was not healthy"
        task.problem = f"{task.service.name}: a task of it {state} within {passed - task.asked:.0f} s"
        task.log = _log(aws, task)
        task.done = True


def _start(aws: Aws, cluster: str, task: _Task, purpose: str) -> None:
    """Ask for the task. That Fargate has no place for one comes as an error, for others it is among the failures.

    https://repost.aws/knowledge-center/ecs-fargate-runtask-capacity
    """
    try:
        answer = aws.ecs.run_task(**_request(cluster, task.service, purpose))
    except ClientError as error:
        task.refused = one_line(error.response.get("Error", {}).get("Message", ""))
        if not lacks_capacity(task.refused):
            raise
        return
    started = answer.get("tasks", [])
    if started:
        task.arn = started[0].get("taskArn", "")
    else:
        failures = answer.get("failures", [])
        task.refused = failures[0].get("reason", "") if failures else "ECS gave no reason"


def _request(cluster: str, service: Service, purpose: str) -> RunTaskRequestTypeDef:
    """The service's own network and capacity, for a task that belongs to no service and to no load balancer."""
    told = service.described
    overridden = [each.name for each in service.definition.containers]
    request: RunTaskRequestTypeDef = {
        "cluster": cluster,
        "taskDefinition": service.definition.arn,
        "count": 1,
        "startedBy": purpose,
        "enableECSManagedTags": True,
        "propagateTags": "TASK_DEFINITION",
        "overrides": {
            "containerOverrides": [
                {"name": name, "environment": [{"name": VARIABLE, "value": "true"}]} for name in overridden
            ]
        },
    }
    if network := told.get("networkConfiguration"):
        request["networkConfiguration"] = network
    if strategy := told.get("capacityProviderStrategy"):
        request["capacityProviderStrategy"] = strategy
    elif launch_type := told.get("launchType"):
        request["launchType"] = launch_type
    return request


def _healthy(service: Service, told: TaskTypeDef, since: float) -> bool:
    """Whether every container that has a health check is healthy; without any, whether the task has run for a while."""
    if told.get("lastStatus") != "RUNNING":
        return False
    checked = {each.name for each in service.definition.containers if each.patience is not None}
    states = {each.get("name"): each.get("healthStatus") for each in told.get("containers", [])}
    return all(states.get(name) == "HEALTHY" for name in checked) if checked else since >= _UNCHECKED


def _patience(service: Service) -> int:
    return max([_UNCHECKED, *(each.patience or 0 for each in service.definition.containers)]) + _UNCHECKED


def _log(aws: Aws, task: _Task) -> tuple[str, ...]:
    lines = (last_lines(aws, each, task.arn.rpartition("/")[2]) for each in task.service.definition.containers)
    return next((found for found in lines if found), ())


def _stop(aws: Aws, cluster: str, task: _Task, purpose: str) -> None:
    """Stop a task; that one cannot be stopped must be told, for it costs money."""
    if not task.arn:
        return
    try:
        aws.ecs.stop_task(cluster=cluster, task=task.arn, reason=f"the rehearsal of {purpose} is over")
    except AWS_ERRORS as error:
        task.problem = task.problem or f"{task.service.name}: task {task.arn} could not be stopped: {explain(error)}"
