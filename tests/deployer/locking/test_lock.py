from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any

import pytest

from deployer.clock import Clock
from deployer.errors import DeployError
from deployer.locking import holders, lock
from deployer.locking.holders import Holder
from deployer.locking.lock import Found, Hold, held
from deployer.tools import Tools
from tests.deployer.scripted_clients import RefusedError, scripted
from tests.deployer.scripted_storage import ScriptedS3

BUCKET = "bucket"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ARN = "arn:aws:sts::123456789012:assumed-role/dev/ada"


class _Sts:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012", "Arn": ARN, "UserId": "u"}


class _Place:
    """A bucket with a clock of its own, and somebody who works there; while they wait, `meanwhile` happens."""

    def __init__(self, *buckets: str) -> None:
        self.s3, self.said = ScriptedS3(*buckets), list[str]()
        self.now = NOON
        self.s3.now = lambda: self.now
        self.sts = _Sts()
        self.meanwhile: Callable[[], object] = lambda: None
        clock = Clock(self._seconds, self._sleep, lambda: repeat(10))
        self.tools = Tools(
            scripted({"s3": self.s3, "sts": self.sts}), self.said.append, clock=clock, today=lambda: NOON
        )

    def _seconds(self) -> float:
        return self.now.timestamp()

    def _sleep(self, seconds: float) -> None:
        self.passes(seconds=seconds)
        self.meanwhile()

    def passes(self, **time: float) -> None:
        """Let time pass for the bucket; the clock of this machine stands still."""
        self.now += timedelta(**time)
        self.s3.headers = {"date": f"{self.now:%a, %d %b %Y %H:%M:%S} GMT"}

    def found(self) -> Found:
        found = lock.read(self.tools, BUCKET)
        assert found is not None
        return found

    def held_by(self, holder: Holder) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=lock.KEY, Body=holders.as_bytes(holder))


def of_another_machine(doing: str = "deploy") -> Holder:
    return Holder("1" * 32, "arn:aws:iam::123456789012:user/bob", doing, "2026-01-01T11:58:00Z", "ci-7", "boot 4", 17)


@pytest.fixture
def place() -> _Place:
    return _Place(BUCKET)


def test_it_is_held_for_as_long_as_the_work_goes_on(place: _Place) -> None:
    with held(place.tools, BUCKET, "deploy"):
        holder = place.found().holder
        assert (holder.who, holder.doing, holder.since, holder.pid) == (
            ARN,
            "deploy",
            "2026-01-01T12:00:00Z",
            os.getpid(),
        )
    assert lock.read(place.tools, BUCKET) is None
    assert place.said == []


def test_two_calls_are_all_it_takes(place: _Place) -> None:
    with held(place.tools, BUCKET, "deploy"):
        pass
    assert place.s3.calls == ["PutObject", "DeleteObject"]


@pytest.mark.parametrize("end", [DeployError("it failed"), KeyboardInterrupt()])
def test_errors_and_interrupts_release_it(place: _Place, end: BaseException) -> None:
    with pytest.raises(type(end)), held(place.tools, BUCKET, "deploy"):
        raise end
    assert lock.read(place.tools, BUCKET) is None


def test_who_comes_second_is_told_who_is_at_work_and_what_to_do(place: _Place) -> None:
    place.held_by(of_another_machine())
    place.passes(seconds=42)
    with pytest.raises(DeployError) as caught, held(place.tools, BUCKET, "push"):
        pytest.fail("two are at work")
    assert str(caught.value) == (
        "somebody else is at work on this environment: deploy by arn:aws:iam::123456789012:user/bob on ci-7 (process"
        " 17) since 2026-01-01T11:58:00Z, last sign of life 42 seconds ago; wait until they are done (`make"
        " airflow-events ARGS=--follow` watches), then run it again; if nobody is at it any more: `make airflow-unlock`"
    )
    assert place.found().holder == of_another_machine()


def test_of_two_who_find_it_silent_one_takes_it_over(place: _Place) -> None:
    place.held_by(of_another_machine())
    place.passes(minutes=6)
    get, others = place.s3.get_object, list[str]()

    def meanwhile(**asked: Any) -> Any:
        answer = get(**asked)
        if not others:
            others.append("took it")
            place.held_by(replace(of_another_machine("destroy"), id="2" * 32))
        return answer

    place.s3.get_object = meanwhile  # type: ignore[method-assign, assignment]
    with pytest.raises(DeployError, match="at work on this environment: destroy by"), held(place.tools, BUCKET, "push"):
        pytest.fail("two are at work")


