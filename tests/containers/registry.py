"""A registry that answers to ECR's name: TLS, a log-in, and word of every push to whoever keeps ECR's list.

Debian's docker-registry on loopback. The engine comes to it by its own proxy, which this module plays, under the very
host name that ECR gives: nothing of the machine is changed for it, and no request leaves the machine.
"""

import contextlib
import json
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

USER = "AWS"
PATIENCE = 20.0  # seconds for the registry to answer
_CHUNK = 1 << 16
_CONFIG = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http:
  addr: 127.0.0.1:{port}
  secret: of-one-test
  tls: {{certificate: {folder}/certificate.pem, key: {folder}/key.pem}}
auth: {{htpasswd: {{realm: ecr, path: {folder}/htpasswd}}}}
notifications:
  endpoints:
    - {{name: ecr, url: "http://127.0.0.1:{ear}/", timeout: 5s, threshold: 3, backoff: 1s}}
"""


@dataclass(frozen=True)
class Pushed:
    """A manifest under a tag, as it lies in the registry."""

    repository: str
    tag: str
    digest: str
    kind: str
    manifest: bytes


class Proxy(socketserver.ThreadingTCPServer):
    """CONNECT for one host name, which leads to `target` on loopback; nothing else can be reached."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, host: str, target: int) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.host, self.target = host, target
        self._left: int | None = None

    def cut(self, after: int | None) -> None:
        """Once so many bytes have gone to the registry from now on, connections break; None: no longer."""
        self._left = after

    def goes_on(self, count: int) -> bool:
        """Count bytes to the registry, and say whether they may go on."""
        if self._left is None:
            return True
        self._left -= count
        return self._left > 0

    def handle_error(self, *_: Any) -> None:
        """A connection that breaks is what some tests are about."""


class _Connection(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        wanted = self.rfile.readline().split()
        while self.rfile.readline().strip():
            pass
        if len(wanted) != 3 or wanted[0] != b"CONNECT" or wanted[1] != f"{self.server.host}:443".encode():
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", self.server.target)) as registry:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_pump, args=(registry, self.connection, lambda _: True), daemon=True)
            back.start()
            _pump(self.connection, registry, self.server.goes_on)
            back.join()


def _pump(source: socket.socket, sink: socket.socket, goes_on: Callable[[int], bool]) -> None:
    with contextlib.suppress(OSError):
        while (data := source.recv(_CHUNK)) and goes_on(len(data)):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Registry:
    """A running registry: `host` is its name, `proxy` the way to it."""

    host: str
    folder: Path
    port: int
    proxy: Proxy

    def accept(self, password: str) -> None:
        """From now on let in with this password alone. The registry looks at the file's time."""
        said = subprocess.run(
            ["htpasswd", "-i", "-n", "-B", "-C", "5", USER], input=password, capture_output=True, text=True, check=True
        )
        new = self.folder / "htpasswd.new"
        new.write_text(said.stdout)
        new.rename(self.folder / "htpasswd")

    def tags(self, beginning: str = "") -> dict[str, str]:
        """What the tags of the repositories that begin like this name, in the registry itself."""
        links = (self.folder / "data").glob(
            f"docker/registry/v2/repositories/{beginning}*/_manifests/tags/*/current/link"
        )
        return {link.parts[-3]: link.read_text() for link in links}

    def blobs(self) -> int:
        """How many blobs have arrived whole."""
        return len(list((self.folder / "data").glob("docker/registry/v2/blobs/sha256/*/*/data")))

    def read(self, digest: str) -> bytes:
        """A blob as it lies there."""
        name = digest.removeprefix("sha256:")
        return (self.folder / f"data/docker/registry/v2/blobs/sha256/{name[:2]}/{name}/data").read_bytes()

    @contextmanager
    def answering(self, status: int, code: str, message: str, *, once: bool = False) -> Iterator[None]:
        """In its place, one that lets anybody in, has every layer, and answers every upload so; `once`: the first."""
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()

        def refuse(request: _Quiet) -> None:
            if once:
                self.proxy.target = self.port
            request.answer(status, body)

        with self._replaced(refuse):
            yield

    @contextmanager
    def breaking_off(self) -> Iterator[None]:
        """In its place, one that has every layer, and whose connection breaks when anything more comes."""

        def hang_up(request: _Quiet) -> None:
            request.connection.shutdown(socket.SHUT_RDWR)
            request.close_connection = True

        with self._replaced(hang_up):
            yield

    @contextmanager
    def _replaced(self, upload: Callable[["_Quiet"], None]) -> Iterator[None]:
        with _serving(_double(upload), self.folder) as port:
            self.proxy.target = port
            try:
                yield
            finally:
                self.proxy.target = self.port


@contextmanager
def registry(host: str, proxy_port: int, authorities: Path, told: Callable[[Pushed], None]) -> Iterator[Registry]:
    """Run a registry that is `host` for an engine that trusts `authorities` and asks the proxy at `proxy_port`.

    `told` hears of every tag pushed, a moment after. Nobody is let in until a password is set.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-")))
        _certificate(host, folder)
        with authorities.open("ab") as trusted:
            trusted.write(b"\n" + (folder / "certificate.pem").read_bytes())
        port = _free_port()
        proxy = stack.enter_context(Proxy(proxy_port, host, port))
        made = Registry(host, folder, port, proxy)
        made.accept("nobody-knows")
        ear = stack.enter_context(_listening(made, told))
        (folder / "config.yml").write_text(_CONFIG.format(folder=folder, port=port, ear=ear))
        stack.enter_context(_running(folder, port))
        stack.enter_context(_threaded(proxy))
        yield made


def _certificate(host: str, folder: Path) -> None:
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-days", "2", "-subj", f"/CN={host[:60]}", "-addext", f"subjectAltName=DNS:{host}"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([*words, *names, *files], check=True, capture_output=True)


@contextmanager
def _running(folder: Path, port: int) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _open(port):
            assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()  # noqa: PT018
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def _listening(made: Registry, told: Callable[[Pushed], None]) -> contextlib.AbstractContextManager[int]:
    class Ear(_Quiet):
        def do_POST(self) -> None:
            events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["events"]
            for event in events:
                about = event["target"]
                if event["action"] == "push" and about.get("tag"):
                    manifest = made.read(about["digest"])
                    told(Pushed(about["repository"], about["tag"], about["digest"], about["mediaType"], manifest))
            self.answer(200)

    return _serving(Ear)


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        if status == 401:
            self.send_header("Www-Authenticate", 'Basic realm="ecr"')
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _double(upload: Callable[[_Quiet], None]) -> type[BaseHTTPRequestHandler]:
    """A registry with every layer and no manifest; `upload` answers what would be more."""

    class Double(_Quiet):
        def do_GET(self) -> None:
            self.answer(200 if "Authorization" in self.headers else 401)

        def do_HEAD(self) -> None:
            self.answer(200 if "/blobs/" in self.path else 404)

        def do_POST(self) -> None:
            upload(self)

        do_PUT = do_PATCH = do_POST  # noqa: N815

    return Double


@contextmanager
def _serving(kind: type[BaseHTTPRequestHandler], certified: Path | None = None) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        server.daemon_threads = True
        if certified:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certified / "certificate.pem", certified / "key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        with _threaded(server):
            yield server.server_address[1]


@contextmanager
def _threaded(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
