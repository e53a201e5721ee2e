"""The exact environment of a process: what its task definition says and a machine gives, nothing of a user's shell."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.runner.definitions import Deployed, ServiceTask
from local.runner.private_names import LOOPBACK, on_this_machine

LAPTOP = Path(__file__).parent / "laptop"

LOOPBACK_ONLY: Mapping[str, str] = {
    # On Fargate these listen on every interface and security groups guard them; a laptop in a café has none.
    "AIRFLOW__API__HOST": LOOPBACK,
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": LOOPBACK,
}

# What the entrypoint misses in a definition (docker/airflow_runtime/needs.py) must be missed here too. So these take
# the place of a definition's values, and of no gap.
_REPLACED: Mapping[str, str] = {
    # The address by which the API server reaches the log servers of worker and triggerer. Those listen on every
    # interface and have no such variable (airflow/utils/serve_logs/core.py): laptop/sitecustomize.py narrows them.
    "AIRFLOW__CORE__HOSTNAME_CALLABLE": "airflow_runtime.host.loopback",
}

# The only region boto3 looks at. The embedded AWS has one, and that is what templates made of AWS::Region.
_DEFINITION_ALONE = "AWS_DEFAULT_REGION"

# macOS ends a process that forks after it used certain system libraries, as Celery and Airflow do.
# https://bugs.python.org/issue33725
_MACOS = {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"}


@dataclass(frozen=True)
class Machine:
    """What this machine gives to every process.

    Nothing for Celery as root: it refuses that only to those who accept pickle, which Airflow does not; it warns.
    """

    python: Path
    checkout: Path
    aws: Mapping[str, str]
    temporary: Path
    platform: str

    @classmethod
    def this(cls, python: Path, checkout: Path, aws: Mapping[str, str]) -> Machine:
        """Describe the machine this runs on; `python` is that of Airflow's virtual environment."""
        return cls(python, checkout, aws, Path(tempfile.gettempdir()), sys.platform)

    def variables(self, home: Path) -> dict[str, str]:
        """Return what a process gets whose files lie in `home`.

        HOME is not the user's, where settings of AWS and PostgreSQL (~/.aws, ~/.postgresql) may lie.
        """
        python_path = (self.checkout / "docker", LAPTOP)
        return {
            "PATH": f"{self.python.parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "PYTHONPATH": os.pathsep.join(str(folder) for folder in python_path),
            "HOME": str(home),
            "AIRFLOW_HOME": str(home),
            "TMPDIR": str(self.temporary),
            "LANG": "en_US.UTF-8" if self.platform == "darwin" else "C.UTF-8",
            **(_MACOS if self.platform == "darwin" else {}),
            **self.aws,
        }


def process_environment(task: ServiceTask, deployed: Deployed, machine: Machine, home: Path) -> dict[str, str]:
    """Return every variable of the task's process and of its health check, and no other."""
    return environment_of(task, deployed, machine.variables(home))


def environment_of(task: ServiceTask, deployed: Deployed, given: Mapping[str, str]) -> dict[str, str]:
    """Return what a task's definition says, with what the place where it runs gives.

    The definition's come first, then its secrets, then what is given; names inside the network become loopback. What
    the entrypoint checks is never added: a definition that lacks it fails here as it would on Fargate.
    """
    defined = {**task.environment, **task.secrets}
    values = {name: on_this_machine(value, deployed.private_names) for name, value in defined.items()}
    if deployed.url and "AIRFLOW__API__BASE_URL" in values:
        values["AIRFLOW__API__BASE_URL"] = deployed.url  # it names the load balancer, and there is none
    replaced = {name: value for name, value in _REPLACED.items() if values.get(name)}
    rest = {name: value for name, value in given.items() if name != _DEFINITION_ALONE}
    return {**values, **replaced, **rest, **LOOPBACK_ONLY}
