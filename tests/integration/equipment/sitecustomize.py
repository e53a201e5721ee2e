"""Test equipment: Python runs this at the start of each process that finds it before the laptop's own of this name.

It writes down every call of AWS that the process makes, by botocore's own event, into the file `aws-calls` beside the
component's home; then it does what the laptop's own file does. Processes that call nothing import nothing for it.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

# What tells on which thing a call is made; nothing else of it is kept, least of all a secret's value.
NAMES = ("QueueUrl", "SecretId", "logGroupName", "logGroupNamePrefix")


def record(request: Any, event_name: str, **_: object) -> None:
    """Keep a call: `before-sign.s3.PutObject`, also sent by kombu's own client of SQS."""
    body = request.data if isinstance(request.data, bytes) and request.data.startswith(b"{") else b"{}"
    named = {name: value for name, value in json.loads(body).items() if name in NAMES}
    line = json.dumps({"event": event_name, "url": request.url, **named})
    with (Path(os.environ["AIRFLOW_HOME"]).parent / "aws-calls").open("a") as file:
        file.write(f"{line}\n")


class Recording(importlib.abc.MetaPathFinder):
    """Adds `record` to the handlers of every session, once somebody imports botocore's."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the one module by the finders after this one, and go on after it was executed."""
        if name != "botocore.handlers":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def and_record(module: ModuleType) -> None:
                execute(module)
                module.BUILTIN_HANDLERS.append(("before-sign", record))

            spec.loader.exec_module = and_record  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, Recording())
runpy.run_path(str(Path(__file__).parents[1] / "local" / "runner" / "laptop" / "sitecustomize.py"))
