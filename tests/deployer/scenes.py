"""A deploy of a small environment, played: what tests of it begin with."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from deployer.cloudformation.change_sets import ChangeSet, StackRequest, Template
from deployer.cloudformation.events import StackEvent
from deployer.cloudformation.stack_updates import Result, deploy_stack
from deployer.cloudformation.stacks import Stack, StackNames
from deployer.consent import Question
from deployer.deploying import deployment
from deployer.deploying.deployment import Deployed, Desired
from deployer.deploying.ways_out import settle
from deployer.tools import Tools
from tests.deployer.scripted_clients import Service, scripted
from tests.deployer.scripted_cloudformation import (
    MIDNIGHT,
    Graph,
    Resource,
    ScriptedCloudFormation,
    VirtualTime,
    nested,
)
from tests.deployer.scripted_cluster import ScriptedCluster, ScriptedScaling
from tests.deployer.scripted_environment import Sts
from tests.deployer.scripted_storage import ScriptedS3

Ended = TypeVar("Ended")
FOUNDATION = Graph((Resource("Templates", "AWS::S3::Bucket"),), outputs={"TemplatesBucket": "bucket"})
ROOT = Graph((nested("Network", Resource("Vpc")),), {"Image": None}, {"Url": "http://x"})


def drained(operation: Generator[StackEvent, None, Ended]) -> tuple[list[StackEvent], Ended]:
    told = []
    while True:
        try:
            told.append(next(operation))
        except StopIteration as end:
            return told, end.value


class Buckets(ScriptedS3):
    """S3 in which buckets can be made."""

    def create_bucket(self, Bucket: str, CreateBucketConfiguration: Mapping[str, str]) -> dict[str, Any]:  # noqa: N803
        assert CreateBucketConfiguration == {"LocationConstraint": "eu-west-1"}
        self.buckets[Bucket] = []
        return {}


class Scene:
    """An AWS in which nothing is deployed yet. `agrees` is what is answered, `asked` and `questions` what was asked."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.cloud = ScriptedCloudFormation(self.time)
        self.s3 = Buckets("bucket")
        self.cluster = ScriptedCluster(self.time, {})
        scaling = ScriptedScaling(self.cluster)
        served: dict[str, Service] = {"ecs": self.cluster, "application-autoscaling": scaling, "sts": Sts()}
        self.aws = scripted({**served, "cloudformation": self.cloud, "s3": self.s3})
        self.said: list[str] = []
        self.tools = Tools(self.aws, self.said.append, clock=self.time.clock(), today=self._today)
        self.agrees = True
        self.asked: list[ChangeSet] = []
        self.questions: list[Question] = []

    def consent(self, change_set: ChangeSet) -> bool:
        self.asked.append(change_set)
        return self.agrees

    def ask(self, question: Question) -> bool:
        self.questions.append(question)
        return self.agrees

    def deploy_stack(self, graph: Graph, **parameters: str) -> tuple[list[StackEvent], Result]:
        """Deploy one stack, `app`."""
        body = repr(graph)
        self.cloud.templates[body] = graph
        request = StackRequest("app", Template(body=body), parameters)
        report = self.said.append
        return drained(deploy_stack(self.aws, request, self.consent, self.tools.clock, report=report))

    def settle(self, name: str = "app") -> tuple[list[StackEvent], Stack | None]:
        """Bring a stack to where a deploy can begin."""
        return drained(settle(self.tools, name, self.ask))

    def deploy(self, folder: Path, root: Graph, foundation: Graph = FOUNDATION, **more: Any) -> Deployed:
        """Deploy the folder as `airflow-dev`; whatever URL its root gets, `root` is what it stands for."""
        self.cloud.templates = AnyUrl({"foundation": foundation}, root)
        parameters = {"Image": "img:1"} if "Image" in root.parameters else {}
        more = {"parameters": parameters, "tags": {"owner": "ada"}, **more}
        desired = Desired(StackNames("airflow", "dev"), folder, **more)
        return drained(deployment.deploy(self.tools, desired, self.consent, self.ask))[1]

    def _today(self) -> datetime:
        return MIDNIGHT + timedelta(seconds=self.time.seconds)


class AnyUrl(dict[str, Graph]):
    """Templates by their bodies, and one that whatever URL of a root stands for."""

    def __init__(self, known: dict[str, Graph], other: Graph) -> None:
        super().__init__(known)
        self._other = other

    def __missing__(self, key: str) -> Graph:
        assert key.startswith("https://s3.eu-west-1.amazonaws.com/bucket/templates/")
        return self._other


def rendered(folder: Path) -> Path:
    """Write a folder of templates."""
    (folder / "foundation.yml").write_text("foundation")
    (folder / "root.yml").write_text("      TemplateURL: network.yml\n")
    (folder / "network.yml").write_text("network")
    return folder
