"""Stands in for the database's driver, which the tools' own environment lacks.

No database answers, unless TABLES says in JSON which version tables there are and what they hold.
"""

import json
import os
from collections.abc import Sequence


class Error(Exception):
    pass


class Connection:
    """Connection and cursor in one."""

    def __init__(self, tables: dict[str, list[str]]) -> None:
        self.tables = tables
        self.rows: list[tuple[str | None]] = []

    def cursor(self) -> "Connection":
        return self

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, sql: str, parameters: Sequence[str]) -> None:
        if parameters:
            self.rows = [(parameters[0] if parameters[0] in self.tables else None,)]
        else:
            self.rows = [(revision,) for revision in self.tables.get(sql.rpartition(" ")[2], [])]

    def fetchall(self) -> list[tuple[str | None]]:
        return self.rows

    def close(self) -> None:
        pass


def connect(**_: object) -> Connection:
    if "TABLES" not in os.environ:
        raise Error("connection\nrefused")
    return Connection(json.loads(os.environ["TABLES"]))
