"""Test equipment: looks a variable and a connection up, and a trigger of users' own that does so."""
# mypy: ignore-errors
# Airflow is not in the tools' own environment.

from collections.abc import AsyncIterator
from typing import Any

from airflow.sdk import Connection, Variable
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async


def look_up() -> str:
    """Neither is there."""
    Variable.get("colour", default="none")
    try:
        Connection.get("warehouse")
    except AirflowNotFoundException as error:
        return f"as it should be: {error}"
    raise AssertionError("there is a connection that nobody made")


class LookUp(BaseTrigger):
    """Ends once it has looked."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "probing_trigger.LookUp", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        yield TriggerEvent(await sync_to_async(look_up)())
