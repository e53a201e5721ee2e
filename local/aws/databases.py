"""The PostgreSQL servers behind RDS: started, copied, restored, told a new password, ended.

Each has a name, such as that of the instance or cluster whose data it holds, and a door that speaks TLS.
"""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from local.aws import postgres
from local.aws.doors import Doors
from local.aws.servers import Servers


class _Running(NamedTuple):
    """A server, the port of its door, and who may enter."""

    server: postgres.Postgres
    door: int
    login: postgres.Login


class Databases:
    """The servers that run, and the copies that were made of some."""

    def __init__(self, servers: Servers, doors: Doors, folder: Path) -> None:
        self._servers = servers
        self._doors = doors
        self._folder = folder
        self._running: dict[str, _Running] = {}
        self._copies: dict[str, tuple[Path, postgres.Login]] = {}

    def start(self, name: str, login: postgres.Login) -> None:
        """Start an empty one. Raises LocalError when it cannot be made; then nothing of it is left."""
        self._open(name, postgres.start(self._servers, f"database-{name}", self._folder / name, login), login)

    def restore(self, name: str, copy: str, password: str | None) -> None:
        """Start one with what was copied; its user's password becomes `password` (None: stays as it was)."""
        copied, login = self._copies[copy]
        server = postgres.start_copy(self._servers, f"database-{name}", self._folder / name, copied)
        self._open(name, server, login)
        if password is not None:
            try:
                self.change_password(name, password)
            except BaseException:
                self.remove(name)
                raise

    def port(self, name: str) -> int:
        """Return where a server answers on loopback."""
        return self._running[name].door

    def change_password(self, name: str, password: str) -> None:
        """Let the user in with another password from now on."""
        running = self._running[name]
        running.server.set_password(running.login, password)
        self._running[name] = running._replace(login=replace(running.login, password=password))

    def copy(self, name: str, copy: str) -> None:
        """Copy all that a server holds; it goes on serving. Nothing is done for one that does not run."""
        if name in self._running:
            running, folder = self._running[name], self._folder / copy
            running.server.copy(running.login, folder)
            self._copies[copy] = (folder, running.login)

    def login_of(self, copy: str) -> postgres.Login:
        """Return who could enter when a copy was made. Raises KeyError when there is none of that name."""
        return self._copies[copy][1]

    def forget_copy(self, copy: str) -> None:
        """Remove a copy."""
        folder, _ = self._copies.pop(copy)
        shutil.rmtree(folder, ignore_errors=True)

    def copies(self) -> set[str]:
        """Return the names of all copies."""
        return set(self._copies)

    def remove(self, name: str) -> None:
        """End a server and remove what it held, if there is one."""
        if name in self._running:
            running = self._running.pop(name)
            self._doors.close(running.door)
            running.server.remove()

    def _open(self, name: str, server: postgres.Postgres, login: postgres.Login) -> None:
        try:
            door = self._doors.open(server.port, asks_first=True)
        except BaseException:
            server.remove()
            raise
        self._running[name] = _Running(server, door, login)
