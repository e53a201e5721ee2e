"""An operation told again: a line an event, why it has failed beneath, or all of it as data. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from deployer.cloudformation.events import Operation, StackEvent
from deployer.cloudformation.statuses import is_busy
from deployer.console.lines import line
from deployer.console.tree import duration
from deployer.operations.evidence import Evidence, as_data


def text(stack: str, operation: Operation, why: Evidence | None) -> str:
    """Return all of it as lines."""
    return "\n".join([*(line(event) for event in operation.events), *notes(stack, operation, why)])


def notes(stack: str, operation: Operation, why: Evidence | None) -> list[str]:
    """Say how it ended and how long it took; of a failure why, what to do, and the tasks that ended."""
    went = duration((operation.events[-1].time - operation.events[0].time).total_seconds()) if operation.events else ""
    said = [f"{stack}: {operation.status}" + (f" after {went}" if went else "")]
    if is_busy(operation.status):
        return [*said, "it goes on: watch it with `make airflow-events ARGS=--follow`"]
    return [*said, *(_lines(why) if why else ())]


def data(stack: str, operation: Operation, why: Evidence | None) -> Mapping[str, object]:
    """Return all of it as data; times are in UTC (ISO 8601), `ended` is null while it goes on."""
    told, goes_on = operation.events, is_busy(operation.status)
    return {
        "stack": stack,
        "status": operation.status,
        "began": _iso(told[0].time) if told else None,
        "ended": _iso(told[-1].time) if told and not goes_on else None,
        "why": as_data(why) if why else None,
        "events": [_event(event) for event in told],
    }


def _lines(why: Evidence) -> Iterator[str]:
    yield f"why: {why.cause}"
    if why.hint:
        yield f"what to do: {why.hint}"
    yield from why.words
    for task in why.tasks:
        yield str(task)
        yield from (f"    {each}" for each in task.log)


def _event(event: StackEvent) -> Mapping[str, str]:
    return {
        "time": _iso(event.time),
        "status": event.status,
        "path": event.path,
        "type": event.type,
        "physicalId": event.physical_id,
        "reason": event.reason,
    }


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
