"""An ECS cluster and its logs, played: services that follow the image of a stack, tasks that end well or badly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.deployer.scripted_clients import ACCOUNT, REGION, RefusedError
from tests.deployer.scripted_cloudformation import MIDNIGHT, VirtualTime

CLUSTER = "cluster"
GROUP = "group"
ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}"


@dataclass
class Played:
    """A service. `rollout` is how a deployment of it ends; `wakes` what becomes of a task that is started beside it.

    `scales` is between how many tasks, if it does; `first` is its tag, if it has one.
    """

    desired: int = 1
    image: str = "old"
    revision: int = 1
    rollout: str = "COMPLETED"
    wakes: str = "HEALTHY"
    entrance: bool = False
    scales: tuple[int, int] | None = None
    first: str = ""


@dataclass
class ScriptedCluster:
    """Answers ECS's operations."""

    time: VirtualTime
    services: dict[str, Played]
    architecture: str = "X86_64"
    airflow: str = "3.3.1"  # as the label of the task definitions has it
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    started: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    definitions: dict[str, str] = field(default_factory=dict)  # ARN of a revision: its image
    no_place: int = 0  # RunTask answers that there is no capacity, this many times
    taken_away: int = 0  # tasks that are started lose their machine, this many times
    gone: bool = False  # somebody has removed it
    went_back: Callable[[], bool] = lambda: False  # whether the stack of the services has, from the last roll
    _before: dict[str, tuple[str, int]] = field(default_factory=dict)  # what services had before that
    _newest: dict[str, int] = field(default_factory=dict)  # revisions
    _numbers: Any = field(default_factory=lambda: count(1))

    def roll(self, image: str) -> None:
        """Let every service have a new revision with an image."""
        self._go_back()
        self._before = {name: (each.image, each.revision) for name, each in self.services.items()}
        for name, service in self.services.items():
            service.image = image
            service.revision = self._newest[name] = self._newest.get(name, service.revision) + 1
            self._define(name)

    def run(self, name: str, **told: Any) -> str:
        """Let a task of a service's newest revision run."""
        now = {"lastStatus": "RUNNING", "desiredStatus": "RUNNING", "stoppedReason": ""}
        return self.end_task(name, **{**now, **told})

    def end_task(self, name: str, **told: Any) -> str:
        """Let a task of a service's newest revision have ended."""
        service = self.services[name]
        arn = f"{ARN}:task/{CLUSTER}/task{next(self._numbers)}"
        container = {"name": name, **told.pop("container", {})}
        self.tasks[arn] = {
            "taskArn": arn,
            "taskDefinitionArn": told.pop("definition", None) or self._arn(name),
            "lastStatus": "STOPPED",
            "desiredStatus": "STOPPED",
            "group": f"service:{name}",
            "createdAt": self._now,
            "stoppedAt": self._now,
            "startedAt": self._now,
            "containers": [container],
            "stoppedReason": "Essential container in task exited",
            **told,
        }
        if self.tasks[arn]["startedAt"] is None:
            del self.tasks[arn]["startedAt"]
        assert service
        return arn

    # The operations, as AWS names them.

    def list_services(self, cluster: str) -> dict[str, Any]:
        self._check(cluster)
        return {"serviceArns": [f"{ARN}:service/{CLUSTER}/{name}" for name in self.services]}

    def describe_services(self, services: list[str], cluster: str, **_: object) -> dict[str, Any]:
        self._check(cluster)
        assert len(services) <= 10
        return {"services": [self._told(arn.rpartition("/")[2], arn) for arn in services]}

    def update_service(self, cluster: str, service: str, desiredCount: int) -> dict[str, Any]:  # noqa: N803
        self._check(cluster)
        self.services[service.rpartition("/")[2]].desired = desiredCount
        return {"service": {}}

    def describe_task_definition(self, taskDefinition: str) -> dict[str, Any]:  # noqa: N803
        name = taskDefinition.rpartition("/")[2].partition(":")[0]
        options = {"awslogs-group": GROUP, "awslogs-region": REGION, "awslogs-stream-prefix": name}
        container = {
            "name": name,
            "image": self.definitions[taskDefinition],
            "command": ["workers", "airflow", "celery", "worker"] if name == "worker" else [name],
            "dockerLabels": {"airflow.version": self.airflow},
            "healthCheck": {"command": ["CMD", "x"], "interval": 30, "timeout": 20, "retries": 3, "startPeriod": 300},
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }
        platform = {"cpuArchitecture": self.architecture, "operatingSystemFamily": "LINUX"}
        told = {"taskDefinitionArn": taskDefinition, "containerDefinitions": [container], "runtimePlatform": platform}
        return {"taskDefinition": told}

    def list_tasks(self, cluster: str, desiredStatus: str = "RUNNING", **_: object) -> dict[str, Any]:  # noqa: N803
        self._check(cluster)
        for arn in [arn for arn, task in self.tasks.items() if self._is_forgotten(task)]:
            del self.tasks[arn]
        return {"taskArns": [arn for arn, task in self.tasks.items() if task["desiredStatus"] == desiredStatus]}

    def describe_tasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        self._check(cluster)
        return {"tasks": [self._aged(self.tasks[arn]) for arn in tasks if arn in self.tasks]}

    def run_task(self, **asked: Any) -> dict[str, Any]:
        self.started.append(asked)
        if self.no_place:
            self.no_place -= 1
            again = "Please try again later or in a different availability zone"
            raise RefusedError("ClientException", f"Capacity is unavailable at this time. {again}")
        name = asked["taskDefinition"].rpartition("/")[2].partition(":")[0]
        arn = f"{ARN}:task/{CLUSTER}/rehearsal{next(self._numbers)}"
        self.tasks[arn] = {
            "taskArn": arn,
            "taskDefinitionArn": asked["taskDefinition"],
            "lastStatus": "PENDING",
            "desiredStatus": "RUNNING",
            "startedBy": asked["startedBy"],
            "containers": [{"name": name, "image": self.definitions[asked["taskDefinition"]]}],
            "_born": self.time.seconds,
        }
        if self.taken_away:
            self.taken_away -= 1
            reason = "Your Spot Task was interrupted."
            ended = {"lastStatus": "STOPPED", "stopCode": "SpotInterruption", "stoppedReason": reason}
            self.tasks[arn] |= {**ended, "desiredStatus": "STOPPED"}
        return {"tasks": [{"taskArn": arn}], "failures": []}

    def stop_task(self, task: str, reason: str, **_: object) -> dict[str, Any]:
        self.stopped.append(reason)
        self.tasks[task] |= {"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": "UserInitiated"}
        return {"task": {}}

    # How things are and become.

    @property
    def _now(self) -> datetime:
        return MIDNIGHT + timedelta(seconds=self.time.seconds)

    def _check(self, cluster: str) -> None:
        self._go_back()
        if self.gone or cluster != CLUSTER:
            raise RefusedError("ClusterNotFoundException", "The referenced cluster was inactive.")

    def _go_back(self) -> None:
        if self._before and self.went_back():
            for name, (image, revision) in self._before.items():
                self.services[name].image, self.services[name].revision = image, revision
            self._before = {}

    def _is_forgotten(self, task: Mapping[str, Any]) -> bool:
        """ECS tells of a stopped task for an hour."""
        stopped: datetime = task.get("stoppedAt", self._now)
        return task["lastStatus"] == "STOPPED" and self._now - stopped > timedelta(hours=1)

    def _told(self, name: str, arn: str) -> dict[str, Any]:
        service = self.services[name]
        self._define(name)
        deployment = {"status": "PRIMARY", "taskDefinition": self._arn(name), "rolloutState": service.rollout}
        if service.rollout == "FAILED":
            deployment["rolloutStateReason"] = "ECS deployment circuit breaker: tasks failed to start."
        front = {"loadBalancers": [{"containerPort": 1}], "serviceRegistries": [{"registryArn": "r"}]}
        return {
            "serviceArn": arn,
            "status": "ACTIVE",
            "desiredCount": service.desired,
            "tags": [{"key": "DesiredCount", "value": service.first}] if service.first else [],
            "taskDefinition": self._arn(name),
            "deployments": [deployment],
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}},
            "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
        } | (front if service.entrance else {})

    def _aged(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """A task of a rehearsal runs after 20 seconds, and is what its service says it becomes after 60."""
        told = {name: value for name, value in task.items() if not name.startswith("_")}
        if "_born" not in task or task["lastStatus"] == "STOPPED":
            return told
        age = self.time.seconds - task["_born"]
        name = task["containers"][0]["name"]
        wakes = self.services[name].wakes
        if age >= 60 and wakes == "ends":
            failed = {"name": name, "exitCode": 1}
            why = "Essential container in task exited"
            return told | {"lastStatus": "STOPPED", "stoppedReason": why, "containers": [failed]}
        health = wakes if age >= 60 else "UNKNOWN"
        status = "RUNNING" if age >= 20 and wakes != "never starts" else "PENDING"
        health = health if health in {"HEALTHY", "UNHEALTHY"} else "UNKNOWN"
        return told | {"lastStatus": status, "containers": [{**task["containers"][0], "healthStatus": health}]}

    def _arn(self, name: str) -> str:
        return f"{ARN}:task-definition/{name}:{self.services[name].revision}"

    def _define(self, name: str) -> None:
        self.definitions.setdefault(self._arn(name), self.services[name].image)


@dataclass
class ScriptedScaling:
    """Answers Application Auto Scaling's operations for a cluster; `refused` is the code of an error instead."""

    cluster: ScriptedCluster
    refused: str = ""
    calls: list[str] = field(default_factory=list)

    def describe_scalable_targets(
        self,
        ServiceNamespace: str,  # noqa: N803
        ResourceIds: list[str],  # noqa: N803
        ScalableDimension: str,  # noqa: N803
    ) -> dict[str, Any]:
        assert len(ResourceIds) <= 50
        if self.refused:
            raise RefusedError(self.refused, "no")
        ranges = {f"service/{CLUSTER}/{name}": each.scales for name, each in self.cluster.services.items()}
        return {
            "ScalableTargets": [
                {
                    "ServiceNamespace": ServiceNamespace,
                    "ResourceId": each,
                    "ScalableDimension": ScalableDimension,
                    "MinCapacity": scales[0],
                    "MaxCapacity": scales[1],
                    "RoleARN": "arn:aws:iam::123456789012:role/scaling",
                    "CreationTime": MIDNIGHT,
                }
                for each in ResourceIds
                if (scales := ranges.get(each))
            ]
        }


class ScriptedLogs:
    """Log groups of one name: the lines of each stream, and whether they may be read."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.streams: dict[str, list[str]] = {}
        self.denied = False
        self.late: dict[str, float] = {}  # seconds from midnight at which a stream was written; else long before

    def get_log_events(self, logStreamName: str, limit: int, **asked: object) -> dict[str, Any]:  # noqa: N803
        assert asked == {"logGroupName": GROUP, "startFromHead": False}
        if logStreamName not in self.streams:
            raise RefusedError("ResourceNotFoundException", "The specified log stream does not exist.")
        return {"events": [{"message": line} for line in self.streams[logStreamName][-limit:]]}

    def filter_log_events(
        self,
        logGroupName: str,  # noqa: N803
        filterPattern: str,  # noqa: N803
        startTime: int,  # noqa: N803
        **_: object,
    ) -> dict[str, Any]:
        assert logGroupName == GROUP
        if self.denied:
            raise RefusedError("AccessDeniedException", "not authorized to perform: logs:FilterLogEvents")
        wanted = filterPattern.strip('"')
        since = startTime / 1000 - MIDNIGHT.timestamp()
        seen = [lines for stream, lines in self.streams.items() if self.late.get(stream, 0) >= since]
        return {"events": [{"message": m} for lines in seen for m in lines if wanted in m]}
