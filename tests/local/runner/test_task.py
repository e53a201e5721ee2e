from itertools import pairwise
from pathlib import Path

import pytest

from local.runner.container import Unit
from local.runner.definitions import HealthCheck
from local.runner.health import Status
from local.runner.task import HOPELESS, LONGEST_PAUSE, SETTLED, State, Task
from tests.local.runner.fake_processes import FakeMachine

CHECK = HealthCheck(("CMD", "check"), interval=30, timeout=5, retries=3, start_period=0)


@pytest.fixture
def machine() -> FakeMachine:
    return FakeMachine()


def unit(folder: Path, health: HealthCheck | None = CHECK) -> Unit:
    return Unit("scheduler", ("run",), {}, folder, folder, health, stop_timeout=120, secrets=("hunter22",))


@pytest.fixture
def task(tmp_path: Path, machine: FakeMachine) -> Task:
    return Task(unit(tmp_path), machine, now=0)


def pass_time(task: Task, begin: float, end: float) -> None:
    """Tick four times a second, as the runner does."""
    for quarter in range(int(begin * 4), int(end * 4) + 1):
        task.tick(quarter / 4)


def test_it_starts_at_once_and_is_ready_when_healthy(task: Task) -> None:
    task.tick(0)
    assert (task.state, task.health, task.is_ready) == (State.RUNNING, Status.UNKNOWN, False)
    pass_time(task, 0.25, 3)
    assert (task.health, task.is_ready) == (Status.HEALTHY, True)


def test_without_a_health_check_it_is_ready_when_it_runs(tmp_path: Path, machine: FakeMachine) -> None:
    task = Task(unit(tmp_path, health=None), machine, now=0)
    task.tick(0)
    assert task.is_ready
    assert task.health is Status.UNKNOWN


def test_who_ends_is_started_again_with_the_reason_shown(task: Task, machine: FakeMachine) -> None:
    task.tick(0)
    task.unit.log.write_text("first\n\x1b[31mno hunter22 here\x1b[0m\n\n")
    machine.started[0].code = 3
    task.tick(10)
    shown = task.snapshot(10)
    assert (shown.state, shown.reason) == (State.WAITING, "exited with 3: no *** here")
    task.tick(10.5)
    assert len(machine.started) == 1
    task.tick(11)
    assert (len(machine.started), task.state, task.snapshot(11).restarts) == (2, State.RUNNING, 1)


def test_the_pauses_between_starts_grow_to_a_limit(task: Task, machine: FakeMachine) -> None:
    starts = []
    now = 0.0
    for number in range(8):
        while len(machine.started) == number:
            task.tick(now)
            now += 0.5
        starts.append(now)
        machine.started[-1].code = 1
    pauses = [after - before for before, after in pairwise(starts)]
    assert pauses == sorted(pauses)
    assert pauses[0] <= 2
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE, abs=1)


def test_a_signal_is_named(task: Task, machine: FakeMachine) -> None:
    task.tick(0)
    machine.started[0].code = -9
    task.tick(1)
    assert task.snapshot(1).reason == "killed by SIGKILL: "


def test_who_is_unhealthy_is_asked_to_end_then_replaced(task: Task, machine: FakeMachine) -> None:
    machine.checks = [0, 1]
    pass_time(task, 0, 2 + 3 * 32)
    assert machine.started[0].asked
    assert task.snapshot(0).reason == "unhealthy: check 3"
    pass_time(task, 99, 102)
    assert len(machine.started) == 2


def test_the_reason_is_forgotten_once_healthy(task: Task, machine: FakeMachine) -> None:
    task.tick(0)
    machine.started[0].code = 1
    pass_time(task, 1, 10)
    assert task.is_ready
    assert task.snapshot(10).reason == ""
    assert task.failures == 0


def test_who_never_was_healthy_is_hopeless_after_some_tries(task: Task, machine: FakeMachine) -> None:
    now = 0.0
    for tries in range(HOPELESS):
        assert not task.is_hopeless
        while len(machine.started) == tries:
            task.tick(now)
            now += 1
        machine.started[-1].code = 1
    task.tick(now)
    assert task.is_hopeless


