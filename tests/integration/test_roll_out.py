"""Releases in the AWS inside this machine: rolled out, listed, returned to, refused; over HTTP, without an engine."""

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from deployer import cli
from deployer.aws import Aws, connect
from deployer.cloudformation import stacks
from deployer.cloudformation.events import StackEvent
from deployer.cloudformation.stacks import StackNames
from deployer.console.screen import Screen
from deployer.deploying import deployment
from deployer.destroying import destruction
from deployer.ecs.services import Service, Services
from deployer.errors import DONE, DeployError
from deployer.images.facts import History, ImageFacts
from deployer.outputs import CLUSTER
from deployer.releasing import releases
from deployer.releasing.releases import Migrated, Release, State
from deployer.releasing.rollout import roll
from deployer.releasing.targets import Image, Target
from deployer.tools import Tools
from deployer.verbs import rollback as rollback_verb
from generator.config import source
from generator.config.environments import judged, overlay
from generator.config.settings import Settings
from generator.render import render, write
from local import embedded_aws
from local.embedded_aws import Endpoint
from local.layout import Layout
from tests.integration.commands import make

SERVICE = (
    "serviceName: roll\nowner: data\nretainData: false\nwhitelistedIPs: [192.0.2.7/32]\nenvironments: {test: {}}\n"
)
OLD = ImageFacts("3.3.1", "3.12.7", {"alembic_version": History(("b",), frozenset("ab"))})
NEW = ImageFacts("3.3.2", "3.12.7", {"alembic_version": History(("c",), frozenset("abc"))})
Ended = TypeVar("Ended")


@dataclass
class Account:
    """An environment in the AWS inside this machine, and what was said of it."""

    endpoint: Endpoint
    settings: Settings
    said: list[str] = field(default_factory=list)

    @property
    def aws(self) -> Aws:
        return connect(self.endpoint.session(), self.endpoint.url)

    @property
    def tools(self) -> Tools:
        return Tools(self.aws, self.said.append, self.said.append)

    @property
    def target(self) -> Target:
        foundation = stacks.outputs(self.aws, f"{self.settings.stack_name}-foundation")
        return Target.of(self.settings.stack_name, foundation, keep=10)

    @property
    def cluster(self) -> str:
        return stacks.outputs(self.aws, self.settings.stack_name)[CLUSTER]

    def image(self, target: Target, tag: str, facts: ImageFacts = OLD) -> Image:
        """Put an image into ECR, as a push would."""
        name = target.repository.partition("/")[2]
        put = self.aws.ecr.put_image(repositoryName=name, imageManifest=json.dumps({"of": tag}), imageTag=tag)
        return Image(f"{target.repository}@{put['image']['imageId']['imageDigest']}", facts.airflow, tag, facts)

    def roll(self, image: Image) -> tuple[list[StackEvent], Release | None]:
        return drained(roll(self.tools, self.target, image))

    def services(self) -> dict[str, Service]:
        return {each.name: each for each in Services(self.aws).read(self.cluster)}

    def count(self, desired: int, *names: str) -> None:
        for name in names or self.services():
            self.aws.ecs.update_service(cluster=self.cluster, service=self.services()[name].arn, desiredCount=desired)

    def records(self) -> tuple[Release, ...]:
        return releases.read(self.aws, self.target.bucket)


def drained(operation: Generator[StackEvent, None, Ended]) -> tuple[list[StackEvent], Ended]:
    told = []
    while True:
        try:
            told.append(next(operation))
        except StopIteration as end:
            return told, end.value


@pytest.fixture(scope="module")
def endpoint(clone: Path) -> Iterator[Endpoint]:
    make(clone, ".venv/ready")
    layout = Layout(clone)
    yield embedded_aws.start(layout, lambda _: None)
    embedded_aws.stop(layout)


