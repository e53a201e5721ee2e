"""destroy as a whole: what its options let go, and what is told in the end."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from botocore.exceptions import ReadTimeoutError

from deployer.console.screen import Screen
from deployer.errors import DECLINED, DONE, Declined, DeployError
from deployer.verbs.destroying import EMPTY, LOSE, remove, way_back
from generator.config import source
from generator.config.environments import judged, overlay
from generator.config.source import SettingsError
from tests.deployer.scripted_cloudformation import Graph, Resource, nested
from tests.deployer.scripted_removal import FOUNDATION, FOUNDATION_GRAPH, IMAGES, LOGS, ROOT, Scene
from tests.deployer.scripted_snapshots import TAGS
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
        withheld = {EMPTY, LOSE} - set(self._given) if "--yes" in self._given else set[str]()
        tools = replace(self._scene.tools, report=screen.say)
        return remove(settings(), tools, screen, withheld)

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
    who = "arn:aws:sts::123456789012:assumed-role/dev/ada"
    assert run.told.splitlines()[0] == f"Removing airflow-dev from account 123456789012 in eu-west-1 as {who}"
    assert "airflow-dev: removed" in run.told


def test_in_another_place_there_is_nothing_and_the_place_is_named() -> None:
    run = Run(Scene(), "--yes")

    assert run() == DONE
    assert run.told.splitlines()[-1] == (
        "airflow-dev: there is nothing to remove in account 123456789012 in eu-west-1: was it deployed there?"
    )


def test_consent_beforehand_is_told_which_data_goes() -> None:
    scene = Scene()
    graph = Graph((nested("Database", Resource("MetadataDatabase", "AWS::RDS::DBInstance", policy="Delete")),))
    scene.cloud.put(FOUNDATION, "CREATE_COMPLETE", FOUNDATION_GRAPH)
    scene.cloud.put(ROOT, "CREATE_COMPLETE", graph)
    scene.ecr.repositories[IMAGES] = []
    run = Run(scene, "--yes")

    assert run() == DONE
    assert "!!  the database, WITHOUT a snapshot (retainData was false at the last deploy)" in run.told
    assert "!!  service.yml says retainData: true by now" in run.told


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
    assert "there is nothing to remove in account 123456789012 in eu-west-1\n" in nothing_left.told
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


DATABASE = nested("Database", Resource("MetadataDatabase", "AWS::RDS::DBInstance", policy="Delete"))
SECRETS = nested("Secrets", Resource("FernetSecret", "AWS::SecretsManager::Secret"))


def thrown_away(*root: Resource) -> Scene:
    """The database and all keys are thrown away; the database is `db-1`, the foundation's key `1234`."""
    scene = Scene()
    scene.cloud.names = {"MetadataDatabase": "db-1", "EncryptionKey": "1234"}
    key = Resource("EncryptionKey", "AWS::KMS::Key")
    scene.cloud.put(FOUNDATION, "CREATE_COMPLETE", replace(FOUNDATION_GRAPH, resources=(key,)))
    scene.cloud.put(ROOT, "CREATE_COMPLETE", Graph(root))
    return scene


def test_that_nothing_of_the_database_is_left_is_said() -> None:
    scene = thrown_away(DATABASE)
    run = Run(scene, *EVERYTHING)
    run()
    assert run.told.rstrip().endswith("no snapshot of the database was taken: retainData was false")


def test_keys_that_a_snapshot_needs_go_with_consent_to_that_alone() -> None:
    scene = thrown_away(DATABASE, SECRETS)
    scene.rds.instance("by-hand", "db-1", 2, "arn:aws:kms:eu-west-1:123456789012:key/1234")
    with pytest.raises(Declined, match=r"by-hand \(needs .*/FernetSecret and .*/EncryptionKey\).*--lose-snapshots"):
        Run(scene, *EVERYTHING)()
    assert "DeleteStack" not in scene.cloud.calls

    run = Run(scene, *EVERYTHING, "--lose-snapshots")
    run()
    assert scene.cloud.status(ROOT) == scene.cloud.status(FOUNDATION) == "nothing"
    assert "still there: by-hand (needs airflow-dev/Secrets/FernetSecret and" in run.told


def test_a_snapshot_that_a_database_of_before_has_left_needs_the_same_key() -> None:
    """Where it was replaced, the instance had another name."""
    scene = thrown_away(DATABASE, SECRETS)
    scene.rds.instance("replaced", "db-0", 2, **TAGS)
    with pytest.raises(Declined, match=r"replaced \(needs airflow-dev/Secrets/FernetSecret\);"):
        Run(scene, *EVERYTHING)()


def test_a_snapshot_of_an_earlier_life_needs_nothing_of_this_one() -> None:
    scene = thrown_away(DATABASE, SECRETS)
    scene.rds.earlier("of-before", "db-0", **TAGS)
    run = Run(scene, *EVERYTHING)
    assert run() == DONE
    assert run.told.rstrip().endswith("retainData was false; still there: of-before")


def test_keys_that_are_given_stay_with_the_snapshot() -> None:
    scene = thrown_away(DATABASE)
    scene.rds.instance("by-hand", "db-1", 2, "arn:aws:kms:eu-west-1:123456789012:key/another")
    assert Run(scene, *EVERYTHING)() == DONE
