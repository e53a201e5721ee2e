import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from local import embedded_aws
from local.embedded_aws import Endpoint
from local.errors import LocalError
from local.layout import Layout
from tests.local.runner.waiting import is_running

CHECKOUT = Path(__file__).parents[2]
SLEEP = "print('up', flush=True); time.sleep(600)"

Launch = Callable[[str, str], "subprocess.Popen[str]"]


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint("http://127.0.0.1:4566", "us-east-1", "000000000000", Path("/x/certificates.pem"))


def test_a_process_is_told_to_speak_to_it_and_to_nothing_else_of_aws(endpoint: Endpoint) -> None:
    told = endpoint.variables()
    assert told["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert told["AWS_REGION"] == told["AWS_DEFAULT_REGION"] == "us-east-1"
    assert told["AWS_EC2_METADATA_DISABLED"] == "true"
    assert told["AWS_CONFIG_FILE"] == told["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert told["SSL_CERT_FILE"] == "/x/certificates.pem"


def test_a_session_uses_nobodys_credentials(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the-users-own")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    session = endpoint.session()
    credentials = session.get_credentials()
    assert credentials is not None
    assert credentials.access_key != "the-users-own"
    assert session.region_name == "us-east-1"
    config: Any = session.client("sts", endpoint_url=endpoint.url).meta.config
    assert config.proxies == {}


def test_nothing_runs_where_nothing_was_started(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert embedded_aws.running(layout) is None
    embedded_aws.stop(layout)
    assert list(tmp_path.iterdir()) == []


class Stranger(BaseHTTPRequestHandler):
    """Answers everything, at the port that the embedded AWS had once."""

    def do_GET(self) -> None:  # the name that http.server calls
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_a_stranger_at_the_port_of_a_dead_one_is_not_taken_for_it(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    (layout.aws / "processes").mkdir(parents=True)
    (layout.aws / "processes" / "aws.json").write_text('{"pid": 1, "born": 0, "stop_signal": "SIGTERM"}')
    with HTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        serving = threading.Thread(target=stranger.serve_forever, daemon=True)
        serving.start()
        url = f"http://127.0.0.1:{stranger.server_port}"
        told = {"url": url, "region": "r", "account": "a", "certificates": "c"}
        (layout.aws / "endpoint.json").write_text(json.dumps(told))
        assert embedded_aws.running(layout) is None
        stranger.shutdown()
        serving.join()
    embedded_aws.stop(layout)
    assert not layout.aws.exists()


def test_a_checkout_that_cannot_be_written_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "checkout").touch()  # a file in the place of a folder: not even root can write there
    with pytest.raises(LocalError, match=r"^.*checkout.*: Not a directory; the embedded AWS needs it$"):
        embedded_aws.start(Layout(tmp_path / "checkout"), lambda _: None)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Of a checkout with the folder of an embedded AWS."""
    layout = Layout(tmp_path)
    (layout.aws / "processes").mkdir(parents=True)
    return layout


@pytest.fixture
def launch(layout: Layout) -> Iterator[Launch]:
    """Starts Python code as one of the embedded AWS's processes, by the name of its record."""
    started: list[subprocess.Popen[str]] = []

    def one(name: str, code: str) -> "subprocess.Popen[str]":
        launcher = [sys.executable, "-m", "local.aws.launch", str(layout.aws / "processes" / name), "SIGTERM", "-"]
        code = f"import os, pathlib, signal, subprocess, sys, time; launcher = {launcher}; {code}"
        process = subprocess.Popen(
            [*launcher, sys.executable, "-c", code, str(layout.aws)],
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process

    yield one
    for process in started:
        process.kill()
        process.communicate()


def test_one_that_does_not_answer_is_not_cleaned_away_by_a_start(layout: Layout, launch: Launch) -> None:
    process = launch("aws.json", SLEEP)
    process.send_signal(signal.SIGSTOP)
    told = {"url": "http://127.0.0.1:1", "region": "r", "account": "a", "certificates": "c"}
    (layout.aws / "endpoint.json").write_text(json.dumps(told))
    expected = rf"^the embedded AWS \(process {process.pid}\) does not answer; wait, or end it$"
    with pytest.raises(LocalError, match=expected):
        embedded_aws.start(layout, lambda _: None)
    assert process.poll() is None
    assert (layout.aws / "endpoint.json").exists()
    embedded_aws.stop(layout)
    assert process.wait(1) == -signal.SIGTERM
    assert not layout.aws.exists()


def test_a_server_that_comes_up_while_all_is_ended_is_ended_too(layout: Layout, launch: Launch) -> None:
    """The last of the known ones starts another, and ends only when that has written its record."""
    late = "late = pathlib.Path(launcher[3]).with_name('late.json')"
    start = f"[*launcher[:3], str(late), *launcher[4:], sys.executable, '-c', {'import time; ' + SLEEP!r}, sys.argv[1]]"
    process = launch(
        "server.json",
        f"""{late}
def end(*_):
    child = subprocess.Popen({start}, stdout=subprocess.PIPE)
    child.stdout.readline()
    pathlib.Path(sys.argv[1], '..', '..', 'child').write_text(str(child.pid))
    os._exit(0)
signal.signal(signal.SIGTERM, end); {SLEEP}""",
    )
    embedded_aws.stop(layout)
    assert process.wait(1) == 0
    pid = int((layout.checkout / "child").read_text())
    assert not is_running(pid)
    assert not layout.aws.exists()


def test_what_is_written_while_it_is_removed_is_removed_too(layout: Layout) -> None:
    records = layout.aws / "processes"
    refused = threading.Event()

    def write() -> None:
        while True:
            try:
                (records / "one.draft").write_text("{")
                (records / "one.draft").replace(records / "one.json")
            except FileNotFoundError:
                if not records.exists():
                    break
        refused.set()

    writing = threading.Thread(target=write, daemon=True)
    writing.start()
    embedded_aws.stop(layout)
    assert not layout.aws.exists()
    assert refused.wait(10)


def test_what_is_still_there_is_the_process_that_was(layout: Layout, launch: Launch) -> None:
    process = launch("aws.json", SLEEP)
    alive = embedded_aws.still_there(layout)
    assert alive()
    process.send_signal(signal.SIGSTOP)
    assert alive()
    process.kill()
    process.wait()
    assert not alive()
    launch("aws.json", SLEEP)  # a new one knows nothing of what the old one held
    assert not alive()
    assert embedded_aws.still_there(layout)()


def test_where_nothing_runs_nothing_is_still_there(layout: Layout) -> None:
    assert not embedded_aws.still_there(layout)()
