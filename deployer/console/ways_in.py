"""The way in and the outputs, with commands that are ready to paste. Text. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from deployer.console.tables import columns
from deployer.ecs.commands import PASSWORD, PLUGIN, Commands
from deployer.ecs.ways_in import WayIn

_LAST = ("Url", "AdminUser", "AdminSecretArn")  # what people look for: a terminal shows the end
_SHUT = "Nobody can come to that address from outside of the network"


def outputs(values: Mapping[str, str], commands: Mapping[str, Commands], *, shut: bool = False) -> str:
    """Return commands for each component, then outputs as name and value, what people look for last.

    `shut`: nobody can come to the address from outside.
    """
    blocks = []
    if commands:
        blocks += [f"A shell (needs the Session Manager plugin: {PLUGIN}):"]
        blocks += [f"  {each.shell}" for each in commands.values()]
        blocks += ["", "Logs, as they come:", *(f"  {each.logs}" for each in commands.values()), ""]
    rest = sorted(values.keys() - set(_LAST))
    blocks += columns([(name, values[name]) for name in [*rest, *(each for each in _LAST if each in values)]])
    if "AdminSecretArn" in values:
        blocks += ["", f"The password is in that secret, under `password`: {PASSWORD}"]
    if shut and "Url" in values:
        blocks += [f"{_SHUT}: make airflow-open leads there"]
    return "\n".join(blocks)


def way_in(way: WayIn) -> str:
    """Return the address, the log-in, and the tunnel with what it needs."""
    lines = [*columns([("Open", way.url), ("User", way.user), ("Password", f"`{way.password}` prints it")])]
    if tunnel := way.tunnel:
        home = tunnel.url.rpartition("/auth/")[0]
        lines += [
            "",
            f"{_SHUT}. This leads there, until you press Ctrl-C:",
            "",
            f"  {tunnel.command}",
            "",
            f"Then open {tunnel.url} and log in. Airflow leads to {way.url} then; open {home} instead (or say",
            f"`service: {{baseUrl: '{home}'}}` in service.yml, if all of you come this way).",
            f"It needs the AWS CLI, its Session Manager plugin ({PLUGIN}),",
            "and permission for ssm:StartSession on the task and on the document AWS-StartPortForwardingSession.",
        ]
    return "\n".join(lines)
