"""unlock: who holds the lock, and what it takes to break it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.cloudformation.stacks import StackNames
from deployer.consent import Question
from deployer.errors import Declined, DeployError
from deployer.locking import lock
from deployer.locking.lock import held
from deployer.verbs.unlock import unlocked
from tests.deployer.pushing import published, push, return_to
from tests.deployer.scripted_environment import BUCKET, Environment

NAMES = StackNames("airflow", "dev")


def yes(_: Question) -> bool:
    return True


def no(_: Question) -> bool:
    return False


def test_who_holds_it_is_shown_and_the_lock_is_broken_once_agreed_to() -> None:
    environment, asked = Environment(), list[Question]()

    def agree(question: Question) -> bool:
        asked.append(question)
        return True

    with held(environment.tools, BUCKET, "deploy"):
        with pytest.raises(Declined):
            unlocked(environment.tools, NAMES, no)
        assert lock.read(environment.tools, BUCKET) is not None
        told = unlocked(environment.tools, NAMES, agree)
        assert told == "airflow-dev: the lock is broken"
        assert lock.read(environment.tools, BUCKET) is None
    assert asked[0].option == "--yes"
    assert asked[0].shown.startswith(
        "airflow-dev is locked: deploy by arn:aws:sts::123456789012:assumed-role/dev/ada on"
    )


def test_without_a_lock_nobody_is_asked() -> None:
    environment = Environment()
    assert unlocked(environment.tools, NAMES, no) == "airflow-dev: nobody holds a lock"
    del environment.bucket.buckets[BUCKET]
    assert unlocked(environment.tools, NAMES, no) == "airflow-dev: nobody holds a lock"


def test_one_that_goes_to_another_while_somebody_thinks_is_left_alone() -> None:
    environment = Environment()
    first = held(environment.tools, BUCKET, "deploy")
    second = held(environment.tools, BUCKET, "push")
    first.__enter__()

    def meanwhile(_: Question) -> bool:
        first.__exit__(None, None, None)
        second.__enter__()
        return True

    with pytest.raises(DeployError, match="has changed hands meanwhile"):
        unlocked(environment.tools, NAMES, meanwhile)
    found = lock.read(environment.tools, BUCKET)
    assert found is not None
    assert found.holder.doing == "push"
    second.__exit__(None, None, None)


def test_push_and_rollback_wait_for_nobody_and_begin_nothing_beside_a_deploy() -> None:
    environment = Environment()
    published(environment)
    environment.roll(environment.image("second"))
    before = environment.releases()
    with held(environment.tools, BUCKET, "deploy"):
        with pytest.raises(DeployError, match="somebody else is at work on this environment: deploy by"):
            push(environment)
        with pytest.raises(DeployError, match="somebody else is at work on this environment: deploy by"):
            return_to(environment, 1)
    assert environment.releases() == before
    assert lock.read(environment.tools, BUCKET) is None


def test_a_push_whose_lock_was_broken_while_it_built_rolls_nothing_out() -> None:
    environment = Environment()
    published(environment)
    report = environment.tools.report

    def broken(line: str) -> None:
        report(line)
        if "nothing to build" in line:
            found = lock.read(environment.tools, BUCKET)
            assert found is not None
            lock.broken(environment.tools, BUCKET, found)

    environment.tools = replace(environment.tools, report=broken)
    with pytest.raises(DeployError, match="the lock of this push was broken by somebody; see what goes on"):
        push(environment)
    assert len(environment.releases()) == 1


def test_push_and_rollback_leave_no_lock_behind() -> None:
    environment = Environment()
    published(environment)
    push(environment)
    assert lock.read(environment.tools, BUCKET) is None
    return_to(environment, 1)
    assert lock.read(environment.tools, BUCKET) is None
