"""Commands that are ready to paste: a shell and the logs of a component, a tunnel to the web interface. Pure.

They name no task where they can do without, for tasks come and go: the shell asks for one when it is opened.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PASSWORD = "make airflow-password"  # noqa: S105 - a command that prints it
PLUGIN = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"


@dataclass(frozen=True)
class Commands:
    """Of one component: a shell in its newest task (needs the Session Manager plugin), and its logs as they come."""

    shell: str
    logs: str


def of_components(region: str, stack: str, outputs: Mapping[str, str], names: Sequence[str]) -> dict[str, Commands]:
    """Commands by component; `stack` is the root's name, after which families of task definitions are named.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec-run.html
    https://docs.aws.amazon.com/cli/latest/reference/logs/tail.html
    """
    cluster, group = outputs.get("ClusterName", ""), outputs.get("LogGroup", "")
    if not cluster:
        return {}
    return {
        name: Commands(_shell(region, cluster, f"{stack}-{name}", name), _logs(region, group, name)) for name in names
    }


def tunnel(region: str, cluster: str, task: str, runtime: str, port: int, local: int) -> str:
    """Return the command that leads a port of this machine to one of a task's container, through Session Manager.

    `task` is an id, `runtime` the container's runtime id.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html
    https://github.com/aws/containers-roadmap/issues/1446 (the target's form)
    """
    ports = json.dumps({"portNumber": [str(port)], "localPortNumber": [str(local)]}, separators=(",", ":"))
    return _joined(
        "aws ssm start-session",
        region,
        {
            "target": f"ecs:{cluster}_{task}_{runtime}",
            "document-name": "AWS-StartPortForwardingSession",
            "parameters": ports,
        },
    )


def _shell(region: str, cluster: str, family: str, container: str) -> str:
    asked = {
        "cluster": cluster,
        "family": family,
        "desired-status": "RUNNING",
        "query": "taskArns[0]",
        "output": "text",
    }
    task = _joined("aws ecs list-tasks", region, asked)
    options = {"cluster": cluster, "container": container, "command": "bash"}
    return f'{_joined("aws ecs execute-command", region, options)} --interactive --task "$({task})"'


def _logs(region: str, group: str, name: str) -> str:
    return f"{_joined(f'aws logs tail {shlex.quote(group)}', region, {'log-stream-name-prefix': f'{name}/'})} --follow"


def _joined(command: str, region: str, options: Mapping[str, str]) -> str:
    every = {"region": region, **options}
    return " ".join([command, *(f"--{name} {shlex.quote(value)}" for name, value in every.items())])
