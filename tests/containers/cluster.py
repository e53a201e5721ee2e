"""An Airflow in containers of the declared size: from settings through templates, a deploy and task definitions.

The AWS inside this machine is deployed to, and the laptop's own runner starts what was deployed there: real PostgreSQL
and Valkey, with TLS and the token. Nothing but the place differs from `make airflow-local ARGS=--docker`: the tests'
own engine and image, and no shell.
"""

import json
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import yaml

from deployer.aws import connect
from deployer.cloudformation.stacks import StackNames
from deployer.deploying import deployment
from deployer.tools import Tools
from generator.config import source
from generator.config.environments import judged, overlay
from generator.config.settings import Settings
from generator.render import render, write
from local import embedded_aws
from local.embedded_aws import Endpoint
from local.layout import Layout
from local.runner.as_containers import AsContainers, as_containers
from local.runner.definitions import Clients, Deployed, ServiceTask, read
from local.runner.engine import Engine as RunnersEngine
from local.runner.health import Status
from local.runner.ports import require_free
from local.runner.processes import Processes
from local.runner.records import Records
from local.runner.task import State, Task
from tests.containers.base import CHECKOUT
from tests.containers.engine import Engine
from tests.containers.groups import Group

ENVIRONMENT = "sizes"
_TICK = 0.2  # seconds
_SAMPLE = 1.0  # seconds between two looks at the memory
_PATIENCE = 420  # seconds until all are healthy: the start period, and the checks that then count


@dataclass
class Figures:
    """What a component needed: seconds from its start until healthy, CPU seconds until then, MiB at most.

    `own` is what its processes had for themselves at most, `peak` counts the kernel's copies of files, too.
    """

    task: ServiceTask
    healthy: float | None = None
    cpu: float = 0
    own: float = 0
    peak: float = 0
    kills: int = 0


