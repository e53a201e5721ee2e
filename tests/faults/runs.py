"""Runs of the deployer in processes of their own, with the templates of the environment `local`; what they leave."""

import multiprocessing
import os
import shutil
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.embedded_aws import Endpoint
from tests.faults import attempt

CHECKOUT = Path(__file__).parents[2]
REASON = "The security group 'sg-0' does not exist"
"""Why the templates `failing` cannot be deployed."""
_PATIENCE = 180  # seconds


@dataclass(frozen=True)
class Ended:
    """How a run came to its end."""

    status: int
    said: str

    @property
    def line(self) -> str:
        """What it said last."""
        return self.said.splitlines()[-1] if self.said else ""


class Run:
    """A run that goes on: a fork of this process, which has imported already what every run needs.

    `calls` is where it writes down when it asks AWS for what.
    """

    def __init__(self, verb: str, url: str, folder: Path, calls: Path = Path(os.devnull)) -> None:
        reading, writing = os.pipe()
        fork = multiprocessing.get_context("fork")
        self._process = fork.Process(target=_run, args=(writing, verb, url, folder, calls), daemon=True)
        self._process.start()
        os.close(writing)
        self.stderr = os.fdopen(reading, encoding="utf-8")

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._process.kill()
        self.end()

    def end(self) -> Ended:
        """Wait for its end."""
        limit = threading.Timer(_PATIENCE, self._process.kill)
        limit.start()
        with self.stderr:
            said = self.stderr.read()
        self._process.join()
        limit.cancel()
        return Ended(self._process.exitcode or 0, said)


def _run(stderr: int, verb: str, url: str, folder: Path, calls: Path) -> None:
    os.dup2(stderr, 2)
    sys.stderr = os.fdopen(stderr, "w", buffering=1, encoding="utf-8")
    sys.exit(attempt.main(verb, url, folder, calls))


def run(verb: str, url: str, folder: Path) -> Ended:
    """Make a run from beginning to end."""
    return Run(verb, url, folder).end()


def templates(folder: Path, name: str, rendered: Path = CHECKOUT / "templates" / "local") -> Path:
    """The templates as they are (`first`), with a larger scheduler (`changed`), with what AWS refuses (`failing`)."""
    shutil.copytree(rendered, folder)
    if name != "first":
        file = folder / "services.yml"
        services = yaml.safe_load(file.read_text(encoding="utf-8"))
        _change(services["Resources"], name)
        file.write_text(yaml.safe_dump(services, sort_keys=False), encoding="utf-8")
    return folder


def left(endpoint: Endpoint) -> list[str]:
    """The stacks that are there."""
    session: Any = endpoint.session()
    found = session.client("cloudformation", endpoint_url=endpoint.url).list_stacks()["StackSummaries"]
    return [each["StackName"] for each in found if each["StackStatus"] != "DELETE_COMPLETE"]


def _change(resources: dict[str, Any], name: str) -> None:
    definition = next(one for one in resources.values() if one["Type"] == "AWS::ECS::TaskDefinition")
    definition["Properties"]["Cpu"] = "512"
    if name == "failing":
        definition["Properties"]["Cpu"] = "1024"
        properties = {"GroupId": "sg-0", "IpProtocol": "-1", "CidrIp": "10.0.0.0/8"}
        resources["Broken"] = {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": properties}
