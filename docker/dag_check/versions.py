"""What is called otherwise in the versions of Airflow from 3.0 on; nothing else asks for the version."""

import inspect
import logging
import traceback
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

try:
    from airflow.dag_processing.dagbag import DagBag  # 3.2
except ImportError:
    from airflow.models.dagbag import DagBag

try:
    from airflow.serialization.serialized_objects import DagSerialization  # 3.2
except ImportError:
    from airflow.serialization.serialized_objects import SerializedDAG as DagSerialization

to_dict: Callable[[Any], Any] = DagSerialization.to_dict
"""What the DAG processor makes of a DAG for the database; raises when it cannot."""


def bag(dags: Path) -> Any:
    """Return an empty DagBag as the DAG processor has it for the bundle whose files are in `dags`."""
    wanted = {
        "dag_folder": str(dags),
        "collect_dags": False,
        "include_examples": False,
        "load_op_links": False,
        "bundle_path": dags,
        "bundle_name": "dags-folder",
    }
    known = inspect.signature(DagBag.__init__).parameters
    return DagBag(**{name: value for name, value in wanted.items() if name in known})


def dag_files(dags: Path, *, safe_mode: bool) -> list[str]:
    """Return the files that Airflow takes for DAG files: .airflowignore, safe mode and zip files as it has them."""
    if find_spec("airflow.dag_processing.importers"):  # 3.3
        from airflow.dag_processing.importers import get_importer_registry

        return list(get_importer_registry().list_dag_files(dags, safe_mode=safe_mode))
    if find_spec("airflow.sdk.importers"):  # 3.4
        from airflow.dag_processing.bundles.local import LocalDagBundle
        from airflow.sdk.importers import get_importer_registry

        bundle = LocalDagBundle(name="dags-folder", path=str(dags))
        found = get_importer_registry(bundle.name).list_dag_definitions(bundle, safe_mode=safe_mode)
        return [getattr(item, "source_reference", None) or repr(item) for _, item in found]
    from airflow.utils.file import list_py_file_paths

    return list(list_py_file_paths(dags, safe_mode=safe_mode))


def plugin_errors() -> dict[str, str]:
    """Load the plugins, and return what went wrong by file: a traceback, or but a message."""
    from airflow import plugins_manager

    tracebacks = _Tracebacks()
    logging.getLogger().addHandler(tracebacks)
    try:
        plugins_manager.ensure_plugins_loaded()
    finally:
        logging.getLogger().removeHandler(tracebacks)
    try:
        errors = dict(plugins_manager.get_import_errors())  # 3.2
    except AttributeError:
        errors = dict(plugins_manager.import_errors)
    return {file: tracebacks.of(file) or text for file, text in errors.items()}


class _Tracebacks(logging.Handler):
    """Keeps the tracebacks that are logged: of a plugin Airflow tells but the message."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self._seen.append("".join(traceback.format_exception(*record.exc_info)))

    def of(self, file: str) -> str:
        """Return the traceback that names a file; nothing if none does."""
        return next((text for text in self._seen if f'"{file}"' in text), "")
