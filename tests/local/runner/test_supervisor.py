from pathlib import Path

import pytest

from local.runner.container import Unit
from local.runner.family import Kin
from local.runner.supervisor import LOOK_EVERY, Supervisor
from local.runner.task import HOPELESS, Snapshot, State, Task
from tests.local.runner.fake_processes import FakeMachine


class Cluster:
    """Two tasks without health checks on a machine of fakes."""

    def __init__(self, folder: Path) -> None:
        self.machine = FakeMachine()
        self.surveys = 0
        units = [Unit(name, (name,), {}, folder, folder, None, stop_timeout=60) for name in ("one", "two")]
        tasks = [Task(unit, self.machine, 0, longest_pause=0) for unit in units]
        self.supervisor = Supervisor(tasks, self.survey)

    def survey(self) -> tuple[Kin, ...]:
        self.surveys += 1
        return ()

    def tick(self, now: float) -> tuple[Snapshot, ...]:
        return self.supervisor.tick(now)


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_all_are_started_at_once(cluster: Cluster) -> None:
    assert not cluster.supervisor.is_ready
    assert [snapshot.state for snapshot in cluster.tick(0)] == [State.RUNNING, State.RUNNING]
    assert cluster.supervisor.is_ready


def test_processes_and_their_memory_are_looked_at_now_and_then(cluster: Cluster) -> None:
    snapshots = [cluster.tick(now / 4) for now in range(int(LOOK_EVERY * 4) + 2)]
    assert cluster.surveys == 2
    assert all(snapshot.memory for snapshot in snapshots[-1])


def test_all_are_ended_at_the_same_time(cluster: Cluster) -> None:
    cluster.tick(0)
    cluster.supervisor.stop(1)
    assert all(process.asked for process in cluster.machine.started)
    assert not cluster.supervisor.is_stopped
    cluster.tick(1)
    assert cluster.supervisor.is_stopped


def test_who_never_comes_up_is_named(cluster: Cluster) -> None:
    for now in range(3 * HOPELESS):
        for process in cluster.machine.started:
            if process.name == "two":
                process.code = 1
        cluster.tick(now)
    assert cluster.supervisor.hopeless is not None
    assert cluster.supervisor.hopeless.unit.name == "two"
