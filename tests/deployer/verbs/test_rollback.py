"""rollback: the list, what can be returned to, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from deployer.console.releases import table
from deployer.errors import DeployError
from deployer.images.facts import History
from deployer.locking.lock import held
from deployer.releasing import releases
from deployer.releasing.releases import Migrated, State
from deployer.verbs import rollback as rollback_verb
from tests.deployer.pushing import return_to, settings
from tests.deployer.scripted_environment import BUCKET, NEWER, OLDER, ROOT, Environment


def test_the_list_of_releases() -> None:
    environment = Environment(facts=OLDER)
    second = environment.image("second", NEWER)
    environment.record(2, second, State.LIVE, Migrated.YES)
    environment.cloud._get(ROOT).values["Image"] = second.reference
    environment.record(3, environment.image("third", NEWER), State.FAILED, Migrated.UNKNOWN, settings="t" * 64)
    environment.repository.images.pop(environment.first.reference.partition("@")[2])
    text, data = rollback_verb.listing(settings(), environment.tools)

    rows = [line.split() for line in text.splitlines()]
    assert rows[0] == ["release", "state", "image", "content", "settings", "Airflow", "database", "time", "who"]
    assert rows[1][:4] == ["3", "failed,", "may", "have"]
    assert rows[1][-5:-1] == ["tttttttt", "3.3.2", "c", "2026-01-01T00:00:00Z"]
    assert rows[2][:3] == ["*", "2", "live"]
    assert rows[3][:3] == ["1", "was", "live"]
    assert rows[3][4:8] == ["(gone)", "first", "ssssssss", "3.3.1"]
    assert [(each["number"], each["live"], each["imageThere"]) for each in data] == [
        (3, False, True),
        (2, True, True),
        (1, False, False),
    ]
    assert data[1]["database"] == {"alembic_version": "c"}
    assert table((), None, lambda _: True, {}).startswith("There are no releases yet")


def test_a_rollback_is_a_release_of_its_own_with_an_earlier_image() -> None:
    environment = Environment()
    environment.roll(environment.image("second"))
    told = return_to(environment, 1)

    assert told.line == f"live: {environment.first.reference}, release 3 (the image of release 1)"
    assert environment.deployed == environment.first.reference
    newest = environment.releases()[0]
    assert (newest.number, newest.tag, newest.state, newest.facts) == (3, "content-first", State.LIVE, NEWER)


def test_a_rollback_leaves_the_settings_and_says_so() -> None:
    environment = Environment()
    environment.record(2, environment.image("second"), State.LIVE, settings="t" * 64)
    environment.cloud._get(ROOT).values["Image"] = environment.image("second").reference
    return_to(environment, 1)

    assert "the settings stay as they are (tttttttt); release 1 ran with others (ssssssss)" in environment.said
    assert environment.releases()[0].settings == "t" * 64


REFUSED: Mapping[int, str] = {
    9: "there is no release 9; `make airflow-rollback` lists them",
    2: "release 2 is live already; its settings are returned to with `make airflow-deploy`",
    3: "release 3 never was live: it is failed; choose one that was",
}


@pytest.mark.parametrize("number", REFUSED)
def test_what_cannot_be_returned_to(number: int) -> None:
    environment = Environment()
    second = environment.image("second")
    environment.record(2, second, State.LIVE)
    environment.cloud._get(ROOT).values["Image"] = second.reference
    environment.record(3, environment.image("third"), State.FAILED)
    with pytest.raises(DeployError) as caught:
        return_to(environment, number)
    assert str(caught.value) == REFUSED[number]
    assert environment.deployed == second.reference


def test_an_image_that_is_live_under_another_number_is_told() -> None:
    environment = Environment()
    environment.record(2, environment.image("second"), State.LIVE)
    environment.record(3, environment.first, State.LIVE)
    with pytest.raises(DeployError, match="release 1 is live already: its image is that of release 3"):
        return_to(environment, 1)


def test_an_image_that_is_gone_cannot_be_returned_to() -> None:
    environment = Environment()
    environment.roll(environment.image("second"))
    environment.repository.images.pop(environment.first.reference.partition("@")[2])
    with pytest.raises(DeployError, match=r"the image of release 1 is no longer in the repository .*; check out"):
        return_to(environment, 1)


@pytest.mark.parametrize(
    ("state", "migrated", "verbs"),
    [(State.LIVE, Migrated.YES, ("has", "is")), (State.FAILED, Migrated.UNKNOWN, ("may have", "may be"))],
)
def test_no_release_is_returned_to_that_the_database_has_migrated_past(
    state: State, migrated: Migrated, verbs: tuple[str, str]
) -> None:
    environment = Environment(facts=OLDER)
    environment.record(2, environment.image("same", OLDER), State.LIVE)
    environment.record(3, environment.image("newer", NEWER), state, migrated)
    with pytest.raises(DeployError) as caught:
        return_to(environment, 1)

    said = str(caught.value)
    assert said.startswith(
        f"release 1: the database {verbs[0]} migrated past it with release 3 (Airflow 3.3.2): "
        f"the database {verbs[1]} at alembic_version=c, which Airflow 3.3.1 does not know; "
    )
    assert ("stop the webserver's task: the next one logs where" in said) is (migrated is Migrated.UNKNOWN)
    assert "push an image with Airflow 3.3.2 or newer (make airflow-push-image)" in said
    assert "snapshot of before 2026-01-01T00:00:00Z (metadataDb.snapshotIdentifier)" in said
    assert "remove the records of release 3 and later from s3://bucket/releases/" in said
    assert environment.deployed == environment.first.reference


def test_a_failed_release_that_never_touched_the_database_is_no_obstacle() -> None:
    environment = Environment(facts=OLDER)
    environment.record(2, environment.image("same", OLDER), State.LIVE)
    environment.record(3, environment.image("newer", NEWER), State.FAILED, Migrated.NO)
    environment.cloud._get(ROOT).values["Image"] = environment.image("same", OLDER).reference
    assert return_to(environment, 1).line.endswith("release 4 (the image of release 1)")


@pytest.mark.parametrize(("airflow", "refused"), [("3.3.2", False), ("3.3.0", True)])
def test_where_nobody_knows_the_revisions_airflow_stands_for_them(airflow: str, refused: bool) -> None:
    environment = Environment()
    known = environment.releases()
    if refused:
        with pytest.raises(DeployError, match=r"nobody knows whether Airflow 3\.3\.0 can work with a database of"):
            releases.require_serves(known, "it", None, airflow, BUCKET)
    else:
        releases.require_serves(known, "it", None, airflow, BUCKET)


def test_a_provider_that_an_older_image_lacks_is_no_obstacle() -> None:
    environment = Environment(facts=replace(NEWER, database={**NEWER.database, "fab": History(("z",), frozenset("z"))}))
    releases.require_serves(environment.releases(), "it", NEWER, "3.3.2", BUCKET)


def test_records_of_before_there_was_a_lock_are_read() -> None:
    environment = Environment()
    body = json.loads(environment.bucket.bodies(BUCKET)["releases/000001.json"])
    environment.bucket.put_object(BUCKET, "releases/000001.json", json.dumps(body | {"at_work": ""}).encode())
    assert [each.number for each in environment.releases()] == [1]


def test_a_record_that_is_none_is_named() -> None:
    environment = Environment()
    environment.bucket.put_object("bucket", "releases/000002.json", b"{}")
    with pytest.raises(DeployError, match=r"s3://bucket/releases/000002.json is no record of a release"):
        environment.releases()


def test_what_failed_and_runs_has_a_word_of_its_own_and_one_can_leave_it() -> None:
    environment = Environment()
    second = environment.image("second")
    environment.record(2, second, State.FAILED, deployed=True)
    environment.cloud._get(ROOT).values["Image"] = second.reference
    environment.cluster.roll(second.reference)
    text, data = rollback_verb.listing(settings(), environment.tools)
    rows = [line.split() for line in text.splitlines()]
    assert rows[1][:5] == ["*", "2", "failed,", "but", "runs"]
    assert rows[2][:3] == ["1", "was", "live"]
    assert [(each["runs"], each["live"]) for each in data] == [(True, False), (False, False)]

    assert return_to(environment, 1).line.startswith("live: ")
    assert environment.deployed == environment.first.reference


def test_a_list_tells_what_was_interrupted_and_writes_nothing() -> None:
    environment = Environment()
    environment.record(2, environment.image("second"), State.ROLLING)
    environment.bucket.calls.clear()
    text, data = rollback_verb.listing(settings(), environment.tools)
    assert text.splitlines()[1].split()[:3] == ["2", "interrupted", "(CREATE_COMPLETE)"]
    assert data[0]["interrupted"] is True
    assert "PutObject" not in environment.bucket.calls

    with held(environment.tools, BUCKET, "push"):
        text, data = rollback_verb.listing(settings(), environment.tools)
    assert text.splitlines()[1].split()[:2] == ["2", "rolling"]
    assert "interrupted" not in data[0]


def test_a_list_tells_what_was_interrupted_though_its_lock_is_still_there() -> None:
    environment = Environment()
    environment.record(2, environment.image("second"), State.ROLLING)
    environment.bucket.put_object(BUCKET, "lock.json", b"{}")
    environment.time.seconds += 600
    assert "interrupted" in rollback_verb.listing(settings(), environment.tools)[0]
