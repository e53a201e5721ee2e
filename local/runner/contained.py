"""A container, attached to by a process of the engine's command line that ends when it ends."""

import signal
from collections.abc import Sequence

from local.errors import LocalError
from local.runner.engine import Engine
from local.runner.family import Kin
from local.runner.processes import Process

_BY_SIGNAL = 128  # and more: the status of a container whose first process was killed by a signal
_TRIES = 5  # to remove it; what is left then is found by its label at the end of the run


class Contained(Process):
    """What has started the container is `attached` to it; `name` is the container's."""

    def __init__(self, attached: Process, engine: Engine, name: str) -> None:
        self._attached = attached
        self._engine = engine
        self._name = name
        self._asked = False
        self._heard = False
        self._tries = 0

    def exit_code(self) -> int | None:
        """Return the container's, which its command line hands on."""
        return self._attached.exit_code()

    def ended(self) -> str:
        """Say how it ended, also that it had no memory left: the status alone does not tell."""
        number = (self.exit_code() or 0) - _BY_SIGNAL
        by_signal = number in set(signal.Signals)
        how = f"killed by {signal.Signals(number).name}" if by_signal else self._attached.ended()
        return f"{how}, out of memory" if self._is_out_of_memory() else how

    def look(self, kin: Sequence[Kin]) -> None:
        """Let the command line's process be known: the container's may be on another machine."""
        self._attached.look(kin)

    def memory(self) -> None:
        """Nobody knows, as asking the engine takes a second."""

    def terminate(self) -> None:
        """Send SIGTERM to its first process, now or as soon as it runs."""
        self._asked = True
        self._signal()

    def kill(self) -> None:
        """End it, and the command line too: that waits in vain where the engine has gone."""
        self._engine.remove(self._name)
        self._attached.kill()

    def is_gone(self) -> bool:
        """Remove it when it has ended, or when nobody is attached to it any more."""
        if self.exit_code() is None:
            self._signal()
        if not self._attached.is_gone():
            return False
        self._tries += 1
        return self._engine.remove(self._name) or self._tries >= _TRIES

    def _signal(self) -> None:
        """Send it once: a second one would end a worker that finishes its tasks."""
        if self._asked and not self._heard:
            try:
                self._engine.ask("kill", "--signal", "TERM", self._name)
            except LocalError:
                return  # it does not run yet, or no longer
            self._heard = True

    def _is_out_of_memory(self) -> bool:
        """Whether any of its processes was killed for want of memory, which the first may have outlived."""
        try:
            return self._engine.ask("inspect", "--format", "{{.State.OOMKilled}}", self._name) == "true"
        except LocalError:
            return False
