import subprocess
import sys

import pytest

from local.runner.environment import LAPTOP

LISTEN = """
import socket, sys
server = socket.socket(socket.{family}, socket.{kind})
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
with socket.socket(socket.{family}) as free:
    free.bind(("{loopback}", 0))
    port = {port} or free.getsockname()[1]
server.bind(("{host}", port))
print(server.getsockname()[0])
"""


def bound_to(host: str, family: str = "AF_INET", kind: str = "SOCK_STREAM", port: str = "None") -> str:
    """Where a Python process really listens that asks for `host`."""
    loopback = "127.0.0.1" if family == "AF_INET" else "::1"
    program = LISTEN.format(host=host, family=family, kind=kind, port=port, loopback=loopback)
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(LAPTOP)}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("host", ["", "0.0.0.0"])  # noqa: S104
def test_every_interface_becomes_loopback(host: str) -> None:
    assert bound_to(host) == "127.0.0.1"


def test_what_was_chosen_stays() -> None:
    assert bound_to("127.0.0.2") == "127.0.0.2"


def test_clients_may_go_anywhere() -> None:
    assert bound_to("0.0.0.0", kind="SOCK_DGRAM") == "0.0.0.0"  # noqa: S104


def test_asyncio_asking_for_every_interface_gets_loopback() -> None:
    program = """
import asyncio, socket
async def main():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "", port)
    print(*(one.getsockname()[0] for one in server.sockets if one.family == socket.AF_INET))
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(LAPTOP)}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["127.0.0.1"]
