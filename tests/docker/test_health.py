import http.client
import http.server
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from airflow_runtime import exits, heartbeat, host
from airflow_runtime.components import Component
from airflow_runtime.database import Rows, UnavailableError
from airflow_runtime.health import JOB_TYPES, UnhealthyError, check, check_file, check_http, check_job, main


def test_a_server_that_answers_is_healthy() -> None:
    asked = []

    def get(port: int, path: str) -> int:
        asked.append((port, path))
        return 200

    assert check_http(get, 8080, "/execution/health") == "port 8080 answers"
    assert asked == [(8080, "/execution/health")]


def test_another_status_is_not() -> None:
    with pytest.raises(UnhealthyError, match="status 503"):
        check_http(lambda _port, _path: 503, 8080, "/")


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError("refused"), TimeoutError("late"), http.client.BadStatusLine("")]
)
def test_a_server_that_does_not_answer_is_not(error: Exception) -> None:
    def get(_port: int, _path: str) -> int:
        raise error

    with pytest.raises(UnhealthyError, match="port 8080 does not answer"):
        check_http(get, 8080, "/")


def test_a_fresh_job_of_this_host_is_healthy() -> None:
    asked: list[object] = []

    def query(_sql: str, parameters: Sequence[object]) -> Rows:
        asked.extend(parameters)
        return [(5.2,)]

    assert check_job(query, "TriggererJob", "10.0.0.7") == "the last heartbeat is 5 s old"
    assert asked == ["TriggererJob", "10.0.0.7"]


@pytest.mark.parametrize(("age", "complaint"), [(61.0, "61 s old"), (None, "no running TriggererJob of 10.0.0.7")])
def test_an_old_job_or_none_is_not(age: float | None, complaint: str) -> None:
    with pytest.raises(UnhealthyError, match=complaint):
        check_job(lambda _sql, _parameters: [(age,)], "TriggererJob", "10.0.0.7")


def test_an_unreachable_database_is_not() -> None:
    def query(_sql: str, _parameters: Sequence[object]) -> Rows:
        raise UnavailableError("connection refused")

    with pytest.raises(UnhealthyError, match="the database does not answer: connection refused"):
        check_job(query, "TriggererJob", "10.0.0.7")


def test_a_clock_a_little_behind_is_forgiven() -> None:
    assert check_file(lambda: 1001.0, 1000.0) == "the last heartbeat is 0 s old"


def test_an_old_heartbeat_file_is_not_healthy() -> None:
    assert check_file(lambda: 1000.0, 1000.0 + heartbeat.STALE_SECONDS)
    with pytest.raises(UnhealthyError, match="121 s old"):
        check_file(lambda: 1000.0, 1001.0 + heartbeat.STALE_SECONDS)


def test_the_heartbeat_beats_often_enough_to_survive_a_broker_failing_over() -> None:
    assert heartbeat.STALE_SECONDS > 60 + 2 * heartbeat.EVERY_SECONDS


def test_a_worker_is_healthy_by_the_file_of_its_own_home(tmp_path: Path) -> None:
    environment = {"AIRFLOW_HOME": str(tmp_path)}
    with pytest.raises(UnhealthyError, match="not begun"):
        check(Component.WORKERS, environment)

    file = heartbeat.path(environment)
    file.touch()
    assert check(Component.WORKERS, environment) == "the last heartbeat is 0 s old"

    long_ago = time.time() - 1000
    os.utime(file, (long_ago, long_ago))
    with pytest.raises(UnhealthyError, match="1000 s old"):
        check(Component.WORKERS, environment)


@contextmanager
def answering(path: str) -> Iterator[int]:
    """Serve 200 at this path and 404 at any other, once; gives the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == path else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request).start()
        yield server.server_port


def test_the_webserver_is_asked_at_the_port_where_workers_reach_it() -> None:
    with answering("/execution/health") as port:
        url = f"http://webserver.internal:{port}/execution/"
        assert check(Component.WEBSERVER, {"AIRFLOW__CORE__EXECUTION_API_SERVER_URL": url}) == f"port {port} answers"


def test_flower_is_asked_where_it_wants_no_password() -> None:
    with answering("/healthcheck") as port:
        assert check(Component.FLOWER, {"AIRFLOW__CELERY__FLOWER_PORT": str(port)}) == f"port {port} answers"


def test_every_component_has_a_check() -> None:
    assert set(Component) == {Component.WEBSERVER, Component.WORKERS, Component.FLOWER, *JOB_TYPES}


def test_a_missing_variable_is_named_rather_than_raised(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_HOST", raising=False)

    assert main(["scheduler"]) == 1
    assert capsys.readouterr().out == "scheduler: unhealthy: variable 'DATABASE_HOST' is missing\n"


@pytest.mark.parametrize("arguments", [[], ["database"], ["workers", "scheduler"]])
def test_anything_but_a_component_is_wrong_use(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == exits.USAGE
    assert "webserver, scheduler, dag-processor, triggerer, workers, flower" in capsys.readouterr().err


def test_the_host_name_is_asked_of_the_function_that_the_component_uses() -> None:
    name = "AIRFLOW__CORE__HOSTNAME_CALLABLE"

    assert host.registered({name: "airflow_runtime.host.loopback"}) == "127.0.0.1"
    assert host.registered({name: "airflow.utils.net.get_host_ip_address"}) == host.address()