def test_a_holder_who_is_silent_is_waited_for_by_the_clock_of_the_bucket_and_then_taken_over(place: _Place) -> None:
    place.held_by(of_another_machine())
    place.passes(seconds=61)
    with held(place.tools, BUCKET, "deploy"):
        assert place.found().holder.who == ARN
    assert place.now - NOON == timedelta(seconds=301)
    bob = "deploy by arn:aws:iam::123456789012:user/bob on ci-7 (process 17) since 2026-01-01T11:58:00Z"
    assert place.said == [
        f"the lock is not renewed any more: {bob}, last sign of life 61 seconds ago; without another one it is taken"
        " over after 5 minutes (if nobody is at it: `make airflow-unlock` is quicker)",
        f"the lock is taken over from who is gone: {bob}, last sign of life 5 minutes ago",
    ]


def test_one_who_was_silent_and_is_heard_of_again_keeps_it(place: _Place) -> None:
    place.held_by(of_another_machine())
    place.passes(minutes=2)
    place.meanwhile = lambda: place.held_by(replace(of_another_machine(), beat=1))
    with pytest.raises(DeployError, match="0 seconds ago; wait until"), held(place.tools, BUCKET, "deploy"):
        pytest.fail("two are at work")
    assert place.now - NOON == timedelta(seconds=130)


def test_one_who_lets_go_after_all_is_waited_for_no_longer(place: _Place) -> None:
    place.held_by(of_another_machine())
    place.passes(minutes=2)
    place.meanwhile = lambda: lock.broken(place.tools, BUCKET, place.found())
    with held(place.tools, BUCKET, "deploy"):
        assert place.found().holder.who == ARN
    assert place.now - NOON == timedelta(seconds=130)
    assert len(place.said) == 1


def test_after_five_minutes_nobody_is_waited_for(place: _Place) -> None:
    place.held_by(of_another_machine())
    place.passes(minutes=5)
    with held(place.tools, BUCKET, "deploy"):
        assert place.now - NOON == timedelta(minutes=5)
    assert place.said[0].startswith("the lock is taken over from who is gone")


def test_a_process_of_this_machine_that_was_killed_is_not_waited_for(place: _Place) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with held(place.tools, BUCKET, "deploy"):
        mine = place.found().holder
    place.held_by(replace(mine, id="3" * 32, pid=gone.pid))
    with held(place.tools, BUCKET, "deploy"):
        assert place.found().holder.pid == os.getpid()


def test_one_that_is_killed_and_not_yet_buried_is_dead_too(place: _Place) -> None:
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    with held(place.tools, BUCKET, "deploy"):
        mine = place.found().holder
    assert holders.is_dead(replace(mine, pid=zombie.pid), mine)
    assert not holders.is_dead(mine, mine)
    assert not holders.is_dead(replace(mine, pid=zombie.pid, machine="another"), mine)
    assert not holders.is_dead(replace(mine, pid=-1), mine)
    zombie.wait()


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b'{"pid": "many"}'])
def test_a_lock_that_nobody_understands_is_held_by_somebody(place: _Place, body: bytes) -> None:
    place.s3.put_object(Bucket=BUCKET, Key=lock.KEY, Body=body)
    with (
        pytest.raises(DeployError, match="something by somebody on an unknown host"),
        held(place.tools, BUCKET, "push"),
    ):
        pytest.fail("two are at work")
    place.passes(minutes=5)
    with held(place.tools, BUCKET, "push"):
        pass


def test_signs_of_life_keep_it(place: _Place) -> None:
    with held(place.tools, BUCKET, "deploy") as hold:
        for _ in range(3):
            place.passes(minutes=4)
            hold.renew()
        hold.require()
        assert place.found().silent == timedelta()
    assert lock.read(place.tools, BUCKET) is None


def test_they_come_by_themselves_until_it_is_released(place: _Place) -> None:
    with held(place.tools, BUCKET, "deploy"):
        mine = place.found().holder
    place.held_by(mine)
    heard, put = threading.Event(), place.s3.put_object

    def hear(**asked: Any) -> Any:
        beats = place.s3.calls.count("PutObject")
        if beats > 3:
            heard.set()
        if beats == 2:
            raise RefusedError("SlowDown", "Please reduce your request rate.", 503)  # one may fail
        return put(**asked)

    place.s3.put_object = hear  # type: ignore[method-assign, assignment]
    hold = Hold(place.tools, BUCKET, mine, place.found().etag, beat=0.001)
    assert heard.wait(30), "nobody gives signs of life"
    hold.release()
    assert lock.read(place.tools, BUCKET) is None
    calls = len(place.s3.calls)
    hold.renew()
    assert len(place.s3.calls) == calls


