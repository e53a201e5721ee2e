"""One work at a time at an environment: a lock in the foundation's bucket.

It is the object `lock.json`. It is made, renewed, taken over and removed by conditional requests alone, so that of two
who come at the same moment one is refused:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html. Who may not write it may not deploy:
the templates go to the same bucket.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployer.errors import AWS_ERRORS, DeployError, error_code, explain
from deployer.locking.holders import Holder, as_bytes, is_dead, machine, myself, parse, words
from deployer.tools import Tools

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, PutObjectRequestTypeDef

KEY = "lock.json"
SILENCE = timedelta(minutes=5)
"""Without a sign of life for so long, nobody is there any more."""
_BEAT = 30.0  # seconds between two signs of life
_ODD = timedelta(seconds=2 * _BEAT)  # who has been silent for longer may be gone: that is waited for
_LAST_BEAT = 10.0  # seconds given to a sign of life that is on its way while the lock is released
_ATTEMPTS = 5  # somebody may let go, or take over, between two looks
_NO_BUCKET = "NoSuchBucket"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html#conditional-error-response
_OTHERWISE = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}


@dataclass(frozen=True)
class Found:
    """The lock as it lies in a bucket; `silent` is how long ago its holder gave a sign of life, by S3's own clock."""

    holder: Holder
    etag: str
    silent: timedelta

    def __str__(self) -> str:
        return f"{self.holder}, last sign of life {words(self.silent)} ago"


class Hold:
    """The lock in one's hands. A thread gives signs of life every `beat` seconds until it is released, or lost."""

    def __init__(self, tools: Tools, bucket: str, mine: Holder, etag: str, beat: float = _BEAT) -> None:
        self._tools, self._bucket, self._mine, self._etag, self._every = tools, bucket, mine, etag, beat
        self._over, self._one_at_a_time = threading.Event(), threading.Lock()
        self._lost = ""
        if not etag:  # there is no bucket
            self._over.set()
        self._thread = threading.Thread(target=self._beat, daemon=True)  # it never outlives what it speaks for
        self._thread.start()

    @property
    def is_held(self) -> bool:
        """Whether there is a lock at all: without its bucket there is none, and what was lost is none either."""
        return bool(self._etag)

    def require(self) -> None:
        """Make sure that the lock is still one's own, before something is changed.

        This process may have slept, with its machine, for longer than others wait for a sign of life. Raises
        DeployError when the lock is lost, and what botocore raises when S3 cannot be asked.
        """
        self.renew()
        if self._lost:
            raise DeployError(self._lost, "see what goes on with `make airflow-status`, then run it again")

    def renew(self) -> None:
        """Give a sign of life. Raises what botocore raises when S3 cannot be asked."""
        with self._one_at_a_time:
            if self._over.is_set():
                return
            mine = replace(self._mine, beat=self._mine.beat + 1)  # other bytes, so another ETag
            try:
                self._etag = _put(self._tools, self._bucket, mine, self._etag)
                self._mine = mine
            except ClientError as error:
                if error_code(error) == _NO_BUCKET:  # as at the end of a destroy
                    self._over.set()
                elif error_code(error) in _OTHERWISE:
                    self._look_again()
                else:
                    raise

    def release(self) -> None:
        """Let go, for good; again is fine. What keeps the lock from going is told, and does not raise."""
        self._over.set()
        self._thread.join(_LAST_BEAT)
        if not self._etag:
            return
        try:
            _remove(self._tools, self._bucket, self._mine.id, self._etag)
        except AWS_ERRORS as error:
            self._tools.report(
                f"s3://{self._bucket}/{KEY}: the lock could not be released: {explain(error).line};"
                f" after {words(SILENCE)} nobody heeds it"
            )
        self._etag = ""

    def _beat(self) -> None:
        while not self._over.wait(self._every):
            with suppress(*AWS_ERRORS):  # a later one may get through
                self.renew()

    def _look_again(self) -> None:
        """The lock is not what it was: it is somebody else's, or the answer to a sign of life was lost on its way."""
        found = read(self._tools, self._bucket)
        if found is not None and found.holder.id == self._mine.id:
            self._etag, self._mine = found.etag, found.holder
        elif not self._over.is_set():
            self._over.set()
            self._etag = ""
            what = f"taken by {found.holder}" if found else "broken by somebody"
            self._lost = f"the lock of this {self._mine.doing} was {what}"
            self._tools.report(f"{self._lost}; nothing more is begun")


@contextmanager
def held(tools: Tools, bucket: str, doing: str) -> Iterator[Hold]:
    """Hold the environment's lock while `doing` something, in a word: `deploy`, `push`, `rollback`, `destroy`.

    A lock whose holder is gone (a process of this machine that is no more, or five minutes without a sign of life) is
    taken over, which is told. One who has missed two signs of life is waited for, until the five minutes are over, or
    they give one. Where the bucket does not exist there is nothing to hold, and that is no error here.

    Raises DeployError when somebody else holds it, and what botocore raises when S3 refuses.
    """
    hold = _taken(tools, bucket, myself(tools, doing))
    try:
        yield hold
    finally:
        hold.release()


