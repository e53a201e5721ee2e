"""What has become of releases, and of the database, as far as anybody can know."""

from __future__ import annotations

import hashlib
import json

import pytest

from deployer.cloudformation import stacks
from deployer.errors import DeployError
from deployer.images.facts import store
from deployer.releasing.history import settled
from deployer.releasing.releases import Migrated, Release, State
from tests.deployer.images.scripted import URI
from tests.deployer.scripted_cluster import Played
from tests.deployer.scripted_environment import BUCKET, NEWER, OLDER, ROOT, Environment

AT_NEWER, AT_OLDER = ["the database is at alembic_version=c"], ["the database is at alembic_version=b"]


def settle(environment: Environment) -> Release:
    return settled(environment.tools, environment.target, stacks.find(environment.aws, ROOT))[0]


def failing(environment: Environment) -> None:
    environment.fails = "ECS Deployment Circuit Breaker was triggered"


def test_a_task_that_is_on_its_way_out_has_run() -> None:
    environment = Environment(facts=OLDER)
    failing(environment)

    def end() -> None:
        told = "Scaling activity initiated by (deployment x)"
        environment.cluster.end_task("webserver", lastStatus="DEPROVISIONING", stoppedReason=told)
        environment.cluster.end_task("worker", startedAt=None, container={"reason": "CannotPullContainerError"})

    environment.during = end
    with pytest.raises(DeployError, match="BUT the database may have been migrated"):
        environment.roll(environment.image("second", NEWER))
    assert environment.releases()[0].migrated is Migrated.UNKNOWN


def test_a_task_that_runs_has_run() -> None:
    environment = Environment(facts=OLDER)
    failing(environment)
    environment.during = lambda: environment.cluster.run("webserver")
    with pytest.raises(DeployError, match="BUT the database may have been migrated"):
        environment.roll(environment.image("second", NEWER))


def test_what_is_logged_counts_though_nobody_saw_a_task_run() -> None:
    environment = Environment(facts=OLDER)
    failing(environment)
    environment.logs.streams["webserver/webserver/1"] = AT_NEWER
    with pytest.raises(DeployError, match="BUT the database has been migrated"):
        environment.roll(environment.image("second", NEWER))
    assert environment.releases()[0].migrated is Migrated.YES


@pytest.mark.parametrize(
    ("lines", "seconds", "migrated"),
    [
        (AT_OLDER, 1000, Migrated.NO),
        (AT_OLDER, 10, Migrated.UNKNOWN),  # the old code may have said so before the new one began
        (AT_NEWER, 1000, Migrated.YES),
        ([], 1000, Migrated.UNKNOWN),
    ],
)
def test_a_webserver_that_starts_later_tells_whether_the_database_was_migrated(
    lines: list[str], seconds: float, migrated: Migrated
) -> None:
    environment = Environment(facts=OLDER)
    environment.record(
        2, environment.image("second", NEWER), State.FAILED, Migrated.UNKNOWN, ended="2026-01-01T00:01:00Z"
    )
    environment.logs.streams["webserver/webserver/9"] = lines
    environment.logs.late["webserver/webserver/9"] = seconds
    assert settle(environment).migrated is migrated
    assert environment.releases()[0].migrated is migrated
    older = environment.image("third", OLDER)
    if migrated is Migrated.NO:
        assert environment.roll(older) is not None
    else:
        with pytest.raises(DeployError, match="migrated past it") as caught:
            environment.roll(older)
        assert ("stop the webserver's task: the next one logs" in str(caught.value)) is (migrated is Migrated.UNKNOWN)


def test_an_interrupted_release_that_went_back_is_judged_by_its_log() -> None:
    environment = Environment(facts=OLDER)
    environment.record(2, environment.image("second", NEWER), State.ROLLING, Migrated.UNKNOWN)
    environment.logs.streams["webserver/webserver/1"] = AT_NEWER
    found = settle(environment)
    assert (found.state, found.migrated, found.deployed) == (State.FAILED, Migrated.YES, False)


def test_the_history_of_an_older_environment_begins_with_what_runs() -> None:
    environment = Environment(facts=NEWER)
    environment.bucket.buckets[BUCKET].clear()
    environment.repository.images[environment.first.reference.partition("@")[2]] = ["content-first"]
    environment.cluster.airflow = "3.3.2"
    failing(environment)
    graph = environment.cloud._get(ROOT).graph
    environment.logs.streams["webserver/webserver/1"] = AT_NEWER  # it says so at each start
    environment.during = lambda: environment.cluster.end_task("worker", container={"exitCode": 1})
    with pytest.raises(DeployError) as caught:
        environment.roll(environment.image("second", NEWER))

    assert str(caught.value).endswith(
        "the services run release 1 as before; mend it and push again (make airflow-push-image)"
    )
    newest, first = environment.releases()
    assert (first.number, first.image, first.airflow, first.facts) == (1, environment.first.reference, "3.3.2", None)
    assert (first.state, first.migrated) == (State.LIVE, Migrated.NO)
    assert "release-1" in environment.repository.images[first.digest], "it does not expire"
    assert first.unproven == "it ran before releases were written down"
    assert graph
    assert first.settings == hashlib.sha256(json.dumps(json.loads(graph.text())).encode()).hexdigest()
    assert (newest.number, newest.state, newest.migrated) == (2, State.FAILED, Migrated.NO)


def test_an_image_by_tag_that_runs_is_known_by_its_digest_and_facts() -> None:
    environment = Environment(facts=OLDER)
    environment.bucket.buckets[BUCKET].clear()
    environment.cloud._get(ROOT).values["Image"] = f"{URI}:content-first"
    environment.cluster.roll(f"{URI}:content-first")
    store(environment.aws, BUCKET, environment.first.reference.partition("@")[2], OLDER)
    first = settle(environment)
    assert (first.image, first.airflow, first.facts) == (environment.first.reference, "3.3.1", OLDER)
    assert first.number == 2, "a tag release-1 is there"


def test_settings_are_those_that_came_last_to_the_root() -> None:
    """Also where the release failed afterwards: going back with the image leaves the templates."""
    environment = Environment()
    environment.record(2, environment.image("second"), State.FAILED, settings="t" * 64, deployed=True)
    environment.record(3, environment.image("third"), State.FAILED, settings="u" * 64)
    release = environment.roll(environment.image("fourth"))
    assert release is not None
    assert release.settings == "t" * 64


def test_interrupted_before_aws_has_begun_nothing_is_said_to_go_on() -> None:
    environment = Environment()

    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    environment.cloud.describe_stack_events = interrupted  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        environment.roll(environment.image("second"))
    assert not any("AWS goes on" in line for line in environment.said)
    assert environment.releases()[0].state is State.FAILED


def test_interrupted_while_services_change_it_says_that_aws_goes_on() -> None:
    environment = Environment(webserver=Played(entrance=True), worker=Played())
    environment.interrupt_when(lambda: environment.cloud.status(ROOT) == "UPDATE_IN_PROGRESS")
    with pytest.raises(KeyboardInterrupt):
        environment.roll(environment.image("second"))
    assert environment.said[-1] == (
        "release 2 was left on its way;"
        " AWS goes on with it by itself; `make airflow-rollback` lists what has become of it"
    )
    assert not any("make airflow-deploy" in line for line in environment.said), "it was no deploy"
    assert environment.releases()[0].state is State.ROLLING