@pytest.mark.parametrize("health", [CHECK, None])
def test_who_ever_was_healthy_is_never_hopeless(tmp_path: Path, machine: FakeMachine, health: HealthCheck) -> None:
    task = Task(unit(tmp_path, health), machine, now=0)
    pass_time(task, 0, SETTLED + 1)
    now = SETTLED + 1
    for tries in range(1, 2 * HOPELESS):
        machine.started[-1].code = 1
        while len(machine.started) == tries:
            task.tick(now)
            now += 1
    assert not task.is_hopeless


def test_stopping_asks_and_waits(task: Task, machine: FakeMachine) -> None:
    pass_time(task, 0, 3)
    task.stop(3)
    assert machine.started[0].asked
    task.tick(3)
    assert task.state is State.STOPPED
    pass_time(task, 4, 40)
    assert len(machine.started) == 1


def test_who_does_not_stop_in_time_is_killed(tmp_path: Path) -> None:
    machine = FakeMachine(deaf=True)
    task = Task(unit(tmp_path), machine, now=0)
    task.tick(0)
    task.stop(10)
    pass_time(task, 10, 129)
    assert (task.state, machine.started[0].code) == (State.STOPPING, None)
    pass_time(task, 129, 131)
    assert (task.state, machine.started[0].code) == (State.STOPPED, -9)


def test_killing_waits_for_nothing(tmp_path: Path) -> None:
    machine = FakeMachine(deaf=True)
    task = Task(unit(tmp_path), machine, now=0)
    task.tick(0)
    task.stop(1)
    task.tick(1)
    task.kill()
    task.tick(1)
    assert task.state is State.STOPPED


def test_stopping_while_it_waits_starts_nothing(task: Task, machine: FakeMachine) -> None:
    task.tick(0)
    machine.started[0].code = 1
    task.tick(1)
    task.stop(1)
    pass_time(task, 1, 40)
    assert (task.state, len(machine.started)) == (State.STOPPED, 1)


def test_a_check_that_takes_too_long_fails_and_is_killed(tmp_path: Path) -> None:
    machine = FakeMachine()
    hanging = HealthCheck(("CMD", "hang"), interval=10, timeout=5, retries=1)
    task = Task(unit(tmp_path, hanging), machine, now=0)
    pass_time(task, 0, 6.75)
    assert [process.code for process in machine.started] == [None, None]
    pass_time(task, 7, 8)
    assert [process.code for process in machine.started] == [None, -9]
    assert task.health is Status.UNKNOWN  # it began before the first interval was over
    pass_time(task, 8, 23)
    assert machine.started[0].asked


def test_a_check_in_progress_ends_with_its_container(tmp_path: Path) -> None:
    machine = FakeMachine()
    task = Task(unit(tmp_path, HealthCheck(("CMD", "hang"))), machine, now=0)
    pass_time(task, 0, 3)
    task.stop(3)
    pass_time(task, 3, 4)
    assert task.state is State.STOPPED
    assert [process.code for process in machine.started] == [0, -9]


def test_memory_and_uptime_are_shown_while_it_runs(task: Task, machine: FakeMachine) -> None:
    task.tick(0)
    task.look(())
    shown = task.snapshot(5)
    assert (shown.uptime, shown.memory) == (5, 300 * 1024 * 1024)
    machine.started[0].code = 1
    task.tick(6)
    assert (task.snapshot(6).uptime, task.snapshot(6).memory) == (None, None)


def test_a_host_where_checks_are_dear_is_asked_less_often(tmp_path: Path) -> None:
    machine = FakeMachine(eager=10)
    task = Task(unit(tmp_path), machine, now=0)
    pass_time(task, 0, 9.75)
    assert machine.checked == 0
    pass_time(task, 10, 11)
    assert task.health is Status.HEALTHY
