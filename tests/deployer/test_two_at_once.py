"""Two people, or a person and a deploy, at one environment at the same time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from deployer.cloudformation import stacks
from deployer.errors import DeployError
from deployer.locking.lock import held
from deployer.releasing.history import settled
from deployer.releasing.releases import Migrated, Release, State
from deployer.releasing.targets import Image
from tests.deployer.scripted_clients import RefusedError
from tests.deployer.scripted_cluster import Played
from tests.deployer.scripted_environment import BUCKET, NEWER, OLDER, ROOT, Environment


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


def test_a_push_that_was_killed_is_taken_up_by_the_next_one_of_this_machine() -> None:
    """Its lock is there still, and CloudFormation at work."""
    environment = Environment()
    second = environment.image("second")
    killed(environment, lambda: environment.roll(second))
    assert (environment.cloud.status(ROOT), environment.releases()[0].state) == ("UPDATE_IN_PROGRESS", State.ROLLING)
    with pytest.raises(DeployError, match="another operation is at work on it; wait until it has ended"):
        rolled_under_lock(environment, second)
    environment.time.sleep(120)

    release = rolled_under_lock(environment, second)

    assert release is not None
    assert (release.number, release.state, release.unproven) == (2, State.LIVE, "")
    assert any("the lock is taken over from who is gone: push by arn" in line for line in environment.said)
    assert "lock.json" not in environment.bucket.bodies(BUCKET)


def test_after_a_push_that_was_killed_another_image_can_be_pushed() -> None:
    environment = Environment()
    killed(environment, lambda: environment.roll(environment.image("second")))
    environment.time.sleep(120)

    assert rolled_under_lock(environment, environment.image("third")) is not None
    assert [each.state for each in environment.releases()] == [State.LIVE, State.LIVE, State.LIVE]
    assert "release 2 was interrupted; it is live by now" in environment.said


def rolled_under_lock(environment: Environment, image: Image) -> Release | None:
    tools = environment.tools
    with held(tools, BUCKET, "push") as hold:
        environment.tools = replace(tools, require=hold.require)
        try:
            return environment.roll(image)
        finally:
            environment.tools = tools


def killed(environment: Environment, work: Callable[[], object]) -> None:
    """Let a push be killed while CloudFormation is at work: nothing that it does at its end is done."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with held(environment.tools, BUCKET, "push"):
        mine = environment.bucket.bodies(BUCKET)["lock.json"]
    tools = environment.tools
    environment.bucket.put_object(BUCKET, "lock.json", json.dumps(json.loads(mine) | {"pid": gone.pid}).encode())

    class Killed(BaseException):
        pass

    def sleep(seconds: float) -> None:
        if environment.cloud.status(ROOT) == "UPDATE_IN_PROGRESS":
            raise Killed
        environment.time.sleep(seconds)

    environment.tools = replace(tools, clock=replace(tools.clock, sleep=sleep))
    with pytest.raises(Killed):
        work()
    environment.tools = tools


def test_a_root_that_somebody_removes_while_services_change_is_said_to_be_gone() -> None:
    environment = Environment()
    sleep = environment.time.sleep

    def removed(seconds: float) -> None:
        sleep(seconds)
        if environment.cloud.status(ROOT) == "UPDATE_IN_PROGRESS":
            environment.cloud.remove_by_hand(ROOT)

    environment.tools = replace(environment.tools, clock=replace(environment.tools.clock, sleep=removed))
    with pytest.raises(DeployError) as caught:
        environment.roll(environment.image("second"))
    assert caught.value.line == (
        "release 2 is not live: airflow-dev was removed by somebody while it was being updated"
    )
    assert "release 1" not in caught.value.hint
    assert environment.releases()[0].state is State.FAILED


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
    assert environment.releases()[0].state is State.ROLLING
    found = settled(environment.tools, environment.target, stacks.find(environment.aws, ROOT))[0]
    assert (found.state, found.migrated) == (State.FAILED, Migrated.UNKNOWN)
