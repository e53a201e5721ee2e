"""The lock of an environment over a deploy: held as soon as there is a bucket for it, and still held when it counts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from deployer.locking import lock
from deployer.locking.lock import Hold
from deployer.tools import Tools

if TYPE_CHECKING:
    from deployer.cloudformation.change_sets import ChangeSet

DOING = "deploy"


class Guard:
    """The lock, once there is one; `end` releases it."""

    def __init__(self, tools: Tools, end: ExitStack) -> None:
        self._tools, self._end = tools, end
        self._holds: dict[str, Hold] = {}

    def take(self, bucket: str) -> bool:
        """Take the lock in a bucket, unless it is in one's hands; False when the bucket is not there.

        Raises DeployError when somebody else holds it.
        """
        if bucket not in self._holds:
            hold = self._end.enter_context(lock.held(self._tools, bucket, DOING))
            if not hold.is_held:
                return False
            self._holds[bucket] = hold
        return True

    def require(self) -> None:
        """Raise DeployError if the lock was lost; where there is none yet, there is none to lose."""
        for hold in self._holds.values():
            hold.require()

    def over(self, consent: Callable[[ChangeSet], bool]) -> Callable[[ChangeSet], bool]:
        """A consent that, once given, raises DeployError if the lock was lost while somebody was asked."""

        def agreed(change_set: ChangeSet) -> bool:
            if not consent(change_set):
                return False
            self.require()
            return True

        return agreed
