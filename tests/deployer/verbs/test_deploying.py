"""A deploy from the command line: what it asks, what answers beforehand, and that nothing is done without."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from deployer import cli
from deployer.deploying.deployment import Deployed
from deployer.errors import DECLINED, DONE, FAILED, Declined, DeployError
from deployer.options import parser
from deployer.verbs import deploying
from deployer.verbs.deploying import bring
from deployer.verbs.pasting import here
from tests.deployer.plans.test_revisions import run
from tests.deployer.scenes import AnyUrl, Scene
from tests.deployer.scripted_graphs import Graph, Resource, detail
from tests.deployer.verbs.test_diff import BUCKET, DATABASE, root, settings

NAME = "Database/MetadataDatabase"


class Place:
    """A checkout, and an account in which an environment is deployed whose database a deploy would replace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scene = Scene()
        self.scene.cloud.templates = AnyUrl({}, root(2, details=(detail("DBName", "Always"),)))
        self.before = root()
        self.scene.cloud.put("air-local-foundation", "CREATE_COMPLETE", BUCKET)
        self.stack = self.scene.cloud.put("air-local", "CREATE_COMPLETE", self.before)
        self.stack.values = {name: value or "" for name, value in self.before.parameters.items()}

    def deploy(self, *words: str) -> Deployed:
        foundation = (self.folder / "templates/local/foundation.yml").read_text()
        self.scene.cloud.templates[foundation] = Graph((*BUCKET.resources, Resource("Topic")), outputs=BUCKET.outputs)
        options = parser(cli.VERBS, {}).parse_args(["deploy", "--environment", "local", *words])
        return bring(settings(environment="local"), options, self.scene.aws, self.scene.time.clock())

    @property
    def executed(self) -> int:
        return self.scene.cloud.calls.count("ExecuteChangeSet")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    Path("service.yml").write_text("serviceName: air\nowner: data\nenvironments: {local: {}}\n")
    assert cli.main(["render", "--environment", "local"]) == 0
    return Place(tmp_path)


def test_without_a_yes_nothing_is_done_where_nobody_can_be_asked(place: Place) -> None:
    with pytest.raises(Declined) as caught:
        place.deploy()
    assert caught.value.exit_status == DECLINED
    assert caught.value.hint == 'approve beforehand with ARGS="--yes"', "of the foundation, which loses nothing"
    assert place.executed == 0


def test_yes_alone_replaces_no_database(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Declined) as caught:
        place.deploy("--yes")
    assert caught.value.exit_status == DECLINED
    assert caught.value.hint == f'approve beforehand with ARGS="--yes --allow-replacement {NAME}"'
    assert f"!!  {NAME} holds data and is replaced by an empty one (for DBName)" in capsys.readouterr().err
    assert place.executed == 1, "that of the foundation"
    assert place.stack.graph == place.before
    assert not place.scene.cloud.change_sets


def test_a_database_that_is_protected_is_not_replaced_whatever_is_given(place: Place) -> None:
    place.stack.children["Database"].graph = root(protected=True).resources[0].child
    with pytest.raises(DeployError, match=f"{NAME} holds data .* and so stays without a snapshot") as caught:
        place.deploy("--yes", "--allow-replacement", NAME)

    assert caught.value.exit_status == FAILED
    assert place.executed == 1, "that of the foundation"
    assert not place.scene.cloud.change_sets


def test_what_could_not_be_deleted_is_the_last_word_of_a_deploy_that_succeeded(
    place: Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    place.stack.graph = Graph((*place.before.resources, Resource("Logs", "AWS::SNS::Topic")), place.before.parameters)
    place.scene.cloud.blocked = lambda physical_id: "in use" if physical_id == "air-local-logs" else ""
    made: list[Deployed] = []

    def bring(*_: object) -> Deployed:
        made.append(place.deploy("--yes", "--allow-replacement", NAME))
        return made[0]

    monkeypatch.setattr(deploying, "bring", bring)
    options = parser(cli.VERBS, {}).parse_args(["deploy", "--environment", "local"])
    monkeypatch.setattr("local.session.deploying", lambda *_: nullcontext())
    monkeypatch.setattr(deploying, "inside", lambda _: place.scene.aws)

    assert deploying.deploy(options) == DONE
    assert made[0].root.left
    assert capfd.readouterr().err.splitlines()[-2:] == [here(line, options) for line in made[0].root.left]


def test_its_name_given_beforehand_lets_it_happen(place: Place) -> None:
    run(place.folder, "init", "--quiet", "--initial-branch=main")
    run(place.folder, "add", ".")
    run(place.folder, "commit", "--quiet", "--message=one")
    place.deploy("--yes", "--allow-replacement", NAME)

    assert place.executed == 2
    assert place.stack.graph
    (database,) = (each.child for each in place.stack.graph.resources if each.id == "Database")
    assert database
    assert database.resources[0].version == 2 > DATABASE.version
    written = json.loads(place.scene.s3.bodies("bucket")["deployed.json"])
    assert len(written["commit"]) == 40, "what was rendered is what is committed"
