"""Starts a component: `python -m airflow_runtime.entrypoint <component> <command>...`, in the image and on the laptop.

Checks what the component needs, composes what ECS cannot, has the database migrated or waits for it, and becomes
the command.
"""

import logging
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from airflow_runtime import connections, database, exits, heartbeat, migration, needs
from airflow_runtime.admin import Admin
from airflow_runtime.components import Component
from airflow_runtime.connections import Database

log = logging.getLogger("airflow_runtime.entrypoint")


class StartError(Exception):
    """The component must not start; `status` is the exit status."""

    def __init__(self, status: int, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.status = status
        self.lines = lines


def parsed(arguments: Sequence[str]) -> tuple[Component, list[str]]:
    """Split the container's command into the component and what to execute."""
    names = ", ".join(Component)
    if len(arguments) < 2:
        raise StartError(exits.USAGE, f"say which component to start ({names}), then its command")
    if arguments[0] not in set(Component):
        raise StartError(exits.USAGE, f"{arguments[0]} is no component; the command must start with one of {names}")
    return Component(arguments[0]), list(arguments[1:])


def check(component: Component, environment: Mapping[str, str]) -> None:
    """Raise StartError with a line for everything that is missing or malformed."""
    if problems := list(needs.problems(component, environment)):
        raise StartError(exits.MISCONFIGURED, *problems)


def wait_until_reachable(component: Component, source: Database, seconds: float) -> None:
    """Wait for the migrated database or, as the one that migrates it, for a database at all."""
    migrates = component is Component.WEBSERVER
    try:
        look = partial(migration.pending, partial(database.query, source), migration.expected(), migrates=migrates)
        migration.wait(look, seconds, time.monotonic, time.sleep, log.info)
    except migration.NotMigratedError as error:
        raise StartError(exits.WAITED_TOO_LONG, f"{component}: {error}") from error
    except migration.NewerDatabaseError as error:
        raise StartError(exits.NEWER_DATABASE, f"{component}: {error}") from error


def prepare_database(environment: Mapping[str, str]) -> None:
    """Migrate and make the administrator, loudly."""
    admin = Admin(environment["ADMIN_USER"], environment["ADMIN_EMAIL"], environment["ADMIN_PASSWORD"])
    state = partial(migration.state, partial(database.query, Database.of(environment)))
    started = time.monotonic()
    try:
        from airflow_runtime.prepare import prepare  # noqa: PLC0415 - it imports Airflow, which reads the environment

        prepare(admin, state, log.info)
    except Exception as error:
        line = next(iter(str(error).splitlines()), "")  # SQLAlchemy's further lines show the values of parameters
        what = f"{type(error).__name__}: {line}"
        raise StartError(exits.UNPREPARED, f"webserver: the database is not prepared: {what}") from error
    log.info("prepared the database in %.1f s", time.monotonic() - started)


def ready(component: Component, environment: Mapping[str, str]) -> None:
    """Bring about what the component relies on; this process's environment becomes the composed one."""
    check(component, environment)
    connections.exchange(connections.composed(component, environment))
    if component in connections.WITH_DATABASE:
        wait_until_reachable(component, Database.of(environment), float(environment["MIGRATION_TIMEOUT"]))
    if component is Component.WEBSERVER:
        prepare_database(environment)
    if component is Component.WORKERS:
        heartbeat.path(environment).unlink(missing_ok=True)


def preloaded(environment: Mapping[str, str], libraries: Path = Path("/usr/lib")) -> dict[str, str]:
    """What the official image's entrypoint, whose place this one takes, sets for its commands.

    Libraries that are loaded late may find no room for their thread-local data; the C++ library takes its own first
    (https://github.com/apache/airflow/pull/19010). A laptop, or a user who says another one, is left alone. The umask
    0002 of that entrypoint is for users of other numbers, which ECS's tasks do not have.
    """
    library = libraries / f"{platform.machine()}-linux-gnu" / "libstdc++.so.6"
    in_image = "AIRFLOW_USER_HOME_DIR" in environment
    return {"LD_PRELOAD": str(library)} if in_image and "LD_PRELOAD" not in environment and library.exists() else {}


def become(command: list[str]) -> None:
    """Replace this process by `command`, so that signals reach it and nothing else is kept in memory."""
    os.environ.update(preloaded(os.environ))
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        raise StartError(exits.NO_COMMAND, f"cannot execute {command[0]}: {error.strerror}") from error


def speak() -> None:
    """Log this package's lines alone, in a form that Airflow, which rearranges the root logger, leaves as it is."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s entrypoint: %(message)s"))
    own = logging.getLogger("airflow_runtime")
    own.addHandler(handler)
    own.setLevel(logging.INFO)
    own.propagate = False


def main(arguments: Sequence[str]) -> int:
    """Return an exit status only when the component did not start."""
    speak()
    try:
        component, command = parsed(arguments)
        ready(component, dict(os.environ))
        log.info("%s: starting %s", component, " ".join(command))
        become(command)
    except StartError as error:
        for line in error.lines:
            log.error(line)  # noqa: TRY400 - the line is the message, its traceback says nothing more
        return error.status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
