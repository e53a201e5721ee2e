"""What the webserver does before it serves: migrate the database, and make the administrator.

Both in one process, since each `airflow` command pays seconds for its imports, and inside the entrypoint's own, since
the password then appears neither among a command's arguments nor in a child's environment. Importing this module
imports Airflow, which reads the environment: compose it before.
"""

from collections.abc import Callable

from airflow import settings
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.db import upgradedb
from airflow.utils.providers_configuration_loader import providers_configuration_loaded
from werkzeug.security import check_password_hash  # type: ignore[import-not-found]

from airflow_runtime.admin import Admin, ensure

LOCK = 7_201_944_311
"""Number of the advisory lock under which webservers that start together prepare one after the other."""


class MigrationError(Exception):
    """Airflow cannot migrate this database."""


@providers_configuration_loaded  # type: ignore[untyped-decorator]
def prepare(admin: Admin, state: Callable[[], str], report: Callable[[str], None]) -> None:
    """Migrate the database, report its `state`, and make the administrator.

    Raises MigrationError, AdminError or what Airflow raises.
    """
    with settings.get_engine().connect() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_lock(%s)", (LOCK,))
        try:
            upgradedb()
        except SystemExit as error:
            raise MigrationError("Airflow cannot migrate it; its own message is above") from error
        report(f"the database is at {state()}")
        with get_application_builder() as builder:
            report(ensure(builder.sm, admin, check_password_hash))
