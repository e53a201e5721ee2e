"""Tasks as containers of the image that their definitions name, each with the CPU and the memory of its task.

They share this machine's network: so they find the AWS inside it, its database and its broker on loopback, and each
other, as processes do. On Docker Desktop that is a setting: https://docs.docker.com/engine/network/drivers/host/
"""

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from local.errors import LocalError
from local.runner.contained import Contained
from local.runner.container import Unit
from local.runner.definitions import Deployed, ServiceTask
from local.runner.engine import Engine
from local.runner.environment import LAPTOP, environment_of
from local.runner.health import EAGER_ON_A_PART_OF_A_CPU
from local.runner.leftovers import label, noted
from local.runner.processes import Process, Processes

GIVEN = "/opt/airflow-local"  # where a container finds what this machine gives it
_CERTIFICATES = "certificates.pem"
_AUTHORITIES = "SSL_CERT_FILE"
_NARROWED = (
    "import socket, sys; sys.exit(socket.socket.bind.__name__ != '_bind_on_loopback' and"
    " 'it would listen on every interface: what shall keep it from that cannot be read there')"
)


class AsContainers:
    """Runs tasks with a container engine."""

    def __init__(self, engine: Engine, processes: Processes, folder: Path, aws: Mapping[str, str]) -> None:
        self._engine = engine
        self._processes = processes
        self._folder = folder
        self._aws = aws
        self.eager = EAGER_ON_A_PART_OF_A_CPU
        self._run = secrets.token_hex(4)
        self._python_path = cache(self._checked_python_path)

    def prepare(self, task: ServiceTask, deployed: Deployed, name: str, folder: Path) -> Unit:
        """Say what to start. Raises LocalError for an image that is not here or does not run here."""
        variables = environment_of(task, deployed, self._given(task.image))
        if its_own := sorted(variables.keys() & self._engine.environment):
            raise LocalError(
                f"container {task.component}: its variable {its_own[0]} is one that {self._engine.cli} reads itself; "
                f"start without it, or without {its_own[0]} in your shell"
            )
        entry, *rest = task.entry_point or ("",)
        return Unit(
            name=name,
            arguments=(
                *(self._engine.cli, "run", f"--name={self._name(name)}", *self._shared()),
                *("--network=host", *_limits(task), f"--stop-timeout={task.stop_timeout:.0f}"),
                *(f"--env={variable}" for variable in sorted(variables)),  # by name: arguments are everybody's to read
                *((f"--entrypoint={entry}",) if entry else ()),
                *(task.image, *rest, *task.command),
            ),
            environment={**self._engine.environment, **variables},
            folder=folder,
            home=folder,
            health=task.health,
            stop_timeout=task.stop_timeout,
            secrets=tuple(task.secrets.values()),
        )

    def start(self, unit: Unit) -> Process:
        """Start a container, and attach to it."""
        attached = self._processes.start(unit.arguments, unit.environment, unit.home, unit.log)
        return Contained(attached, self._engine, self._name(unit.name))

    def check(self, unit: Unit, arguments: Sequence[str]) -> Process:
        """Start a check in the container.

        One that takes too long is let go of, not ended: `airflow_runtime.health` ends by itself.
        """
        command = (self._engine.cli, "exec", self._name(unit.name), *arguments)
        return self._processes.start(command, self._engine.environment, unit.home, unit.health_log)

    def _name(self, unit: str) -> str:
        return f"airflow-local-{self._run}-{unit}"

    def _shared(self) -> tuple[str, ...]:
        """Options of every container. Nothing is ever pulled: the image is what was built or named."""
        mount = f"type=bind,source={self._folder / 'given'},target={GIVEN},readonly"
        return ("--pull=never", f"--label={label(self._folder)}", f"--mount={mount}")

    def _given(self, image: str) -> dict[str, str]:
        # The engine's own settings may name a proxy for containers, and what it is not for in small letters, which win.
        no_proxy = {"no_proxy": self._aws["NO_PROXY"]}
        return {
            **self._aws,
            **no_proxy,
            _AUTHORITIES: f"{GIVEN}/{_CERTIFICATES}",
            "PYTHONPATH": self._python_path(image),
        }

    def _checked_python_path(self, image: str) -> str:
        """Return the image's own path with ours behind it, after a look whether Python follows it there."""
        try:
            told = json.loads(self._engine.ask("image", "inspect", "--format", "{{json .Config.Env}}", image))
        except LocalError as error:
            raise LocalError(f"image {image!r}: is not here, and none is pulled ({error})") from error
        own = dict(pair.partition("=")[::2] for pair in told or ()).get("PYTHONPATH")
        path = f"{own}:{GIVEN}" if own else GIVEN
        options = (*self._shared(), "--rm", "--network=none", "--env=PYTHONPATH", "--entrypoint=python")
        try:
            self._engine.ask("run", *options, image, "-c", _NARROWED, variables={"PYTHONPATH": path})
        except LocalError as error:
            raise LocalError(f"image {image!r}: does not run here: {error}") from error
        return path


@contextmanager
def as_containers(engine: Engine, processes: Processes, folder: Path, aws: Mapping[str, str]) -> Iterator[AsContainers]:
    """Give what runs tasks as containers; afterwards none is left.

    `folder` is the run's; `aws` are the variables with which a process of this machine reaches its AWS.
    Raises LocalError without the program, its engine or the right to use it.
    """
    _hand_out(folder / "given", Path(aws[_AUTHORITIES]))
    with noted(folder, engine):
        yield AsContainers(engine, processes, folder, aws)


def _hand_out(given: Path, certificates: Path) -> None:
    """Put what containers read into a folder of its own: their user is another, and the originals may be closed."""
    shutil.rmtree(given, ignore_errors=True)
    given.mkdir(parents=True)
    shutil.copyfile(LAPTOP / "sitecustomize.py", given / "sitecustomize.py")
    shutil.copyfile(certificates, given / _CERTIFICATES)
    for path in (given, *given.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _limits(task: ServiceTask) -> Iterator[str]:
    """Give the options for a task's size, without swap, as on Fargate; a small machine gives all it has."""
    if task.cpu:
        yield f"--cpus={min(task.cpu, os.cpu_count() or task.cpu):g}"
    if task.memory:
        yield f"--memory={task.memory}m"
        yield f"--memory-swap={task.memory}m"
