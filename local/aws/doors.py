"""TLS in front of servers built without it: the wheels' PostgreSQL and Valkey speak plain text only.

A door listens on a loopback port of its own, ends TLS and hands the bytes on. A client of PostgreSQL first asks in
plain text whether TLS is spoken (https://www.postgresql.org/docs/current/protocol-flow.html, "SSL Session
Encryption"); a door for it answers yes, and refuses who does not ask, as RDS does (rds.force_ssl).
"""

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

LOOPBACK = "127.0.0.1"
T = TypeVar("T")

_SSL_REQUEST = bytes.fromhex("0000000804d2162f")
_GSS_REQUEST = bytes.fromhex("0000000804d21630")
_REFUSAL_FIELDS = b"SFATAL\0VFATAL\0C28000\0Mthis server speaks TLS only: sslmode=require\0\0"
_REFUSAL = b"E" + (len(_REFUSAL_FIELDS) + 4).to_bytes(4, "big") + _REFUSAL_FIELDS


class Doors:
    """All doors of this process, served by one thread with a loop of its own."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._servers: dict[int, asyncio.Server] = {}
        threading.Thread(target=self._loop.run_forever, name="tls-doors", daemon=True).start()

    def open(self, target: int, *, asks_first: bool) -> int:
        """Open a door to the plain port `target`; return the port it listens on (the kernel chooses)."""

        def new_client() -> asyncio.Protocol:
            return _Greeting(target, self._context) if asks_first else _Client(target)

        async def listen() -> asyncio.Server:
            context = None if asks_first else self._context
            return await self._loop.create_server(new_client, LOOPBACK, 0, ssl=context)

        server = self._do(listen())
        port: int = server.sockets[0].getsockname()[1]
        self._servers[port] = server
        return port

    def close(self, port: int) -> None:
        """Close a door; connections through it end with the server behind it."""

        async def close() -> None:
            self._servers.pop(port).close()

        self._do(close())

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)


class _Side(asyncio.Protocol):
    """One side of a connection: what it hears its peer says, no faster than the peer can be listened to."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.peer: _Side | None = None
        self._early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.peer is None:
            # The first words may come in one packet with the end of the handshake, before the server is reached.
            self._early += data
        else:
            self.peer.transport.write(data)

    def meet(self, peer: "_Side") -> None:
        """From now on, and with what was heard before, speak to `peer`."""
        self.peer = peer
        peer.transport.write(self._early)
        self._early = b""

    def pause_writing(self) -> None:
        if self.peer is not None:
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.peer is not None and not self.peer.transport.is_closing():
            self.peer.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # either side ends the other
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.close()


class _Client(_Side):
    """The side of a client that speaks TLS already; it is heard once the server behind has answered."""

    def __init__(self, target: int) -> None:
        super().__init__()
        self._target = target
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.pause_reading()
        self._task = asyncio.get_running_loop().create_task(self._reach_server())

    async def _reach_server(self) -> None:
        server = _Side()
        server.peer = self
        try:
            await asyncio.get_running_loop().create_connection(lambda: server, LOOPBACK, self._target)
        except OSError:
            self.transport.close()
            return
        self.meet(server)
        if self.transport.is_closing():
            server.transport.close()
        else:
            self.transport.resume_reading()


class _Greeting(asyncio.Protocol):
    """A client of PostgreSQL before TLS: it may ask for TLS, and nothing else."""

    def __init__(self, target: int, context: ssl.SSLContext) -> None:
        self._target = target
        self._context = context
        self._heard = b""
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if len(self._heard) < len(_SSL_REQUEST):
            return
        if self._heard == _GSS_REQUEST:
            self._heard = b""
            self._transport.write(b"N")
        elif self._heard == _SSL_REQUEST:
            # Reading stops before the answer leaves, so the client's first words in TLS are not read as plain text.
            self._transport.pause_reading()
            self._transport.write(b"S")
            self._task = asyncio.get_running_loop().create_task(self._speak_tls())
        else:
            self._transport.write(_REFUSAL)
            self._transport.close()

    async def _speak_tls(self) -> None:
        client = _Client(self._target)
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self._transport, client, self._context, server_side=True
            )
        except OSError:  # a failed handshake (ssl.SSLError is one) or a client that went away
            self._transport.close()
            return
        if transport is not None:
            client.connection_made(transport)
