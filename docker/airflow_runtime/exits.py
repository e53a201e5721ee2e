"""Exit statuses of the entrypoint (numbers from sysexits.h, so that they differ from Airflow's own 1)."""

USAGE = 64  # the command does not start with a component
UNPREPARED = 70  # the webserver could not migrate the database or create its administrator
WAITED_TOO_LONG = 75  # the database was not migrated within MIGRATION_TIMEOUT
NEWER_DATABASE = 76  # a newer Airflow has migrated the database: this image can never serve it
NO_COMMAND = 127  # the component's program cannot be executed
MISCONFIGURED = 78  # a variable or secret is missing or malformed
