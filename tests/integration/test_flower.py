"""Flower as the image starts it: behind its password, whatever page is asked for."""

import base64
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

import psutil
import pytest

from local import venvs
from local.layout import Layout
from tests.integration.commands import bare_environment, make

DIRECT = build_opener(ProxyHandler({}))
PAGES = ("/", "/workers", "/tasks", "/broker", "/metrics", "/api/workers", "/task/some", "/worker/some")
NO_BROKER = {"BROKER_HOST": "127.0.0.1", "BROKER_PORT": "1", "BROKER_TOKEN": "token"}
OWN = {"FLOWER_USER": "flower", "FLOWER_PASSWORD": "of-flower"}


@pytest.fixture(scope="module")
def port(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where a Flower answers; that it has no broker to show is no matter here."""
    make(clone, ".venv/ready")
    python = venvs.airflow(Layout(clone), lambda _: None)
    home = tmp_path_factory.mktemp("flower")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    laptop = clone / "local" / "runner" / "laptop"
    variables = {
        "PATH": f"{python.parent}:{bare_environment()['PATH']}",
        "PYTHONPATH": f"{clone / 'docker'}:{laptop}",
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CELERY__FLOWER_PORT": str(port),
        **NO_BROKER,
        **OWN,
    }
    command = [str(python), "-m", "airflow_runtime.entrypoint", "flower", "airflow", "celery", "flower"]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=home, env=variables, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 120
        while status(port, "/healthcheck") != 200:
            assert process.poll() is None, (home / "log").read_text()
            assert time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.2)
        assert not [word for word in psutil.Process(process.pid).cmdline() if "of-flower" in word]
        yield port
    finally:
        process.kill()
        process.wait()


def status(port: int, path: str, password: str = "") -> int | None:
    """What a page answers; None while nobody does."""
    request = Request(f"http://127.0.0.1:{port}{path}")
    if password:
        request.add_header("Authorization", f"Basic {base64.b64encode(f'flower:{password}'.encode()).decode()}")
    with suppress(URLError):
        try:
            with DIRECT.open(request, timeout=30) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code
    return None


@pytest.mark.parametrize("page", PAGES)
def test_every_page_asks_for_the_password(port: int, page: str) -> None:
    assert status(port, page) == 401
    assert status(port, page, "wrong") == 401
    assert status(port, page, "of-flower") in (200, 404)


def test_its_health_is_no_secret(port: int) -> None:
    assert status(port, "/healthcheck") == 200
