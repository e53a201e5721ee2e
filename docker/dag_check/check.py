"""Every DAG file of a folder, each in a process of its own as the DAG processor does it, and the plugins before."""

import gc
import importlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from airflow import __version__
from airflow.configuration import conf

from dag_check import versions
from dag_check.one_file import examine
from dag_check.places import Place, deepest, message
from dag_check.processes import Ended, each

_LIMIT_OF_PLUGINS = 60  # seconds


def check(root: str, processes: int, placeholders: Iterable[str] = ()) -> dict[str, Any]:
    """Return what each DAG file of root/dags says; places are files relative to root, and lines.

    `placeholders` are the variables whose values are none here: who reads them is noted.

    Airflow is imported once, as is what the files need of it (airflow.*, which is what the DAG processor does:
    `[dag_processor] parsing_pre_import_modules`); each file then has a fork that it shares with no other.
    """
    dags = Path(root) / "dags"
    folders = [str(dags), f"{root}/plugins"]
    safe_mode = conf.getboolean("core", "dag_discovery_safe_mode")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        [plugins] = each(["plugins"], lambda _: {"errors": versions.plugin_errors()}, scratch, _LIMIT_OF_PLUGINS, 1)
        if plugins.answer is not None:  # nothing there that hangs or crashes: now for all
            sys.dont_write_bytecode = True  # the user's folders stay as they are
            versions.plugin_errors()
            sys.dont_write_bytecode = False
        _prepare(dags)
        files, unwalkable = _found(dags, safe_mode=safe_mode)
        _import_what_they_need(files)
        gc.freeze()
        names = frozenset(placeholders)
        work = partial(examine, dags=dags, folders=folders, safe_mode=safe_mode, placeholders=names)
        ended = each(files, work, scratch, conf.getint("dag_processor", "dag_file_processor_timeout"), processes)
    said = {
        "airflow": __version__,
        "python": platform.python_version(),
        "limit": conf.getfloat("core", "dagbag_import_timeout"),
        "seconds": time.perf_counter() - started,
        "unwalkable": unwalkable,
        "plugins": _of_plugins(plugins, folders),
        "files": [{"file": one.name, **(one.answer or _without_answer(one, folders))} for one in ended],
    }
    return _relative(said, f"{root}/")  # type: ignore[no-any-return]


def _prepare(dags: Path) -> None:
    """Have what the DAG processor has when it comes to a file: its kind of process, and `dags` to import from."""
    import airflow.sdk.execution_time.task_runner  # noqa: F401 - takes part of a second, once instead of in each fork
    from airflow.sdk.execution_time import supervisor

    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "client"
    sys.path.append(str(dags))
    _warm_up()
    if hasattr(supervisor, "block_orm_access"):
        supervisor.block_orm_access()


def _found(dags: Path, *, safe_mode: bool) -> tuple[list[str], str]:
    """Return the DAG files; or none, and why the folder cannot be gone through: a link that leads back, for one."""
    try:
        return sorted(versions.dag_files(dags, safe_mode=safe_mode)), ""
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the folder's
        return [], f"{type(error).__name__}: {error}"


def _warm_up() -> None:
    """Serialize a DAG: what Airflow imports only then would cost every fork more than most files do."""
    from airflow.sdk import DAG, task

    with DAG("warm_up", schedule="@daily") as dag:
        task(_warm_up)()
    versions.to_dict(dag)


def _import_what_they_need(files: Iterable[str]) -> None:
    from airflow.utils.file import iter_airflow_imports

    for module in dict.fromkeys(name for file in files for name in iter_airflow_imports(file)):
        with suppress(Exception):  # the file that asks for it is told
            importlib.import_module(module)


def _without_answer(one: Ended, folders: Sequence[str]) -> dict[str, Any]:
    place = deepest(one.stack, folders)
    error = {"file": place.file if place else one.name, "line": place.line if place else 1, "kind": "end"}
    nothing: dict[str, Any] = {name: [] for name in ("dags", "templates", "lookups", "placeholders", "deprecations")}
    return {"seconds": None, "errors": [error | {"what": one.how}], **nothing}


def _of_plugins(ended: Ended, folders: Sequence[str]) -> list[dict[str, Any]]:
    """Return what is wrong with the plugins, by file and line."""
    if ended.answer is None:
        place = deepest(ended.stack, folders)
        return [{"file": place.file if place else folders[-1], "line": place.line if place else 1, "what": ended.how}]
    errors: dict[str, str] = ended.answer["errors"]
    places = [deepest(text, folders) or Place(file, 1) for file, text in errors.items()]
    return [
        {"file": place.file, "line": place.line, "what": message(text)}
        for place, text in zip(places, errors.values(), strict=True)
    ]


def _relative(said: Any, root: str) -> Any:
    """Return an answer with every path of the root shortened, in messages too."""
    if isinstance(said, str):
        return said.replace(root, "")
    if isinstance(said, dict):
        return {key: _relative(value, root) for key, value in said.items()}
    return [_relative(value, root) for value in said] if isinstance(said, list) else said
