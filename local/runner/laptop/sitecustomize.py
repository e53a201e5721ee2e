"""Python runs this at the start of each process: who would listen on every interface listens on loopback.

Airflow's log servers ask for every interface and no variable changes that (airflow/utils/serve_logs/core.py of 3.3).
It reaches uvicorn with asyncio and with uvloop alike: both bind through `socket.socket`.
"""

import errno
import socket
from typing import Any

_bind = socket.socket.bind
_LOOPBACK = {
    (socket.AF_INET, ""): "127.0.0.1",
    (socket.AF_INET, "0.0.0.0"): "127.0.0.1",  # noqa: S104
    (socket.AF_INET6, ""): "::1",
    (socket.AF_INET6, "::"): "::1",
}


def _bind_on_loopback(self: socket.socket, address: Any, /) -> None:  # noqa: ANN401
    narrow = _LOOPBACK.get((self.family, address[0])) if isinstance(address, tuple) else None
    if narrow is None or self.type != socket.SOCK_STREAM or address[1] == 0:
        _bind(self, address)  # port 0 is how a client binds, which may go anywhere from there
        return
    try:
        _bind(self, (narrow, *address[1:]))
    except OSError as error:
        if self.family != socket.AF_INET6 or error.errno != errno.EADDRNOTAVAIL:
            raise
        # IPv6 is switched off, as in most containers: nobody can come this way, as long as IPv4 cannot come through it.
        self.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _bind(self, address)


socket.socket.bind = _bind_on_loopback  # type: ignore[method-assign, assignment]
