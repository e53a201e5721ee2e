import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from local import embedded_aws
from local.embedded_aws import Endpoint
from local.errors import LocalError
from local.layout import Layout


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
