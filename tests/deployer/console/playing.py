"""Plays operations of a scripted CloudFormation, so that they can be looked at second by second."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta

from deployer.aws import Aws
from deployer.cloudformation import events
from deployer.cloudformation.change_sets import ChangeSet, StackRequest, Template
from deployer.cloudformation.events import Operation, StackEvent
from deployer.cloudformation.stack_updates import Consent, Result, deploy_stack
from deployer.console.progress import Node, fold
from deployer.errors import DeployError
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cloudformation import MIDNIGHT, Graph, Resource, ScriptedCloudFormation, VirtualTime

DATABASE, SERVICE = "AWS::RDS::DBInstance", "AWS::ECS::Service"
NAME = "airflow-dev"
_PACE = 5.0  # virtual seconds between two looks


class Play:
    """One environment whose stack `airflow-dev` is deployed and removed; what is heard is kept."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.cloud = ScriptedCloudFormation(self.time)
        self.aws: Aws = scripted({"cloudformation": self.cloud})
        self.told: ChangeSet | None = None
        self.heard: list[StackEvent] = []
        self.error: DeployError | None = None

    @property
    def now(self) -> datetime:
        return MIDNIGHT + timedelta(seconds=self.time.seconds)

    def deploying(
        self, *resources: Resource, name: str = NAME, consent: Consent | None = None
    ) -> Generator[StackEvent, None, Result]:
        body = f"template {len(self.cloud.templates)}"
        self.cloud.templates[body] = Graph(resources)
        request = StackRequest(name, Template(body=body))
        return deploy_stack(self.aws, request, consent or self._consent, self.time.clock(_PACE))

    def deploy(self, *resources: Resource) -> None:
        self.heard = []
        try:
            self.heard += self.deploying(*resources)
        except DeployError as error:
            self.error = error
            self.heard = [each for stack in self._stacks() for each in stack]
            self.heard.sort(key=lambda event: event.time)

    def removing(self) -> Generator[StackEvent, None, Operation]:
        stack_id = self.cloud.describe_stacks(NAME)["Stacks"][0]["StackId"]
        since = events.newest(self.aws, stack_id)
        self.aws.cloudformation.delete_stack(StackName=stack_id)
        return events.follow(self.aws, NAME, stack_id, since, self.time.clock(_PACE))

    def _stacks(self) -> list[list[StackEvent]]:
        stack_id = self.cloud.describe_stacks(NAME)["Stacks"][0]["StackId"]
        since = events.last_operation(self.aws, stack_id)
        return [events.so_far(self.aws, NAME, stack_id, since)]

    def at(self, seconds: float, *, told: bool = True) -> Node:
        """The tree as somebody sees it that many seconds after the operation's first event."""
        until = self.heard[0].time + timedelta(seconds=seconds)
        changes = self.told.changes if told and self.told else ()
        root = fold([event for event in self.heard if event.time <= until], changes)
        assert root
        return root

    def when(self, seconds: float) -> datetime:
        return self.heard[0].time + timedelta(seconds=seconds)

    def _consent(self, change_set: ChangeSet) -> bool:
        self.told = change_set
        return True
