"""An environment that is deployed, played from CloudFormation to the logs, with images that can be rolled out in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from deployer.cloudformation.events import StackEvent
from deployer.images.facts import History, ImageFacts
from deployer.releasing import releases
from deployer.releasing.releases import Migrated, Release, State
from deployer.releasing.rollout import roll
from deployer.releasing.targets import Image, Target
from deployer.tools import Tools
from tests.deployer.images.scripted import URI, ScriptedRepository
from tests.deployer.scripted_clients import RefusedError, Service, scripted
from tests.deployer.scripted_cloudformation import (
    MIDNIGHT,
    Graph,
    Resource,
    ScriptedCloudFormation,
    VirtualTime,
    nested,
)
from tests.deployer.scripted_cluster import ARN, CLUSTER, Played, ScriptedCluster, ScriptedLogs, ScriptedScaling
from tests.deployer.scripted_storage import ScriptedS3

Ended = TypeVar("Ended")
ROOT, BUCKET = "airflow-dev", "bucket"
OLDER = ImageFacts("3.3.1", "3.12.7", {"alembic_version": History(("b",), frozenset("ab"))})
NEWER = ImageFacts("3.3.2", "3.12.7", {"alembic_version": History(("c",), frozenset("abc"))})


def policy(*prefixes: str) -> str:
    """A lifecycle policy whose one rule is for tags with these prefixes."""
    selection = {"tagStatus": "tagged", "tagPrefixList": prefixes, "countType": "imageCountMoreThan", "countNumber": 9}
    return json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})


class Repository(ScriptedRepository):
    """A repository with a lifecycle policy; None stands for none."""

    def __init__(self) -> None:
        super().__init__()
        self.policy: str | None = policy("release-")

    def get_lifecycle_policy(self, repositoryName: str) -> dict[str, Any]:  # noqa: N803
        self._check(repositoryName)
        if self.policy is None:
            raise RefusedError("LifecyclePolicyNotFoundException", "Lifecycle policy does not exist for the repository")
        return {"lifecyclePolicyText": self.policy}


class Sts:
    calls: list[str]

    def __init__(self) -> None:
        self.calls = []

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012", "Arn": "arn:aws:sts::123456789012:assumed-role/dev/ada", "UserId": "u"}


def drained(operation: Generator[StackEvent, None, Ended]) -> Ended:
    while True:
        try:
            next(operation)
        except StopIteration as end:
            result: Ended = end.value
            return result


class Environment:
    """A root with services, its foundation, and one release that is live, unless it is a `fresh` one."""

    def __init__(self, *, facts: ImageFacts = NEWER, fresh: bool = False, **services: Played) -> None:
        self.time = VirtualTime()
        self.cloud = ScriptedCloudFormation(self.time)
        self.cluster = ScriptedCluster(self.time, services or {"webserver": Played(entrance=True), "worker": Played()})
        self.logs, self.repository, self.bucket = ScriptedLogs(), Repository(), ScriptedS3(BUCKET)
        played: dict[str, Service] = {
            "cloudformation": self.cloud,
            "ecs": self.cluster,
            "logs": self.logs,
            "ecr": self.repository,
            "application-autoscaling": ScriptedScaling(self.cluster),
        }
        self.aws = scripted({**played, "s3": self.bucket, "sts": Sts()})
        self.said: list[str] = []
        self.tools = Tools(self.aws, self.said.append, self.said.append, self.time.clock(5), self._today)
        self.target = Target(ROOT, BUCKET, URI, keep=10)
        outputs = {"TemplatesBucket": BUCKET, "RepositoryUri": URI}
        self.cloud.put(f"{ROOT}-foundation", "CREATE_COMPLETE", Graph(outputs=outputs))
        self.cloud.names = {name: f"{ARN}:service/{CLUSTER}/{name}" for name in ("Worker", *self.cluster.services)}
        self.cloud.names["Worker"] = self.cloud.names.get("worker", "")
        self.first = self.image("first", facts)
        if not fresh:
            self._deploy_first()
        self.cloud.again = lambda graph, _: self._changed(graph)
        self.cloud.in_effect = self._in_effect
        self.cluster.went_back = lambda: self.cloud.status(ROOT) == "UPDATE_ROLLBACK_COMPLETE"
        self.during: Callable[[], object] = lambda: None  # what happens in the services while they are being changed
        self.fails = ""  # why the services' stack does

    def image(self, tag: str, facts: ImageFacts | None = NEWER) -> Image:
        """An image in the repository."""
        digest = self.repository.push(f"{URI}:content-{tag}")
        return Image(f"{URI}@{digest}", facts.airflow if facts else "3.3.2", f"content-{tag}", facts)

    def roll(self, image: Image) -> Release | None:
        """Roll an image out."""
        return drained(roll(self.tools, self.target, image))

    def interrupt_when(self, reached: Callable[[], bool]) -> None:
        """Let somebody press Ctrl-C at the first wait after `reached`."""
        sleep = self.time.sleep

        def interrupted(seconds: float) -> None:
            if reached():
                raise KeyboardInterrupt
            sleep(seconds)

        self.tools = replace(self.tools, clock=replace(self.tools.clock, sleep=interrupted))

    def releases(self) -> tuple[Release, ...]:
        """What is written down, newest first."""
        return releases.read(self.aws, BUCKET)

    def record(
        self,
        number: int,
        image: Image,
        state: State,
        migrated: Migrated = Migrated.NO,
        settings: str = "s" * 64,
        **more: Any,
    ) -> Release:
        """Write a release down as if it had been."""
        about = (image.reference, image.tag, settings, image.airflow, image.facts)
        made = Release(number, *about, "2026-01-01T00:00:00Z", "me", state, migrated, **more)
        releases.begin(self.aws, BUCKET, made)
        return made

    @property
    def deployed(self) -> str:
        """The image that the root has by now."""
        return self.cloud._get(ROOT).values["Image"]

    def _deploy_first(self) -> None:
        services = nested("Services", *(Resource(name, "AWS::ECS::Service") for name in self.cluster.services))
        graph = Graph((services,), {"Image": None}, {"ClusterName": CLUSTER})
        self.cloud.put(ROOT, "CREATE_COMPLETE", graph).values = {"Image": self.first.reference}
        self.cluster.roll(self.first.reference)
        self.record(1, self.first, State.LIVE, Migrated.YES)
        self.repository.images[self.first.reference.partition("@")[2]].append("release-1")

    def _changed(self, graph: Graph) -> Graph:
        services = graph.resources[0]
        assert services.child
        fails = {"worker": self.fails}
        changed = (
            replace(each, version=each.version + 1, fails=fails.get(each.id, "")) for each in services.child.resources
        )
        return replace(graph, resources=(replace(services, child=Graph(tuple(changed))), *graph.resources[1:]))

    def _in_effect(self, values: Mapping[str, str]) -> None:
        if "Image" in values:
            self.cluster.roll(values["Image"])
            self.during()

    def _today(self) -> datetime:
        assert MIDNIGHT.tzinfo is UTC
        return MIDNIGHT + timedelta(seconds=self.time.seconds)
