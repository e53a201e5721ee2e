"""What the task definitions promise, seen with containers: sizes, secrets, health checks, TLS, log-in, shutdown."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from generator.config.rules.connections import POOLS, Pool
from local.runner.definitions import ServiceTask
from local.runner.task import State
from tests.containers.balancer import certificate, in_front_of
from tests.containers.browser import Browser
from tests.containers.cluster import Cluster, running
from tests.containers.engine import Engine
from tests.containers.observer import observing
from tests.integration.airflow import Airflow

pytestmark = pytest.mark.nightly

BROKERS = {"valkey": "", "sqs": "celeryBackend: {engine: sqs}"}
COMPONENTS = {"webserver", "scheduler", "dag-processor", "triggerer", "workers"}
DAGS = {"fan_out", "hello_workers", "publish_readings", "summarise_readings"}
HTTPS, SECOND_HTTPS = 8443, 8444
PORT, SECOND = 8080, 8081
LONG = 40  # seconds that a task takes
REST = 30  # seconds
SETTINGS = f"""
retainData: false
whitelistedIPs: [127.0.0.1/32]
service: {{baseUrl: 'https://localhost:{HTTPS}'}}
"""


@dataclass(frozen=True)
class Site:
    """A running Airflow, and its load balancer."""

    cluster: Cluster
    url: str
    trusted: Path
    folder: Path

    @property
    def user(self) -> str:
        return self.cluster.outputs["AdminUser"]

    def browser(self) -> Browser:
        return Browser(self.trusted)

    def airflow(self) -> Airflow:
        return Airflow.log_in(f"http://127.0.0.1:{PORT}", self.user, self.cluster.password)


@pytest.fixture(scope="module", params=BROKERS)
def site(
    request: pytest.FixtureRequest, engine: Engine, image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    trusted = certificate(folder)
    with running(engine, image, SETTINGS + BROKERS[request.param]) as cluster:
        cluster.wait()
        with in_front_of(PORT, folder, HTTPS) as url:
            yield Site(cluster, url, trusted, folder)


@pytest.fixture(scope="module")
def airflow(site: Site) -> Airflow:
    found = site.airflow()
    found.wait_for_dags(DAGS)
    return found


def test_all_are_healthy_within_their_start_period_under_the_limits_of_their_definition(site: Site) -> None:
    assert set(site.cluster.tasks) == COMPONENTS
    for name, figures in site.cluster.figures.items():
        task = figures.task
        assert task.health
        assert task.cpu
        assert task.memory
        assert figures.healthy is not None
        assert figures.healthy < task.health.start_period, figures
        limits = site.cluster.inspect(
            name, "{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}"
        )
        bytes_ = task.memory * 2**20
        assert limits == f"{task.cpu * 1e9:.0f} {bytes_} {bytes_}"
        print(  # noqa: T201 - the report of the night
            f"{name}: {task.cpu} vCPU, {task.memory} MiB; healthy after {figures.healthy:.0f} s,"
            f" {figures.cpu:.1f} CPU s, {figures.own:.0f} MiB of its own, {figures.peak:.0f} with files"
        )


def test_no_secret_stands_in_an_argument(site: Site) -> None:
    secrets = {value for task in site.cluster.deployed.tasks for value in task.secrets.values()}
    assert len(secrets) > 4
    arguments = [word for process in psutil.process_iter() for word in _arguments(process)]
    assert not [word for word in arguments for secret in secrets if secret in word]


def test_servers_listen_on_loopback_alone(site: Site) -> None:
    found = set()
    for process in site.cluster.processes():
        for each in process.net_connections("tcp"):
            if each.status == psutil.CONN_LISTEN:
                found.add((each.laddr.ip, each.laddr.port))
    assert {port for _, port in found} >= {PORT, 8793, 8794}
    assert {address for address, _ in found} <= {"127.0.0.1", "::1"}


def test_a_browser_logs_in_behind_tls_with_a_secure_cookie_and_is_never_sent_to_http(site: Site) -> None:
    browser = site.browser()
    browser.log_in(site.url, site.user, site.cluster.password)
    assert browser.redirects
    assert all(place.startswith(f"{site.url}/") for place in browser.redirects), browser.redirects
    tokens = [cookie for cookie in browser.cookies if cookie.name == "_token"]
    assert [cookie.secure for cookie in tokens] == [True]
    assert site.user in browser.get(f"{site.url}/ui/auth/me")
    assert '"dags"' in browser.get(f"{site.url}/api/v2/dags")


def test_a_wrong_password_does_not_get_in(site: Site) -> None:
    browser = site.browser()
    browser.log_in(site.url, site.user, "wrong")
    assert not [cookie for cookie in browser.cookies if cookie.name == "_token"]
    with pytest.raises(RuntimeError, match="401"):
        browser.get(f"{site.url}/api/v2/dags")


def test_the_sample_dags_succeed_and_leave_their_logs(site: Site, airflow: Airflow, image: str) -> None:
    """All at once, after a rest, while the connections to the database are counted that the rule of them relies on."""
    with observing(site.cluster, image, site.folder / "observed") as observed:
        time.sleep(REST)
        rest = observed.most()
        runs = [(dag, airflow.trigger(dag)) for dag in sorted(DAGS)]
        runs += [("fan_out", airflow.trigger("fan_out", {"chunks": 8, "seconds": 2})) for _ in range(2)]
        for dag, run in runs:
            assert airflow.wait(dag, run, 300) == "success", airflow.instances(dag, run)
            for instance in airflow.instances(dag, run):
                assert "s3://" in kept_log(airflow, dag, run, instance)
        load = observed.most()
    print(f"connections at rest {dict(rest)}, under load {dict(load)}")  # noqa: T201
    pools = {_component(name): pool for name, pool in POOLS.items()}
    slots = int(site.cluster.definition("workers").environment["AIRFLOW__CELERY__WORKER_CONCURRENCY"])
    pools["workers"] = Pool(1, slots + 1)
    assert {*rest, *load} <= {*pools}
    assert all(count <= pools[name].least for name, count in rest.items()), rest
    assert all(count <= pools[name].most for name, count in load.items()), load


def test_the_log_of_a_running_task_is_read_from_its_worker(airflow: Airflow) -> None:
    run = airflow.trigger("fan_out", {"chunks": 1, "seconds": 15})
    instance = running_instance(airflow, run)
    deadline = time.monotonic() + 15
    while "throwing for 15" not in (log := airflow.log("fan_out", run, instance)):
        assert time.monotonic() < deadline, log
        time.sleep(0.5)
    assert "s3://" not in log
    assert airflow.wait("fan_out", run) == "success"


def test_a_second_webserver_shares_sessions_and_tokens(site: Site) -> None:
    site.cluster.start(second(site.cluster.definition("webserver")))
    site.cluster.wait("webserver-2")
    browser = site.browser()
    browser.log_in(site.url, site.user, site.cluster.password)
    with in_front_of(SECOND, site.folder, SECOND_HTTPS) as other:
        assert site.user in browser.get(f"{other}/ui/auth/me")
        assert "/auth/login" not in _place(browser, f"{other}/auth/users/list/")  # pages of FAB, which have a session
        only_session = site.browser()
        for cookie in browser.cookies:
            if cookie.name == "session":
                only_session.cookies.set_cookie(cookie)
        assert "/auth/login" not in _place(only_session, f"{other}/auth/users/list/")
        nobody = site.browser()
        assert "/auth/login" in _place(nobody, f"{other}/auth/users/list/")
    first = site.airflow()
    assert replace(first, url=f"http://127.0.0.1:{SECOND}").dags() == first.dags()
    site.cluster.stop("webserver-2")


def test_a_worker_asked_to_end_finishes_its_task_whose_log_outlives_it(site: Site, airflow: Airflow) -> None:
    run = airflow.trigger("fan_out", {"chunks": 1, "seconds": LONG})
    running_instance(airflow, run)
    site.cluster.stop("workers")
    time.sleep(5)
    assert site.cluster.state("workers") is State.STOPPING
    site.cluster.wait_until_stopped("workers")
    (instance,) = [one for one in airflow.instances("fan_out", run) if one["task_id"] == "throw"]
    assert instance["state"] == "success", site.cluster.log("workers")[-3000:]
    assert instance["try_number"] == 1
    log = airflow.log("fan_out", run, instance)
    assert "s3://" in log
    assert "inside" in log
    site.cluster.start(site.cluster.definition("workers"))
    assert airflow.wait("fan_out", run) == "success"


def test_nobody_was_killed_for_want_of_memory_or_replaced(site: Site) -> None:
    for name, figures in site.cluster.figures.items():
        assert figures.kills == 0, figures
        assert figures.own < (figures.task.memory or 0) * 0.9, figures
        assert not site.cluster.tasks[name].snapshot(0).restarts
        print(f"{name}: at most {figures.own:.0f} MiB of its own, {figures.peak:.0f} with files")  # noqa: T201


def kept_log(airflow: Airflow, dag: str, run: str, instance: dict[str, Any]) -> str:
    """The log from the bucket; it is written there moments after the task has ended."""
    deadline = time.monotonic() + 60
    while "s3://" not in (log := airflow.log(dag, run, instance)):
        assert time.monotonic() < deadline, f"the log of {dag}.{instance['task_id']} is not in the bucket: {log}"
        time.sleep(0.5)
    return log


def running_instance(airflow: Airflow, run: str) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for one in airflow.instances("fan_out", run):
            if (one["task_id"], one["state"]) == ("throw", "running"):
                return one
        time.sleep(0.3)
    raise TimeoutError(airflow.instances("fan_out", run))


def second(task: ServiceTask) -> ServiceTask:
    """The same definition, but for the port: on one machine each needs its own."""
    command = tuple(word.replace(str(PORT), str(SECOND)) for word in task.command)
    assert command != task.command
    name = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"  # its health check takes the port from there
    environment = {**task.environment, name: task.environment[name].replace(f":{PORT}", f":{SECOND}")}
    return replace(task, component="webserver-2", command=command, environment=environment)


def _place(browser: Browser, url: str) -> str:
    browser.get(url)
    return browser.place


def _component(setting: str) -> str:
    return re.sub(r"(?=[A-Z])", "-", setting).lower()


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
