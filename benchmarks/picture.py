"""`python -m benchmarks.picture > docs/images/deploy.svg`: the live tree midway in a first deploy of templates/dev.

The deploy is played: everything begins when what it refers to is there, and takes what it usually takes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from deployer.cloudformation.changes import Change
from deployer.cloudformation.events import StackEvent
from deployer.cloudformation.stacks import STACK_TYPE
from deployer.console import durations, progress, tree

TEMPLATES = Path(__file__).parents[1] / "templates" / "dev"
MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = "airflow-dev"
MINUTES = 4.6  # into the deploy
COLUMNS, LINES = 92, 32


def main() -> int:
    sys.stdout.write(svg())
    return 0


def svg() -> str:
    """The picture, with no font that would be fetched from elsewhere."""
    now = MIDNIGHT + timedelta(minutes=MINUTES)
    told = list(_changes("root.yml", ROOT))
    heard = sorted((e for e in _play("root.yml", ROOT, 0.0)[1] if e.time <= now), key=lambda event: event.time)
    root = progress.fold(heard, told)
    assert root
    console = Console(record=True, width=COLUMNS, file=StringIO(), color_system="truecolor", force_terminal=True)
    for line in tree.draw(root, COLUMNS, LINES, now):
        console.print(line, highlight=False, no_wrap=True)
    drawn = console.export_svg(title="make airflow-deploy", unique_id="deploy")
    return re.sub(r"\s*@font-face \{.*?\}", "", drawn, flags=re.DOTALL)


def _changes(template: str, path: str) -> Iterator[Change]:
    for name, resource in _resources(template).items():
        yield Change(path, name, "", resource["Type"], "Add")
        if resource["Type"] == STACK_TYPE:
            yield from _changes(resource["Properties"]["TemplateURL"], f"{path}/{name}")


def _play(template: str, path: str, start: float) -> tuple[float, list[StackEvent]]:
    """Play the creation of a stack that begins at `start`: when it ends (seconds), and all that is heard."""
    resources = _resources(template)
    events = [_event(path, "", STACK_TYPE, "CREATE_IN_PROGRESS", start)]
    ends: dict[str, float] = {}
    while len(ends) < len(resources):
        for name, resource in resources.items():
            needs = _needs(resource, resources) - {name}
            if name in ends or not needs <= ends.keys():
                continue
            begins = max((ends[each] for each in needs), default=start) + 1
            kind = resource["Type"]
            events.append(_event(path, name, kind, "CREATE_IN_PROGRESS", begins))
            if kind == STACK_TYPE:
                ends[name], inner = _play(resource["Properties"]["TemplateURL"], f"{path}/{name}", begins)
                events += inner
            else:
                ends[name] = begins + _seconds(kind)
            events.append(_event(path, name, kind, "CREATE_COMPLETE", ends[name]))
    end = max(ends.values(), default=start) + 1
    return end, [*events, _event(path, "", STACK_TYPE, "CREATE_COMPLETE", end)]


def _seconds(kind: str) -> float:
    waiting = progress.Node("", "", kind, progress.State.WAITING, Change("", "", "", kind, "Add"))
    return durations.usual(waiting) or 12.0


def _event(path: str, name: str, kind: str, status: str, seconds: float) -> StackEvent:
    time = MIDNIGHT + timedelta(seconds=seconds)
    return StackEvent(time, path, f"arn:{path}", name, f"arn:{path}/{name}".rstrip("/"), kind, status, "")


def _needs(resource: Mapping[str, Any], others: Mapping[str, Any]) -> set[str]:
    after = resource.get("DependsOn", [])
    return {*_named(resource.get("Properties", {})), *([after] if isinstance(after, str) else after)} & others.keys()


def _named(value: object) -> Iterator[str]:
    """Every name that is referred to somewhere in a value."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0]
            else:
                yield from _named(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from _named(inner)


@cache
def _resources(template: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((TEMPLATES / template).read_text("utf-8"))["Resources"]
    return found


if __name__ == "__main__":
    sys.exit(main())
