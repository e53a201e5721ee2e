"""Our own commands in what is said, completed so that they can be pasted. Pure."""

from __future__ import annotations

import argparse
import re
import shlex

from deployer.options import OF_AN_ENVIRONMENT, OF_SETTINGS, SETTINGS

_OURS = re.compile(r"""\bmake airflow-(?P<verb>[a-z-]*[a-z])(?P<given>(?: [A-Z]+=(?:'[^']*'|"[^"]*"|[^\s'"])+)*)""")


def here(text: str, options: argparse.Namespace) -> str:
    """Complete the commands of the Makefile that a text names: pasted, they mean what this run was about.

    Texts name the target alone, and `ARGS=`; `ENVIRONMENT=` and `SETTINGS=` are added to those that heed them, unless
    they stand there already. The defaults of `SETTINGS` need not be said.
    """
    environment, settings = getattr(options, "environment", None), getattr(options, "settings", SETTINGS)

    def completed(command: re.Match[str]) -> str:
        verb, given = command["verb"], command["given"]
        added = ""
        if environment and verb in OF_AN_ENVIRONMENT and "ENVIRONMENT=" not in given:
            added += f" ENVIRONMENT={shlex.quote(environment)}"
        if settings != SETTINGS and verb in OF_SETTINGS and "SETTINGS=" not in given:
            added += f" SETTINGS={shlex.quote(settings)}"
        return f"make airflow-{verb}{added}{given}"

    return _OURS.sub(completed, text)
