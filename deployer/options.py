"""The options of the command line: what each is, and which verbs take it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

OF_AN_ENVIRONMENT = frozenset(
    {"render", "validate", "deploy", "outputs", "password", "destroy", "cost", "diagram"}
    | {"push-image", "rollback", "check-dags", "upgrade-check"}
    | {"doctor", "diff", "open", "status", "events", "permissions", "unlock"}
)
"""The verbs that heed which environment is chosen."""
OF_SETTINGS = OF_AN_ENVIRONMENT | {"local", "init", "cost-document"}
"""The verbs that heed which settings file is."""
SETTINGS = "service.yml"
"""The settings file, unless another one is chosen."""
_RENDERING = frozenset({"render", "validate", "deploy", "local", "diff"})
_READING = frozenset(
    {"deploy", "outputs", "cost", "push-image", "rollback", "check-dags", "upgrade-check"}
    | {"doctor", "diff", "open", "status", "events", "permissions"}
)

# Option, the verbs that take it, the variable that stands for it (the Makefile hands these on), the rest for argparse.
_OPTIONS: tuple[tuple[str, frozenset[str], str, dict[str, Any]], ...] = (
    ("--settings", OF_SETTINGS, "SETTINGS", {"help": "the settings file (service.yml)"}),
    ("--environment", OF_AN_ENVIRONMENT, "ENVIRONMENT", {"help": "which of service.yml's environments"}),
    ("--out", _RENDERING, "OUT", {"help": "folder of the templates (templates/ENVIRONMENT)"}),
    ("--out", frozenset({"diagram"}), "OUT", {"help": "file of the drawing (SERVICE-ENVIRONMENT.svg)"}),
    ("--out", frozenset({"permissions"}), "OUT", {"help": "folder for a file of each policy"}),
    ("--force", frozenset({"init"}), "", {"action": "store_true", "help": "overwrite the settings file"}),
    ("--region", frozenset({"validate"}), "", {"action": "append", "help": "region to check for; may be repeated"}),
    ("--region", frozenset({"cost", "prices"}), "", {"help": "region whose prices are meant"}),
    ("--image", frozenset({"deploy", "local"}), "", {"help": "a ready image by digest; without it one is built"}),
    ("--yes", frozenset({"deploy", "destroy", "unlock"}), "", {"action": "store_true", "help": "do not ask"}),
    (
        "--recreate",
        frozenset({"deploy"}),
        "",
        {"action": "store_true", "help": "remove a stack whose first creation failed, and create it again"},
    ),
    (
        "--continue-rollback",
        frozenset({"deploy"}),
        "",
        {"action": "store_true", "help": "undo an update that failed, without the resources that this is stuck on"},
    ),
    (
        "--allow-replacement",
        frozenset({"deploy"}),
        "",
        {"action": "append", "metavar": "NAME", "help": "let this resource be replaced or removed with its data"},
    ),
    (
        "--empty-buckets",
        frozenset({"destroy"}),
        "",
        {"action": "store_true", "help": "delete what is in buckets and repositories, too: data, versions, images"},
    ),
    (
        "--lose-snapshots",
        frozenset({"destroy"}),
        "",
        {"action": "store_true", "help": "delete keys, too, that snapshots need which stay"},
    ),
    ("--against", frozenset({"diff"}), "", {"help": "compare offline: a folder of templates, or a git revision"}),
    ("--markdown", frozenset({"diff"}), "", {"action": "store_true", "help": "for a pull request"}),
    ("--follow", frozenset({"events"}), "", {"action": "store_true", "help": "watch what goes on, until it ends"}),
    ("--html", frozenset({"events"}), "", {"metavar": "FILE", "help": "write one page with a bar for each resource"}),
    (
        "--no-nested",
        frozenset({"deploy", "diff", "push-image", "rollback"}),
        "",
        {"action": "store_true", "help": "plan without the nested stacks"},
    ),
    (
        "--skip-dag-check",
        frozenset({"deploy", "push-image"}),
        "",
        {"action": "store_true", "help": "build with the DAGs as they are"},
    ),
    ("--json", _READING, "", {"action": "store_true", "help": "the result as JSON"}),
    (
        "--to",
        frozenset({"rollback"}),
        "",
        {"type": int, "help": "number of the release to return to; without it, a list"},
    ),
    ("--to", frozenset({"upgrade-check"}), "", {"required": True, "help": "version of Airflow, for example 3.4.0"}),
    ("--docker", frozenset({"local"}), "", {"action": "store_true", "help": "containers of the image, not processes"}),
)

_DEFAULTS = {"--settings": SETTINGS}

Verb = Callable[[argparse.Namespace], int]


def parser(verbs: Mapping[str, Verb], variables: Mapping[str, str]) -> argparse.ArgumentParser:
    """Return the parser of a command line with these verbs; `variables` are the environment's."""
    whole = argparse.ArgumentParser(prog="python -m deployer", description="Airflow on AWS from service.yml.")
    each = whole.add_subparsers(required=True, metavar="VERB")
    for name, verb in verbs.items():
        one = each.add_parser(name, help=verb.__doc__, description=verb.__doc__)
        one.set_defaults(verb=verb, no_nested=False, skip_dag_check=False)
        one.set_defaults(recreate=False, continue_rollback=False, allow_replacement=None)
        for option, takers, variable, rest in _OPTIONS:
            if name in takers:
                standing: dict[str, Any] = {}
                if variable:
                    standing["default"] = variables.get(variable) or _DEFAULTS.get(option)
                one.add_argument(option, **rest, **standing)
    return whole
