"""The way in to an environment: its address and log-in, and where nobody can come to it, a tunnel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from deployer.aws import Aws
from deployer.ecs import clusters, commands
from deployer.errors import DeployError
from deployer.outputs import CLUSTER

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ContainerTypeDef

_LOCAL_PORT = 8080
_AGENT = "ExecuteCommandAgent"  # ECS's name for Session Manager's agent


@dataclass(frozen=True)
class Tunnel:
    """A command that leads a port of this machine to the web interface; `url` is what to open then."""

    command: str
    url: str


@dataclass(frozen=True)
class WayIn:
    """`url` is what people open, `user` who logs in, `password` the command that prints theirs."""

    url: str
    user: str
    password: str
    tunnel: Tunnel | None = None


def way_in(outputs: Mapping[str, str], tunnel: Tunnel | None = None) -> WayIn:
    """Read it from the root's outputs. Raises DeployError before there is a web interface."""
    if "Url" not in outputs:
        raise DeployError("there is no web interface yet", "run it again when the deploy is done")
    return WayIn(outputs["Url"], outputs.get("AdminUser", ""), commands.PASSWORD, tunnel)


def dig(aws: Aws, outputs: Mapping[str, str], family: str, container: str, port: int) -> Tunnel:
    """Find a task whose container can be reached through Session Manager, and return the tunnel to its `port`.

    Raises DeployError when there is none.
    """
    cluster = outputs.get(CLUSTER, "")
    found = [
        (task, each)
        for task in clusters.tasks(aws, cluster, family=family)
        if task.get("lastStatus") == "RUNNING"
        for each in task.get("containers", [])
        if each.get("name") == container and each.get("runtimeId") and _listens(each)
    ]
    if not found:
        raise DeployError(
            f"no task of the {container} can be reached through Session Manager at the moment",
            "see `make airflow-status`: it may be asleep (service.hours), or still be starting",
        )
    task, reached = max(found, key=lambda each: each[0].get("healthStatus") == "HEALTHY")
    id_ = task.get("taskArn", "").rpartition("/")[2]
    command = commands.tunnel(aws.region, cluster, id_, reached.get("runtimeId", ""), port, _LOCAL_PORT)
    return Tunnel(command, f"http://localhost:{_LOCAL_PORT}/auth/login/")


def as_data(way: WayIn) -> dict[str, Any]:
    """Put it into plain data."""
    return asdict(way)


def _listens(container: ContainerTypeDef) -> bool:
    """Whether the agent of Session Manager runs in it, as far as ECS tells.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedAgent.html
    """
    states = [each.get("lastStatus") for each in container.get("managedAgents", []) if each.get("name") == _AGENT]
    return not states or "RUNNING" in states