@pytest.fixture(scope="module")
def account(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An environment that has just been deployed with the image `first`."""
    settings = judged(overlay(source.parse(SERVICE, "service.yml"), "test"))[0]
    made = Account(endpoint, settings)
    folder = tmp_path_factory.mktemp("templates") / "test"
    write(render(settings), folder)
    names = StackNames(settings.service_name, settings.environment)
    desired = deployment.Desired(
        names, folder, tags=settings.all_tags, image=lambda target: made.image(target, "content-first")
    )
    _, deployed = drained(deployment.deploy(made.tools, desired, lambda _: True))
    assert deployed.release is not None
    assert (deployed.release.number, deployed.release.state) == (1, State.LIVE)
    yield made
    for _ in destruction.destroy(made.tools, names, lambda _: True):
        pass


def test_another_image_changes_the_services_alone(account: Account) -> None:
    second = account.image(account.target, "content-second")
    events, release = account.roll(second)

    assert release is not None
    assert (release.number, release.state, release.migrated) == (2, State.LIVE, Migrated.NO)
    assert {each.definition.images for each in account.services().values()} == {frozenset({second.reference})}
    touched = {event.type for event in events if not event.own and event.type != stacks.STACK_TYPE}
    assert touched == {"AWS::ECS::TaskDefinition", "AWS::ECS::Service"}
    assert {event.stack for event in events if event.type == "AWS::ECS::Service"} == {"roll-test/Services"}
    name = account.target.repository.partition("/")[2]
    told = account.aws.ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": "release-2"}])
    assert f"{account.target.repository}@{told['imageDetails'][0]['imageDigest']}" == second.reference
    tags = account.aws.cloudformation.describe_stacks(StackName="roll-test")["Stacks"][0]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == account.settings.all_tags


def test_what_the_root_has_already_is_left_alone(account: Account) -> None:
    live = releases.live(account.records())
    assert live is not None
    before = account.services()
    assert account.roll(Image(live.image, live.airflow, live.tag, live.facts)) == ([], None)
    assert account.services() == before
    left = account.aws.cloudformation.list_change_sets(StackName="roll-test")["Summaries"]
    assert [each for each in left if each["ExecutionStatus"] == "AVAILABLE"] == []


def test_a_worker_at_zero_is_rehearsed_and_stopped(account: Account) -> None:
    (workers,) = [name for name in account.services() if "worker" in name]
    account.count(0, workers)
    _, release = account.roll(account.image(account.target, "content-third"))

    assert release is not None
    assert f"{workers}: healthy" in account.said
    stopped = account.aws.ecs.list_tasks(cluster=account.cluster, desiredStatus="STOPPED", startedBy="release-3")
    (task,) = account.aws.ecs.describe_tasks(cluster=account.cluster, tasks=stopped["taskArns"])["tasks"]
    assert task["taskDefinitionArn"] == account.services()[workers].definition.arn
    (override,) = task["overrides"]["containerOverrides"]
    assert override["environment"] == [{"name": "WORKER_REHEARSAL", "value": "true"}]
    assert task["stoppedReason"] == "the rehearsal of release-3 is over"
    assert account.services()[workers].desired == 0
    account.count(1, workers)


def test_an_environment_that_sleeps_is_said_to_prove_nothing(account: Account) -> None:
    account.count(0)
    _, release = account.roll(account.image(account.target, "content-fourth"))
    assert release is not None
    assert release.unproven == "every service was at zero (service.hours)"
    account.count(1)


def test_a_rollback_returns_to_an_image_and_is_listed(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = account.records()[-1]
    told = rollback_verb.return_to(account.settings, account.tools, 1, Screen.of_process({}))
    assert told.line == f"live: {first.image}, release 5 (the image of release 1)"
    assert {each.definition.images for each in account.services().values()} == {frozenset({first.image})}

    (tmp_path / "service.yml").write_text(SERVICE)
    for name, value in account.endpoint.variables().items():
        monkeypatch.setenv(name, value)
    words = ["rollback", "--environment", "test", "--settings", str(tmp_path / "service.yml")]
    assert cli.main(words) == DONE
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == ["release", "*", "4", "3", "2", "1"]
    assert cli.main([*words, "--json"]) == DONE
    listed = json.loads(capsys.readouterr().out)
    assert (listed[0]["number"], listed[0]["live"], listed[0]["imageThere"]) == (5, True, True)


def test_a_release_that_the_database_has_migrated_past_is_refused(account: Account) -> None:
    _, release = account.roll(account.image(account.target, "content-newer", NEW))
    assert release is not None
    assert release.migrated is Migrated.YES
    with pytest.raises(DeployError, match="release 2: the database has migrated past it with release 6"):
        rollback_verb.return_to(account.settings, account.tools, 2, Screen.of_process({}))


def test_ecr_refuses_as_it_does(account: Account) -> None:
    name = account.target.repository.partition("/")[2]
    client: Any = account.aws.ecr
    with pytest.raises(client.exceptions.ImageNotFoundException):
        client.describe_images(repositoryName=name, imageIds=[{"imageTag": "nothing"}])
    manifest = json.dumps({"of": "content-first"})
    with pytest.raises(client.exceptions.ImageAlreadyExistsException):
        client.put_image(repositoryName=name, imageManifest=manifest, imageTag="content-first")
    with pytest.raises(client.exceptions.ImageTagAlreadyExistsException):
        client.put_image(repositoryName=name, imageManifest="another", imageTag="content-first")
