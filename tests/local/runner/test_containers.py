import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from local.errors import LocalError
from local.runner.as_containers import GIVEN, AsContainers, as_containers
from local.runner.container import Unit
from local.runner.definitions import Deployed, ServiceTask
from local.runner.engine import Engine
from local.runner.leftovers import clean_up, noted
from local.runner.processes import Process, Processes
from local.runner.records import Records
from tests.local.runner.waiting import eventually

FAKE = Path(__file__).with_name("fake_docker.py")
IMAGE = "airflow-local:1"
SECRET = "hunter22"
TASK = ServiceTask(
    service="SchedulerService",
    component="scheduler",
    command=("-c", "echo up $TOKEN; exec sleep 600"),
    entry_point=("/bin/sh",),
    environment={"GREETING": "hello"},
    secrets={"TOKEN": SECRET},
    stop_timeout=120,
    image=IMAGE,
    cpu=0.25,
    memory=512,
)
DEAF = "trap '' TERM; echo up; while :; do sleep 0.05; done"


@dataclass
class Machine:
    """A run's folder, a fake engine beside it, and what runs tasks with it."""

    folder: Path
    fake: Path
    engine: Engine
    place: AsContainers
    started: list[Process] = field(default_factory=list)

    def prepared(self, task: ServiceTask = TASK) -> Unit:
        (self.folder / task.component).mkdir()
        return self.place.prepare(task, Deployed((task,)), task.component, self.folder / task.component)

    def start(self, program: str) -> tuple[Unit, Process]:
        unit = self.prepared(replace(TASK, command=("-c", program)))
        self.started.append(self.place.start(unit))
        return unit, self.started[-1]

    def is_up(self, unit: Unit) -> None:
        eventually(lambda: unit.log.exists() and "up" in unit.log.read_text())

    def containers(self) -> list[str]:
        return sorted(path.name for path in (self.fake / "containers").glob("*"))

    def calls(self, verb: str) -> list[str]:
        return [line for line in (self.fake / "calls").read_text().splitlines() if line.startswith(f"{verb} ")]


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """The fake in a folder of its own, with one image."""
    folder = tmp_path / "fake"
    folder.mkdir()
    program = folder / "docker"
    program.write_text(f"#!{sys.executable} -IS\n{FAKE.read_text()}")
    program.chmod(0o755)
    (folder / "images").write_text(IMAGE)
    return folder


@pytest.fixture
def engine(fake: Path) -> Engine:
    return Engine.of({"PATH": f"{fake}:{os.defpath}", "HOME": str(fake), "SHELL_OF_THE_USER": "x"})


@pytest.fixture
def machine(tmp_path: Path, fake: Path, engine: Engine) -> Iterator[Machine]:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    certificates = tmp_path / "closed.pem"
    certificates.touch(mode=0o600)
    processes = Processes(Records(folder / "processes"))
    aws = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "NO_PROXY": "localhost,127.0.0.1",
        "SSL_CERT_FILE": str(certificates),
    }
    with as_containers(engine, processes, folder, aws) as place:
        machine = Machine(folder, fake, engine, place)
        yield machine
        for process in machine.started:
            process.kill()
            eventually(process.is_gone)
    assert not list((fake / "containers").glob("*"))
    assert not (folder / "containers.json").exists()


def test_a_container_has_the_size_of_its_task_and_this_machines_network(machine: Machine) -> None:
    arguments = machine.prepared().arguments
    assert {"--cpus=0.25", "--memory=512m", "--memory-swap=512m", "--stop-timeout=120"} <= {*arguments}
    assert {"--network=host", "--pull=never"} <= {*arguments}
    assert arguments[-3:] == (IMAGE, *TASK.command)


def test_no_more_processors_are_asked_for_than_there_are(machine: Machine) -> None:
    many = float(os.cpu_count() or 1) + 1
    assert f"--cpus={os.cpu_count()}" in machine.prepared(replace(TASK, cpu=many)).arguments


