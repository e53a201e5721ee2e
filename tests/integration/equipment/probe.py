"""Test equipment: a DAG that looks something up wherever users' code runs, and uses another group of workers."""
# mypy: ignore-errors
# Airflow is not in the tools' own environment.

from typing import Any

from airflow.sdk import BaseOperator, Context, dag, task
from probing_trigger import LookUp, look_up

look_up()


class Wait(BaseOperator):
    """Waits in the triggerer."""

    def execute(self, context: Context) -> None:  # noqa: ARG002
        self.defer(trigger=LookUp(), method_name="resume")

    def resume(self, context: Context, event: Any) -> str:  # noqa: ARG002
        return str(event)


@dag(schedule=None)
def probe() -> None:
    @task
    def ask() -> str:
        return look_up()

    @task(queue="big")
    def on_others() -> str:
        return look_up()

    ask() >> Wait(task_id="wait") >> on_others()


probe()