@dataclass
class Cluster:
    """Keeps its tasks running, from a thread, as the runner does; `figures` are of the first container of each."""

    engine: Engine
    place: AsContainers
    deployed: Deployed
    folder: Path
    outputs: Mapping[str, str]
    password: str
    tasks: dict[str, Task] = field(default_factory=dict)
    figures: dict[str, Figures] = field(default_factory=dict)
    _groups: dict[str, Group] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, task: ServiceTask, name: str = "") -> None:
        """Start a container of a task, and measure it."""
        name = name or task.component
        folder = self.folder / f"{name}-{len(self.figures)}"
        folder.mkdir()
        with self._lock:
            unit = self.place.prepare(task, self.deployed, name, folder)
            self.tasks[name] = Task(unit, self.place, time.monotonic())
            self._groups.pop(name, None)
            self.figures.setdefault(name, Figures(task))

    def stop(self, name: str) -> None:
        """SIGTERM, and SIGKILL when its time is over."""
        with self._lock:
            self.tasks[name].stop(time.monotonic())

    def state(self, name: str) -> State:
        return self.tasks[name].state

    def log(self, name: str) -> str:
        return self.tasks[name].unit.log.read_text(errors="replace")

    def definition(self, component: str) -> ServiceTask:
        (found,) = (task for task in self.deployed.tasks if task.component == component)
        return found

    def wait(self, *names: str) -> None:
        """Wait until these are healthy; fail, with the end of its log, at the first that was replaced."""
        deadline = time.monotonic() + _PATIENCE
        while waited_for := [name for name in names or self.tasks if not self.tasks[name].is_ready]:
            now = time.monotonic()
            for name in waited_for:
                seen = self.tasks[name].snapshot(now)
                assert not seen.restarts, f"{name}: {seen}\n{self.log(name)[-3000:]}"
                assert not seen.reason, f"{name}: {seen}\n{self.log(name)[-3000:]}"
            assert now < deadline, f"not healthy: {waited_for}\n{self.log(waited_for[0])[-3000:]}"
            time.sleep(_TICK)

    def wait_until_stopped(self, name: str, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        while self.state(name) is not State.STOPPED:
            assert time.monotonic() < deadline, f"{name} does not end"
            time.sleep(_TICK)

    def inspect(self, name: str, form: str) -> str:
        return self.engine.run("inspect", "--format", form, self._container(name)).stdout.strip()

    def processes(self) -> Iterator[psutil.Process]:
        """Every process in its containers."""
        for name in self.tasks:
            for word in self.engine.run("top", self._container(name), "-eo", "pid").stdout.split()[1:]:
                with suppress(psutil.Error):
                    yield psutil.Process(int(word))

    def keep(self, ended: threading.Event) -> None:
        """Tick and measure until `ended`, then stop all."""
        sample_at = 0.0
        while not ended.is_set() or any(task.state is not State.STOPPED for task in self.tasks.values()):
            now = time.monotonic()
            with self._lock:
                for task in self.tasks.values():
                    task.tick(now)
                    if ended.is_set():
                        task.kill()
                if now >= sample_at:
                    self._sample()
                    sample_at = now + _SAMPLE
                self._note_health(now)
            time.sleep(_TICK)

    def _note_health(self, now: float) -> None:
        for name, task in self.tasks.items():
            figures = self.figures[name]
            if figures.healthy is None and task.health is Status.HEALTHY:
                figures.healthy = task.snapshot(now).uptime
                with suppress(OSError, KeyError):
                    figures.cpu = self._groups[name].seconds

    def _sample(self) -> None:
        for name, task in self.tasks.items():
            if task.state is State.STOPPED:
                continue
            if name not in self._groups and (group := self._group(name)):
                self._groups[name] = group
            with suppress(OSError, KeyError):  # it may just have ended
                group, figures = self._groups[name], self.figures[name]
                figures.own = max(figures.own, group.own)
                figures.peak = max(figures.peak, group.peak)
                figures.kills = max(figures.kills, group.kills)

    def _group(self, name: str) -> Group | None:
        told = self.engine.run("inspect", "--format", "{{.State.Pid}}", self._container(name), check=False)
        with suppress(OSError, ValueError):
            return Group.of(int(told.stdout)) if int(told.stdout) else None
        return None

    def _container(self, name: str) -> str:
        return self.engine.run("ps", "--all", "--quiet", "--filter", f"name=airflow-local-.*-{name}$").stdout.strip()


@contextmanager
def running(engine: Engine, image: str, own_settings: str = "{}") -> Iterator[Cluster]:
    """Deploy service.yml as it is shipped, with `own_settings` over it, and start what was deployed."""
    with tempfile.TemporaryDirectory(prefix="airflow-sizes-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "local").symlink_to(CHECKOUT / "local")
        layout = Layout(folder)
        endpoint = embedded_aws.start(layout, lambda _: None)
        try:
            outputs = _deployed(endpoint, _settings(own_settings), folder / "templates", image)
            with _started(engine, layout, endpoint, outputs) as cluster:
                yield cluster
        finally:
            embedded_aws.stop(layout)


def _settings(own: str) -> Settings:
    shipped = yaml.safe_load((CHECKOUT / "service.yml").read_text())
    shipped["environments"] = {ENVIRONMENT: yaml.safe_load(own)}
    return judged(overlay(source.parse(yaml.safe_dump(shipped), "service.yml"), ENVIRONMENT))[0]


def _deployed(endpoint: Endpoint, settings: Settings, folder: Path, image: str) -> Mapping[str, str]:
    write(render(settings), folder)
    names = StackNames(settings.service_name, settings.environment)
    desired = deployment.Desired(names, folder, {"Image": image}, settings.all_tags)
    operation = deployment.deploy(Tools(connect(endpoint.session(), endpoint.url)), desired, lambda _: True)
    while True:
        try:
            next(operation)
        except StopIteration as end:
            outputs: Mapping[str, str] = end.value.root.outputs
            return outputs


@contextmanager
def _started(engine: Engine, layout: Layout, endpoint: Endpoint, outputs: Mapping[str, str]) -> Iterator[Cluster]:
    deployed = read(Clients.of(endpoint.session(), endpoint.url), outputs["ClusterName"])
    require_free(deployed.tasks)
    secrets = endpoint.session().client("secretsmanager", endpoint_url=endpoint.url)
    password = json.loads(secrets.get_secret_value(SecretId=outputs["AdminSecretArn"])["SecretString"])["password"]
    layout.run.mkdir(parents=True)
    processes = Processes(Records(layout.run / "processes"))
    with as_containers(RunnersEngine.of(engine.environment), processes, layout.run, endpoint.variables()) as place:
        # There is a load balancer in front: its URL stays. It comes from loopback, not from the network's addresses.
        in_front = replace(deployed, tasks=tuple(map(_seen_from_here, deployed.tasks)), public_port=None)
        cluster = Cluster(engine, place, in_front, layout.run, outputs, password)
        ended = threading.Event()
        thread = threading.Thread(target=cluster.keep, args=(ended,))
        for task in cluster.deployed.tasks:
            cluster.start(task)
        thread.start()
        try:
            yield cluster
        finally:
            ended.set()
            thread.join()


def _seen_from_here(task: ServiceTask) -> ServiceTask:
    """PostgreSQL's client takes the name under which its connections are counted from the variable PGAPPNAME."""
    own = {"FORWARDED_ALLOW_IPS": "127.0.0.0/8"} if "FORWARDED_ALLOW_IPS" in task.environment else {}
    return replace(task, environment={**task.environment, **own, "PGAPPNAME": task.component})
