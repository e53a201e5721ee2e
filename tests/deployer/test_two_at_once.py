"""Two people, or a person and a deploy, at one environment at the same time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import repeat
from typing import Any

import pytest

from deployer import stacks
from deployer.errors import DeployError
from deployer.history import settled
from deployer.releases import Migrated, State
from tests.deployer.scripted_clients import RefusedError
from tests.deployer.scripted_cluster import Played
from tests.deployer.scripted_environment import NEWER, OLDER, ROOT, Environment


def asleep_worker(wakes: str) -> Environment:
    return Environment(webserver=Played(entrance=True), worker=Played(desired=0, wakes=wakes))


def once(environment: Environment, then: Callable[[], object]) -> None:
    """Let something happen while the first rehearsal begins."""
    run_task = environment.cluster.run_task
    done: list[int] = []

    def run(**asked: Any) -> Any:
        answer = run_task(**asked)
        if not done:
            done.append(1)
            then()
        return answer

    environment.cluster.run_task = run  # type: ignore[method-assign]


def test_one_persons_failed_proof_does_not_undo_what_another_has_rolled_out() -> None:
    """By hand, in the console: who uses the deployer is told to wait."""
    environment = asleep_worker("ends")
    second, third = environment.image("second"), environment.image("third")

    def somebody_else() -> None:
        environment.cloud._get(ROOT).values["Image"] = third.reference
        environment.record(3, third, State.LIVE)

    once(environment, somebody_else)
    with pytest.raises(DeployError, match="release 2 is not live: release 3 has taken over meanwhile"):
        environment.roll(second)
    assert environment.deployed == third.reference
    assert {each.number: each.state for each in environment.releases()}[2] is State.FAILED


def test_who_waits_for_steady_services_sees_that_another_has_taken_over() -> None:
    environment = Environment()
    second, third = environment.image("second"), environment.image("third")

    def somebody_else() -> None:
        environment.cluster.services["worker"].rollout = "IN_PROGRESS"
        environment.cloud.again = lambda graph, _: environment._changed(graph)

    environment.during = somebody_else
    sleep, before = environment.time.sleep, environment.time.seconds

    def later(seconds: float) -> None:
        sleep(seconds)
        if environment.cloud.status(ROOT) == "UPDATE_COMPLETE" and environment.time.seconds > before + 30:
            environment.cloud._get(ROOT).values["Image"] = third.reference

    environment.time.sleep = later  # type: ignore[method-assign]
    environment.tools = type(environment.tools)(
        environment.aws, environment.said.append, environment.said.append, environment.time.clock(5), environment._today
    )
    with pytest.raises(DeployError, match="release 2 is not live: another image has taken over meanwhile"):
        environment.roll(second)
    assert environment.time.seconds < before + 120
    assert environment.deployed == third.reference


def test_a_record_that_is_being_worked_on_is_not_touched() -> None:
    environment = asleep_worker("HEALTHY")
    told: list[str] = []

    def somebody_else() -> None:
        with pytest.raises(DeployError) as caught:
            environment.roll(environment.image("third"))
        told.append(str(caught.value))

    once(environment, somebody_else)
    release = environment.roll(environment.image("second"))

    assert release is not None
    assert (release.number, release.state) == (2, State.LIVE)
    assert len(told) == 1
    assert told[0].startswith("release 2 is being rolled out at this moment, by arn:aws:sts::123456789012:")
    assert "interrupted" not in " ".join(environment.said)


def test_a_long_proof_gives_signs_of_life() -> None:
    environment = Environment()
    seen: list[str] = []
    sleep = environment.time.sleep

    def look(seconds: float) -> None:
        sleep(seconds)
        newest = environment.releases()[0]
        if newest.number == 2 and newest.state is State.ROLLING:
            age = environment._today() - type(environment._today()).fromisoformat(newest.at_work)
            assert age < timedelta(seconds=70)
            seen.append(newest.at_work)

    environment.tools = type(environment.tools)(
        environment.aws,
        clock=type(environment.tools.clock)(environment.tools.clock.now, look, pace(20)),
        today=environment._today,
    )
    environment.during = lambda: setattr(environment.cluster.services["worker"], "rollout", "IN_PROGRESS")
    with pytest.raises(DeployError, match="not steady after 20 minutes"):
        environment.roll(environment.image("second"))
    assert len(set(seen)) > 10


def pace(seconds: float) -> Callable[[], Any]:
    return lambda: repeat(seconds)


def test_who_was_killed_is_waited_for_ten_minutes() -> None:
    environment = Environment()
    now = f"{environment._today():%Y-%m-%dT%H:%M:%SZ}"
    environment.record(2, environment.image("second"), State.ROLLING, at_work=now)
    third = environment.image("third")
    with pytest.raises(DeployError, match="release 2 is being rolled out at this moment"):
        environment.roll(third)
    environment.time.sleep(700)
    assert environment.roll(third) is not None
    assert [each.state for each in environment.releases()] == [State.LIVE, State.FAILED, State.LIVE]


def test_a_stack_that_came_to_work_since_it_was_looked_at_is_left_alone() -> None:
    """As while somebody is asked whether they want a deploy."""
    environment = Environment(facts=OLDER)
    create = environment.cloud.create_change_set

    def meanwhile(**asked: Any) -> Any:
        answer = create(**asked)
        environment.cloud._own(environment.cloud._get(ROOT), "UPDATE_IN_PROGRESS", environment.time.seconds)
        return answer

    environment.cloud.create_change_set = meanwhile  # type: ignore[method-assign]
    with pytest.raises(DeployError, match="another operation is at work on it"):
        environment.roll(environment.image("third", OLDER))
    assert [each.number for each in environment.releases()] == [1]
    assert environment.cloud.change_sets.keys() == {c for c in environment.cloud.change_sets if "nested-" in c}


def test_a_change_that_aws_refuses_to_begin_leaves_nothing_behind() -> None:
    environment = Environment(facts=OLDER)

    def refuse(**_: object) -> None:
        raise RefusedError("AccessDenied", "not authorized to perform: cloudformation:ExecuteChangeSet", 403)

    execute = environment.cloud.execute_change_set
    environment.cloud.execute_change_set = refuse  # type: ignore[method-assign, assignment]
    with pytest.raises(Exception, match="ExecuteChangeSet"):
        environment.roll(environment.image("second", NEWER))
    newest = environment.releases()[0]
    assert (newest.number, newest.state, newest.migrated) == (2, State.FAILED, Migrated.NO)
    assert environment.cloud.change_sets.keys() == {c for c in environment.cloud.change_sets if "nested-" in c}

    environment.cloud.execute_change_set = execute  # type: ignore[method-assign]
    assert environment.roll(environment.image("third", OLDER)) is not None


def test_without_an_answer_nobody_knows_whether_it_began() -> None:
    environment = Environment(facts=OLDER)

    def lost(**_: object) -> None:
        raise RefusedError("InternalFailure", "try again", 500)

    environment.cloud.execute_change_set = lost  # type: ignore[method-assign, assignment]
    with pytest.raises(DeployError, match=r"release 2 was left on its way.*make airflow-rollback"):
        environment.roll(environment.image("second", NEWER))
    newest = environment.releases()[0]
    assert (newest.state, newest.at_work) == (State.ROLLING, "")
    found = settled(environment.tools, environment.target, stacks.find(environment.aws, ROOT))[0]
    assert (found.state, found.migrated) == (State.FAILED, Migrated.UNKNOWN)
