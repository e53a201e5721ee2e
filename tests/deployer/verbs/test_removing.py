"""destroy as a whole: what its options let go, and what is told in the end."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from botocore.exceptions import ReadTimeoutError

from deployer.console.screen import Screen
from deployer.errors import DECLINED, DONE, Declined, DeployError
from deployer.verbs.destroying import remove, way_back
from generator.config import source
from generator.config.environments import judged, overlay
from generator.config.source import SettingsError
from tests.deployer.scripted_cloudformation import Graph, Resource, nested
from tests.deployer.scripted_removal import FOUNDATION, IMAGES, LOGS, ROOT, Scene
from tests.deployer.test_left_behind import KEY, interrupt, standing
from tests.deployer.verbs.test_destroying import SERVICE, settings

EVERYTHING = ("--yes", "--empty-buckets")


class Run:
    """One run of the verb; `told` is what it has said."""

    def __init__(self, scene: Scene, *given: str) -> None:
        self._scene, self._stream = scene, io.StringIO()
        self._given = given

    def __call__(self) -> int:
        screen = Screen(self._stream, io.StringIO(), {}, self._given)
        data_stays = "--yes" in self._given and "--empty-buckets" not in self._given
        tools = replace(self._scene.tools, report=screen.say)
        return remove(settings(), tools, screen, data_stays=data_stays)

    @property
    def told(self) -> str:
        return self._stream.getvalue()


def test_without_somebody_to_ask_nothing_goes() -> None:
    scene = Scene().stand()
    with pytest.raises(Declined, match="nobody is here to ask"):
        Run(scene)()
    assert "DeleteStack" not in scene.cloud.calls


def test_yes_alone_deletes_no_data() -> None:
    scene = Scene().stand()
    before = {bucket: list(versions) for bucket, versions in scene.s3.buckets.items()}

    with pytest.raises(Declined, match=r"airflow-dev/Storage/Logs \(2 object versions\)") as raised:
        Run(scene, "--yes")()

    assert raised.value.exit_status == DECLINED
    assert "DeleteStack" not in scene.cloud.calls
    assert scene.s3.deleted == []
    assert scene.s3.buckets[LOGS] == before[LOGS]
    assert scene.ecr.repositories[IMAGES]


def test_yes_alone_deletes_what_comes_later_no_more_than_what_is_there() -> None:
    scene = Scene().stand()
    scene.s3.buckets[LOGS].clear()
    scene.ecr.repositories[IMAGES] = []
    delete = scene.cloud.delete_stack

    def filled(StackName: str, **rest: object) -> None:  # noqa: N803
        scene.s3.fill(LOGS, "late.log")
        delete(StackName, **rest)

    scene.cloud.delete_stack = filled  # type: ignore[method-assign]
    with pytest.raises(Declined, match="--empty-buckets") as raised:
        Run(scene, "--yes")()
    assert raised.value.exit_status == DECLINED
    assert list(scene.s3.bodies(LOGS)) == ["late.log"]


def test_with_empty_buckets_it_goes() -> None:
    scene = Scene().stand()
    run = Run(scene, "--yes", "--empty-buckets")

    assert run() == DONE

    assert scene.cloud.status(ROOT) == scene.cloud.status(FOUNDATION) == "nothing"
    assert not scene.s3.buckets[LOGS]
    assert not scene.ecr.repositories[IMAGES]
    assert "airflow-dev: removed" in run.told


def with_snapshot() -> Scene:
    scene = standing()
    scene.rds.instance("final", "db-1", 2)
    return scene


def test_a_removal_that_is_held_up_tells_the_way_back_and_so_does_the_next() -> None:
    scene = with_snapshot()
    scene.cloud.blocked = lambda each: "held" if each == "subnet-1" else ""
    run = Run(scene, *EVERYTHING)
    with pytest.raises(DeployError, match="held"):
        run()
    assert "snapshotIdentifier: 'final'" in run.told
    assert f"secrets: {{fernet: '{KEY}'}}" in run.told

    scene.cloud.blocked = lambda _: ""
    again = Run(scene, *EVERYTHING)
    again()
    assert again.told.count("snapshotIdentifier: 'final'") == 1
    assert f"secrets: {{fernet: '{KEY}'}}" in again.told


def test_while_the_database_stands_there_is_no_way_back_to_tell() -> None:
    scene = with_snapshot()
    scene.cloud.blocked = lambda each: "held" if each == "db-1" else ""
    run = Run(scene, *EVERYTHING)
    with pytest.raises(DeployError, match="held"):
        run()
    assert "snapshotIdentifier" not in run.told


def test_interrupted_it_tells_the_way_back_when_it_is_run_again() -> None:
    scene = with_snapshot()
    interrupt(scene)
    run = Run(scene, *EVERYTHING)
    assert run() == DONE
    assert "snapshotIdentifier: 'final'" in run.told
    assert f"secrets: {{fernet: '{KEY}'}}" in run.told

    nothing_left = Run(scene, *EVERYTHING)
    assert nothing_left() == DONE
    assert "there is nothing to remove" in nothing_left.told
    assert f"secrets: {{fernet: '{KEY}'}}" in nothing_left.told


def test_a_key_that_is_not_known_must_be_found_first() -> None:
    scene = with_snapshot()
    removed = scene.destroy()[1]
    told = way_back(settings(), scene.aws, replace(removed, fernet="", key=""))

    assert "FIND ITS FERNET SECRET BEFORE DEPLOYING" in told
    written = SERVICE.replace("environments: {dev: {}}\n", told[told.index("environments:") :])
    with pytest.raises(SettingsError, match=r"secrets\.fernet"):
        judged(overlay(source.parse(written, "service.yml"), "dev"))


def test_a_network_that_breaks_in_the_end_does_not_hide_what_was_done() -> None:
    scene = with_snapshot()
    removed = scene.destroy()[1]

    def broken(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://rds.eu-west-1.amazonaws.com")

    scene.rds.describe_db_snapshots = broken  # type: ignore[method-assign,assignment]
    assert "cannot be told: AWS could not be reached" in way_back(settings(), scene.aws, removed)


def test_that_nothing_of_the_database_is_left_is_said() -> None:
    scene = Scene()
    database = nested("Database", Resource("MetadataDatabase", "AWS::RDS::DBInstance", policy="Delete"))
    scene.cloud.put(ROOT, "CREATE_COMPLETE", Graph((database,)))
    run = Run(scene, *EVERYTHING)
    run()
    assert run.told.rstrip().endswith("no snapshot of the database is left: retainData was false")
