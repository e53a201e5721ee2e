"""In the place of the API that a DAG processor asks for Variables and Connections: it knows none, and notes who asked.

Those of the environment (AIRFLOW_VAR_*, AIRFLOW_CONN_*) are found before, as in the DAG processor.
"""

import os
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from dag_check.places import Place, innermost

_KINDS = {"GetVariable": ("Variable", "key"), "GetConnection": ("Connection", "conn_id")}


@dataclass
class Lookups:
    """Takes the place of airflow.sdk.execution_time.task_runner.SUPERVISOR_COMMS."""

    folders: Sequence[str]
    seen: dict[str, Place] = field(default_factory=dict)

    def send(self, msg: Any, *_: Any, **__: Any) -> Any:
        """Answer that there is no such thing."""
        from airflow.sdk.exceptions import ErrorType
        from airflow.sdk.execution_time.comms import ErrorResponse

        name = type(msg).__name__
        if name == "MaskSecret":
            return None
        place = innermost(self.folders)
        kind, key = _KINDS.get(name, (name, ""))
        if place:
            self.seen.setdefault(f"{kind} {getattr(msg, key)!r}" if key else kind, place)
        missing = {"GetVariable": ErrorType.VARIABLE_NOT_FOUND, "GetConnection": ErrorType.CONNECTION_NOT_FOUND}
        return ErrorResponse(error=missing.get(name, ErrorType.GENERIC_ERROR), detail={"message": f"no {kind} here"})

    async def asend(self, msg: Any, *_: Any, **__: Any) -> Any:
        """Answer those who ask asynchronously."""
        return self.send(msg)

    def take_place(self) -> None:
        """Be asked from now on by all of Airflow in this process."""
        from airflow.sdk.execution_time import task_runner

        task_runner.SUPERVISOR_COMMS = self


def note_reads(names: AbstractSet[str], folders: Sequence[str]) -> dict[str, Place]:
    """Return a mapping that from now on notes which of these variables are read, and by which of the user's lines."""
    seen: dict[str, Place] = {}
    kind = type(os.environ)
    read = kind.__getitem__

    def noted(variables: Any, name: str) -> str:
        place = innermost(folders) if name in names else None
        if place:
            seen.setdefault(name, place)
        return read(variables, name)

    kind.__getitem__ = noted  # type: ignore[method-assign]
    return seen
