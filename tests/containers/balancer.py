"""What a load balancer of AWS does in front of Airflow: it ends TLS, and says in headers how it was asked.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
"""

import http.client
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME = "localhost"
_PATIENCE = 60  # seconds, as a load balancer's idle time-out
_OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length"}


def certificate(folder: Path) -> Path:
    """Make a certificate for NAME, and give the file of it that a client trusts."""
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([*words, *names, *files], check=True, capture_output=True)
    return folder / "certificate.pem"


@contextmanager
def in_front_of(port: int, folder: Path, own: int) -> Iterator[str]:
    """Serve what listens on `port`, with the certificate in `folder`, on the port `own`; give the URL."""

    class Forwarding(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_CONNECTION}
            headers |= {
                "X-Forwarded-For": self.client_address[0],
                "X-Forwarded-Proto": "https",
                "X-Forwarded-Port": str(own),
                "Content-Length": str(len(body)),
            }
            behind = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
            try:
                behind.request(self.command, self.path, body, headers)
                answer = behind.getresponse()
                content = answer.read()
            except OSError:
                self.send_error(502)
                return
            finally:
                behind.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OF_ONE_CONNECTION:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = forward  # noqa: N815 - the names that are looked for

        def log_message(self, *_: object) -> None:
            """Be silent."""

    with ThreadingHTTPServer(("127.0.0.1", own), Forwarding) as server:
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"https://{NAME}:{own}"
        finally:
            server.shutdown()
            thread.join()
