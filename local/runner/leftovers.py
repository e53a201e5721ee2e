"""Containers of a run are labelled with its folder, and a note in there says that it may have some.

So the next run finds what a killed one left, also when it starts processes and would not ask for an engine otherwise.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.errors import LocalError
from local.runner.engine import VARIABLE, Engine

_PATIENCE = 30.0  # seconds that removing may take
_WHERE = (
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "CONTAINER_HOST",
    "CONTAINER_CONNECTION",
)  # says which engine, nothing secret


def label(folder: Path) -> str:
    """Return what containers of the run in `folder` are labelled with."""
    return f"airflow-local.run={folder}"


@contextmanager
def noted(folder: Path, engine: Engine) -> Iterator[None]:
    """Let the block start containers of the run in `folder`; afterwards there are none. Raises LocalError."""
    engine.require()
    _remove(folder, engine)
    where = {name: value for name, value in engine.environment.items() if name in _WHERE}
    _note(folder).write_text(json.dumps({"cli": engine.cli, "where": where}), encoding="utf-8")
    try:
        yield
    finally:
        _remove(folder, engine)


def clean_up(folder: Path, variables: Mapping[str, str], report: Callable[[str], None]) -> None:
    """Remove what an earlier run in `folder` left; `variables` are the user's. Raises LocalError when it cannot."""
    try:
        told = json.loads(_note(folder).read_text(encoding="utf-8"))
        engine = Engine.of({**variables, **told["where"], VARIABLE: told["cli"]})
    except FileNotFoundError:
        return
    except (ValueError, TypeError, KeyError):  # a loss of power leaves empty files
        engine = Engine.of(variables)
    try:
        engine.require()
        report("removing the containers that an earlier run left")
        _remove(folder, engine)
    except LocalError as error:
        way_out = f"an earlier run may have left containers there; without {_note(folder)} nobody looks for them"
        raise LocalError(f"{error} ({way_out})") from error


def _remove(folder: Path, engine: Engine) -> None:
    deadline = time.monotonic() + _PATIENCE
    while found := _found(folder, engine):
        engine.remove(*found)
        if time.monotonic() > deadline:
            raise LocalError(f"container {found[0]}: cannot be removed; remove it: {engine.cli} rm --force {found[0]}")
    _note(folder).unlink(missing_ok=True)


def _found(folder: Path, engine: Engine) -> list[str]:
    return engine.ask("ps", "--all", "--quiet", "--filter", f"label={label(folder)}").split()


def _note(folder: Path) -> Path:
    return folder / "containers.json"