def read(tools: Tools, bucket: str) -> Found | None:
    """Look who holds the lock; None when nobody does."""
    try:
        answer = tools.aws.s3.get_object(Bucket=bucket, Key=KEY)
    except ClientError as error:
        if error_code(error) in {"NoSuchKey", _NO_BUCKET}:
            return None
        raise
    return Found(parse(answer["Body"].read()), answer["ETag"], _silence(tools, answer))


def is_held(tools: Tools, bucket: str) -> bool:
    """Whether somebody holds the lock who is alive, as far as one can know. Asks for nothing but the lock."""
    found = read(tools, bucket)
    return found is not None and not _is_gone(found, Holder(machine=machine()))


def broken(tools: Tools, bucket: str, found: Found) -> bool:
    """Remove a lock that was found; False when by now it is another one, or none."""
    return _remove(tools, bucket, found.holder.id, found.etag)


def _taken(tools: Tools, bucket: str, me: Holder) -> Hold:
    for _ in range(_ATTEMPTS):
        try:
            return Hold(tools, bucket, me, _put(tools, bucket, me))
        except ClientError as error:
            if error_code(error) == _NO_BUCKET:
                return Hold(tools, bucket, me, "")
            if error_code(error) not in _OTHERWISE:
                raise
        found = _given_up(tools, bucket, me)
        if found is not None and (etag := _instead(tools, bucket, me, found)):
            return Hold(tools, bucket, me, etag)
    raise DeployError(f"s3://{bucket}/{KEY}: others take and release the lock all the time", "run it again")


def _given_up(tools: Tools, bucket: str, me: Holder) -> Found | None:
    """Look at a lock that is not held any more, or is my own; None when it is released.

    Raises DeployError when its holder is alive, once that is known.
    """
    found, told = None, False
    for _ in tools.clock.ticks(SILENCE.total_seconds()):
        found = read(tools, bucket)
        if found is None or found.holder.id == me.id or _is_gone(found, me):
            return found
        if found.silent <= _ODD:
            break
        if not told:
            tools.report(
                f"the lock is not renewed any more: {found}; without another one it is taken over after"
                f" {words(SILENCE)} (if nobody is at it: `make airflow-unlock` is quicker)"
            )
            told = True
    raise DeployError(
        f"somebody else is at work on this environment: {found}",
        "wait until they are done (`make airflow-events ARGS=--follow` watches), then run it again; if nobody is at"
        " it any more: `make airflow-unlock`",
    )


def _is_gone(found: Found, me: Holder) -> bool:
    return found.silent >= SILENCE or is_dead(found.holder, me)


def _instead(tools: Tools, bucket: str, me: Holder, found: Found) -> str:
    """Take the lock from a holder who is gone, and return its ETag; empty when somebody else was quicker."""
    if found.holder.id == me.id:  # the answer to the first request was lost on its way
        return found.etag
    try:
        etag = _put(tools, bucket, me, found.etag)
    except ClientError as error:
        if error_code(error) not in _OTHERWISE:
            raise
        return ""
    tools.report(f"the lock is taken over from who is gone: {found}")
    return etag


def _put(tools: Tools, bucket: str, holder: Holder, instead_of: str = "") -> str:
    """Write the lock where none is, or instead of the one with an ETag, and return the new ETag."""
    request: PutObjectRequestTypeDef = {"Bucket": bucket, "Key": KEY, "Body": as_bytes(holder)}
    request["ContentType"] = "application/json"
    if instead_of:
        request["IfMatch"] = instead_of
    else:
        request["IfNoneMatch"] = "*"
    return tools.aws.s3.put_object(**request)["ETag"]


def _remove(tools: Tools, bucket: str, holder: str, etag: str) -> bool:
    """Remove a holder's lock, though it may have given a sign of life since `etag` was read."""
    for _ in range(_ATTEMPTS):
        try:
            tools.aws.s3.delete_object(Bucket=bucket, Key=KEY, IfMatch=etag)
        except ClientError as error:
            if error_code(error) not in {*_OTHERWISE, _NO_BUCKET}:
                raise
        else:
            return True
        found = read(tools, bucket)
        if found is None or found.holder.id != holder:
            return False
        etag = found.etag
    return False


def _silence(tools: Tools, answer: GetObjectOutputTypeDef) -> timedelta:
    """Since when the lock was not renewed. Both times are S3's: the clocks of two who deploy may differ."""
    now = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    today = parsedate_to_datetime(now) if now else tools.today()
    return max(today - answer["LastModified"], timedelta())