def test_values_are_handed_on_by_name_and_stand_in_no_argument_nor_file(machine: Machine) -> None:
    unit, process = machine.start("echo up $TOKEN")
    assert {"--env=TOKEN", "--env=GREETING", "--env=AWS_ENDPOINT_URL", "--env=SSL_CERT_FILE"} <= {*unit.arguments}
    assert not [word for word in unit.arguments if SECRET in word or "hello" in word]
    eventually(process.is_gone)
    assert unit.log.read_text() == f"up {SECRET}\n"
    unit.log.unlink()
    assert not [path for path in machine.folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_a_container_knows_what_it_is_given_and_nothing_of_the_users_shell(machine: Machine) -> None:
    unit = machine.prepared()
    names = {word.removeprefix("--env=") for word in unit.arguments if word.startswith("--env=")}
    assert not names & {"PATH", "HOME", "LANG", "AIRFLOW_HOME", "TMPDIR"}, "these are the image's own"
    assert unit.environment["SSL_CERT_FILE"] == f"{GIVEN}/certificates.pem"
    assert unit.environment["PYTHONPATH"] == f"/of/the/image:{GIVEN}"
    assert "SHELL_OF_THE_USER" not in unit.environment


def test_what_is_mounted_can_be_read_by_the_images_user(machine: Machine) -> None:
    given = machine.folder / "given"
    assert {path.name for path in given.iterdir()} == {"sitecustomize.py", "certificates.pem"}
    assert given.stat().st_mode & 0o777 == 0o755
    assert {path.stat().st_mode & 0o777 for path in given.iterdir()} == {0o644}
    assert f"--mount=type=bind,source={given},target={GIVEN},readonly" in machine.prepared().arguments


def test_an_image_that_would_listen_everywhere_does_not_start(machine: Machine) -> None:
    (machine.folder / "given" / "sitecustomize.py").unlink()
    with pytest.raises(LocalError, match=f"image '{IMAGE}': does not run here: docker run: it would listen on every"):
        machine.prepared()


def test_an_image_that_is_not_here_is_named(machine: Machine) -> None:
    with pytest.raises(LocalError, match=r"image 'gone:1': is not here, and none is pulled \(docker image: .*gone:1\)"):
        machine.prepared(replace(TASK, image="gone:1"))


def test_a_variable_that_the_program_reads_itself_is_refused(machine: Machine) -> None:
    with pytest.raises(LocalError, match="container scheduler: its variable HOME is one that docker reads itself"):
        machine.prepared(replace(TASK, environment={"HOME": "/x"}))


@pytest.mark.parametrize(
    ("program", "said"),
    [("echo bye; exit 3", "exited with 3"), ("kill -KILL $$", "killed by SIGKILL"), ("exit 130", "killed by SIGINT")],
)
def test_how_a_container_ended_is_said_and_it_is_removed(machine: Machine, program: str, said: str) -> None:
    _, process = machine.start(program)
    eventually(lambda: process.exit_code() is not None)
    assert process.ended() == said
    assert machine.containers()
    eventually(process.is_gone)
    assert not machine.containers()


@pytest.mark.parametrize(
    ("program", "said"),
    [("kill -KILL $$", "killed by SIGKILL, out of memory"), ("exit 1", "exited with 1, out of memory")],
)
def test_that_the_memory_did_not_suffice_is_said(machine: Machine, program: str, said: str) -> None:
    (machine.fake / "oom").touch()
    _, process = machine.start(program)
    eventually(lambda: process.exit_code() is not None)
    assert process.ended() == said
    eventually(process.is_gone)


def test_a_container_is_asked_to_end_once(machine: Machine) -> None:
    unit, process = machine.start("trap 'echo asked; exit 0' TERM; echo up; while :; do sleep 0.05; done")
    machine.is_up(unit)
    process.terminate()
    eventually(process.is_gone)
    assert unit.log.read_text() == "up\nasked\n"
    assert len(machine.calls("kill")) == 1
    assert process.exit_code() == 0


def test_a_container_that_does_not_run_yet_is_asked_to_end_as_soon_as_it_does(machine: Machine) -> None:
    (machine.fake / "slow").touch()
    _, process = machine.start("exec sleep 600")
    eventually(lambda: bool(machine.containers()))
    process.terminate()
    eventually(process.is_gone)
    assert process.exit_code() == 128 + signal.SIGTERM
    assert len(machine.calls("kill")) > 1


def test_who_does_not_listen_is_removed(machine: Machine) -> None:
    unit, process = machine.start(DEAF)
    machine.is_up(unit)
    process.terminate()
    assert not process.is_gone()
    process.kill()
    eventually(process.is_gone)
    assert not machine.containers()


def test_a_container_nobody_is_attached_to_any_more_is_removed(machine: Machine) -> None:
    unit, process = machine.start(DEAF)
    machine.is_up(unit)
    (leader,) = Records(machine.folder / "processes").all()
    os.kill(leader.pid, signal.SIGKILL)
    eventually(lambda: process.exit_code() is not None)
    assert machine.containers()
    eventually(process.is_gone)
    assert not machine.containers()


def test_an_engine_that_has_gone_keeps_nobody_from_ending(machine: Machine) -> None:
    unit, process = machine.start(DEAF)
    machine.is_up(unit)
    (machine.fake / "down").touch()
    process.kill()
    eventually(process.is_gone)
    (machine.fake / "down").unlink()
    assert machine.containers(), "the end of the run removes it"


def test_a_health_check_runs_in_the_container_with_its_variables(machine: Machine) -> None:
    unit, _ = machine.start(DEAF)
    machine.is_up(unit)
    check = machine.place.check(unit, ("/bin/sh", "-c", "echo $GREETING; exit 4"))
    eventually(check.is_gone)
    assert check.exit_code() == 4
    assert unit.health_log.read_text() == "hello\n"


def test_what_a_killed_run_left_is_removed_by_the_next_whatever_that_runs(machine: Machine, tmp_path: Path) -> None:
    unit, _ = machine.start(DEAF)
    machine.is_up(unit)
    copy = tmp_path / "copy"  # of the note that a killed run leaves
    copy.write_text((machine.folder / "containers.json").read_text())
    said: list[str] = []
    clean_up(machine.folder, machine.engine.environment, said.append)
    assert said == ["removing the containers that an earlier run left"]
    assert not machine.containers()
    clean_up(machine.folder, machine.engine.environment, said.append)
    assert len(said) == 1
    copy.rename(machine.folder / "containers.json")
    (machine.fake / "down").touch()
    with pytest.raises(LocalError, match=r"its engine does not answer.*an earlier run may have left containers"):
        clean_up(machine.folder, machine.engine.environment, said.append)
    (machine.fake / "down").unlink()


def test_containers_of_another_run_are_left_alone(machine: Machine, tmp_path: Path) -> None:
    unit, _ = machine.start(DEAF)
    machine.is_up(unit)
    other = tmp_path / "other"
    other.mkdir()
    with noted(other, machine.engine):
        pass
    assert machine.containers()


def test_a_note_that_a_loss_of_power_emptied_is_one_all_the_same(machine: Machine) -> None:
    unit, _ = machine.start(DEAF)
    machine.is_up(unit)
    (machine.folder / "containers.json").write_text("")
    clean_up(machine.folder, machine.engine.environment, lambda _: None)
    assert not machine.containers()


def test_no_program_and_no_engine_are_one_line_each(tmp_path: Path, fake: Path, engine: Engine) -> None:
    with pytest.raises(LocalError, match=r"^podman: cannot be run \(No such file.*another program: CONTAINER_CLI=\w+$"):
        Engine.of({"CONTAINER_CLI": "podman", "PATH": str(tmp_path)}).require()
    (fake / "down").touch()
    with pytest.raises(LocalError, match=r"^docker its engine does not answer, start it: Cannot connect to the Docker"):
        engine.require()


def test_a_program_of_the_users_choice_is_asked(fake: Path) -> None:
    shutil.copy(fake / "docker", fake / "finch")
    Engine.of({"CONTAINER_CLI": "finch", "PATH": f"{fake}:{os.defpath}"}).require()
    assert subprocess.run(["cat", fake / "calls"], capture_output=True, text=True, check=True).stdout == "version \n"
