"""A proxy in front of an AWS that breaks calls in the words of each service's own protocol: microburst."""

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local import venvs
from local.layout import Layout

CHECKOUT = Path(__file__).parents[2]
LOCK = Path(__file__).parent / "requirements.lock"
_PATIENCE = 60.0  # seconds until it answers
Rule = dict[str, Any]


class Proxy:
    """A running proxy: what it breaks, and what it has broken."""

    def __init__(self, url: str) -> None:
        self.url = url

    def breaks(self, rules: Sequence[Rule]) -> None:
        """Break calls by these rules from now on, and by no others."""
        self._ask("POST", "rules", json.dumps(rules).encode())

    def broken(self) -> list[str]:
        """What was broken so far, as operation and fault, and is forgotten with this."""
        fired: list[dict[str, Any]] = json.loads(self._ask("GET", "fired"))
        self._ask("DELETE", "fired")
        return [f"{each['operation']} {each['action']}" for each in fired]

    def _ask(self, method: str, what: str, body: bytes | None = None) -> bytes:
        headers = {"Content-Type": "application/json"}
        url = f"{self.url}/_microburst/{what}"
        request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - it is on this machine
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=30) as answer:
            said: bytes = answer.read()
            return said


@contextmanager
def proxy(upstream: str) -> Iterator[Proxy]:
    """Run a proxy; its virtual environment is made if need be. It takes seconds until it knows AWS's services."""
    python = venvs.ensure(Layout(CHECKOUT), "faults", LOCK, print)
    port = _free_port()
    command = [str(python), "-m", "microburst", "--upstream", upstream, "--port", str(port)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        it = Proxy(f"http://127.0.0.1:{port}")
        _wait(it, process)
        yield it
    finally:
        process.kill()
        process.wait()


def _wait(it: Proxy, process: "subprocess.Popen[bytes]") -> None:
    limit = time.monotonic() + _PATIENCE
    while time.monotonic() < limit:
        assert process.poll() is None, "the proxy has ended"
        try:
            it.broken()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the proxy does not answer")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