def test_each_sign_of_life_is_another_version_so_that_no_old_look_opens_it(place: _Place) -> None:
    with held(place.tools, BUCKET, "deploy") as hold:
        seen = [place.found().etag]
        for _ in range(3):
            lose_answer(place, "put_object")
            hold.renew()
            seen.append(place.found().etag)
        assert len(set(seen)) == len(seen)


def test_a_lost_lock_is_said_and_stops_what_comes_next(place: _Place) -> None:
    with held(place.tools, BUCKET, "deploy") as hold:
        place.held_by(of_another_machine("destroy"))
        hold.renew()
        told = "the lock of this deploy was taken by destroy by arn:aws:iam::123456789012:user/bob on ci-7 (process 17)"
        assert place.said == [f"{told} since 2026-01-01T11:58:00Z; nothing more is begun"]
        with pytest.raises(DeployError, match=r"was taken by destroy.*make airflow-status"):
            hold.require()
    assert place.found().holder == of_another_machine("destroy"), "another's lock was released"


def test_a_broken_lock_is_said(place: _Place) -> None:
    with held(place.tools, BUCKET, "deploy") as hold:
        assert lock.broken(place.tools, BUCKET, place.found())
        with pytest.raises(DeployError, match="the lock of this deploy was broken by somebody"):
            hold.require()


def test_one_that_has_changed_hands_is_not_broken(place: _Place) -> None:
    place.held_by(of_another_machine())
    found = place.found()
    place.held_by(replace(of_another_machine(), id="2" * 32))
    assert not lock.broken(place.tools, BUCKET, found)
    assert place.found().holder.id == "2" * 32


def test_a_sign_of_life_while_it_is_looked_at_does_not_save_it(place: _Place) -> None:
    place.held_by(of_another_machine())
    found = place.found()
    place.held_by(replace(of_another_machine(), beat=1))
    assert lock.broken(place.tools, BUCKET, found)


def lose_answer(place: _Place, operation: str) -> None:
    """Let a request be heard, its answer be lost, and botocore repeat it."""
    real: Callable[..., Any] = getattr(place.s3, operation)

    def twice(**asked: Any) -> Any:
        setattr(place.s3, operation, real)
        real(**asked)
        return real(**asked)

    setattr(place.s3, operation, twice)


def test_requests_whose_answers_are_lost_are_no_other_peoples_doing(place: _Place) -> None:
    lose_answer(place, "put_object")
    with held(place.tools, BUCKET, "deploy") as hold:
        lose_answer(place, "put_object")
        hold.require()
        hold.require()
        lose_answer(place, "delete_object")
    assert lock.read(place.tools, BUCKET) is None
    assert place.said == []


def test_where_the_bucket_is_gone_there_is_nothing_to_hold(place: _Place) -> None:
    with held(place.tools, "gone", "destroy") as hold:
        hold.require()
    with held(place.tools, BUCKET, "destroy") as hold:
        del place.s3.buckets[BUCKET]
        hold.require()
    assert place.said == []


def test_after_an_early_release_nothing_is_lost_or_written(place: _Place) -> None:
    """As a destroy does it, before it empties the bucket."""
    with held(place.tools, BUCKET, "destroy") as hold:
        hold.release()
        hold.renew()
        assert lock.read(place.tools, BUCKET) is None
        place.held_by(of_another_machine())
    assert place.found().holder == of_another_machine()
    assert place.said == []


def test_credentials_that_expire_meanwhile_do_not_hide_what_was_done(place: _Place) -> None:
    def expired(**_: object) -> None:
        raise RefusedError("ExpiredToken", "The provided token has expired.")

    with held(place.tools, BUCKET, "deploy"):
        place.s3.delete_object = expired  # type: ignore[method-assign, assignment]
    assert place.said == [
        "s3://bucket/lock.json: the lock could not be released: the AWS credentials have expired (DeleteObject);"
        " after 5 minutes nobody heeds it"
    ]


def test_who_may_not_write_it_does_not_begin(place: _Place) -> None:
    def denied(**_: object) -> None:
        raise RefusedError("AccessDenied", "Access Denied", 403)

    place.s3.put_object = denied  # type: ignore[method-assign, assignment]
    with pytest.raises(Exception, match="AccessDenied"), held(place.tools, BUCKET, "deploy"):
        pytest.fail("without a lock")
