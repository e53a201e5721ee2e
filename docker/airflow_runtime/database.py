"""One question to the metadata database without Airflow, whose import alone takes seconds and 170 MB."""

from collections.abc import Callable, Sequence

from airflow_runtime.connections import Database

CONNECT_SECONDS = 5

Rows = list[tuple[object, ...]]
Query = Callable[[str, Sequence[object]], Rows]
"""Runs one SQL statement with its parameters; raises Unavailable when the database does not answer."""


class UnavailableError(Exception):
    """The database cannot be reached or refuses; the text says why and holds no password."""


def query(database: Database, sql: str, parameters: Sequence[object] = ()) -> Rows:
    """Connect with TLS, run `sql`, disconnect. Raises UnavailableError."""
    import psycopg2  # noqa: PLC0415 - the checks before the first question work without it

    try:
        connection = psycopg2.connect(
            host=database.host,
            port=database.port,
            dbname=database.name,
            user=database.user,
            password=database.password,
            sslmode="require",
            connect_timeout=CONNECT_SECONDS,
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return list(cursor.fetchall())
        finally:
            connection.close()
    except psycopg2.Error as error:
        raise UnavailableError(" ".join(str(error).split())) from error
