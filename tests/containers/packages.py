"""A server of packages on loopback: an index of Python packages of its own, and a mirror of Debian that hands on."""

import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

NAME = "handmade"  # the one package of the index, in two versions
VERSIONS = ("1.0", "2.0")


@dataclass
class Packages:
    """Where it is, and the paths it was asked for. `<address>/simple` is the index, `<address>/debian` the mirror."""

    address: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[Packages]:
    """Serve until the block ends."""
    seen = Packages("")

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.asked.append(self.path)
            try:
                body = _answer(self.path)
            except urllib.error.HTTPError as error:
                self.send_error(error.code)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        seen.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield seen
        finally:
            server.shutdown()
            thread.join()


def _answer(path: str) -> bytes:
    if path.startswith(("/debian/", "/debian-security/")):
        with urllib.request.urlopen(f"http://deb.debian.org{path}", timeout=60) as answer:
            body: bytes = answer.read()
            return body
    wheels = {f"/files/{_file(version)}": version for version in VERSIONS}
    if path == f"/simple/{NAME}/":
        return "".join(f'<a href="{file}">{file.rpartition("/")[2]}</a>' for file in wheels).encode()
    if version := wheels.get(path):
        return _wheel(version)
    raise urllib.error.HTTPError(path, 404, "not here", hdrs=None, fp=None)  # type: ignore[arg-type]


def _file(version: str) -> str:
    return f"{NAME}-{version}-py3-none-any.whl"


def _wheel(version: str) -> bytes:
    """The least that pip installs (https://packaging.python.org/en/latest/specifications/binary-distribution-format/)."""
    written = BytesIO()
    about = f"{NAME}-{version}.dist-info"
    files = {
        f"{NAME}.py": f"VERSION = '{version}'\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(written, "w") as wheel:
        for name, text in {**files, f"{about}/RECORD": record}.items():
            wheel.writestr(name, text)
    return written.getvalue()
