"""All tasks together: started, watched and ended at the same time."""

from collections.abc import Callable, Sequence

from local.runner.family import Kin
from local.runner.task import Snapshot, State, Task

LOOK_EVERY = 5.0  # seconds between two looks at which processes there are and what memory they use


class Supervisor:
    """Call `tick` again and again; `survey` looks at the processes of this machine."""

    def __init__(self, tasks: Sequence[Task], survey: Callable[[], Sequence[Kin]]) -> None:
        self._tasks = tuple(tasks)
        self._survey = survey
        self._look_at = 0.0

    def tick(self, now: float) -> tuple[Snapshot, ...]:
        """Let every task go on; return what they look like now."""
        for task in self._tasks:
            task.tick(now)
        if now >= self._look_at:
            kin = self._survey()
            for task in self._tasks:
                task.look(kin)
            self._look_at = now + LOOK_EVERY
        return tuple(task.snapshot(now) for task in self._tasks)

    def stop(self, now: float) -> None:
        """Ask all to end."""
        for task in self._tasks:
            task.stop(now)

    def kill(self) -> None:
        """End all at once."""
        for task in self._tasks:
            task.kill()

    @property
    def is_ready(self) -> bool:
        """Whether every task serves."""
        return all(task.is_ready for task in self._tasks)

    @property
    def is_stopped(self) -> bool:
        """Whether nothing runs and nothing will."""
        return all(task.state is State.STOPPED for task in self._tasks)

    @property
    def hopeless(self) -> Task | None:
        """The first task that there is no point in starting again, if there is one."""
        return next((task for task in self._tasks if task.is_hopeless), None)
