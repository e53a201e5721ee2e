"""Makes the log servers of workers and triggerer listen on the laptop's loopback only.

They bind every interface, and no variable of Airflow's says otherwise (`airflow/utils/serve_logs/core.py`). Airflow
imports a module of this name in each of its processes, before anything starts; the image does not hold it.
"""

import functools

import uvicorn

__all__: list[str] = []  # nothing here is a setting

_run = uvicorn.run


@functools.wraps(_run)
def _on_loopback(*arguments: object, host: str = "", **options: object) -> None:
    _run(*arguments, host=host or "127.0.0.1", **options)  # type: ignore[arg-type]


uvicorn.run = _on_loopback
