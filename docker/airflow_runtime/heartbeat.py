"""The file a worker touches while it consumes, and how old it may be: `worker` writes it, `health` reads it."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

EVERY_SECONDS = 10.0
STALE_SECONDS = 120.0
"""Above the time a broker takes to fail over, so that a worker with running tasks is not restarted for it."""


def path(environment: Mapping[str, str]) -> Path:
    """Where the file is: one a container, and on the laptop one a component, as AIRFLOW_HOME is."""
    return Path(environment.get("AIRFLOW_HOME") or tempfile.gettempdir()) / "worker-heartbeat"
