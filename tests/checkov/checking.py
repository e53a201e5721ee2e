"""checkov over folders of templates, and what the templates say about the checks they do not pass."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local import venvs
from local.layout import Layout

CHECKOUT = Path(__file__).parents[2]
LOCK = Path(__file__).parent / "requirements.lock"
# Nobody answers there: what checkov might look up in the internet fails instead of leaving the machine.
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, order=True)
class Place:
    """A check of one resource: its template's path below the folder that was checked, and its logical id."""

    file: str
    resource: str
    check: str


@dataclass(frozen=True)
class Report:
    """What checkov found: checks that failed, checks that a template had skipped, and how many were passed."""

    failed: frozenset[Place]
    skipped: frozenset[Place]
    passed: int


def program() -> Path:
    """checkov's own program; its virtual environment is made if need be."""
    return venvs.ensure(Layout(CHECKOUT), "checkov", LOCK, print).with_name("checkov")


def check(folder: Path) -> Report:
    """Run checkov over every template below `folder`.

    Raises CalledProcessError when it cannot be run, and ValueError for a template that it cannot read.
    """
    options = ["--framework", "cloudformation", "--skip-download", "--compact", "--soft-fail", "--output", "json"]
    done = subprocess.run(
        [program(), "--directory", folder, *options],
        cwd=folder,  # not the checkout: settings of checkov lying about there are not ours
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=600,
    )
    return _report(json.loads(done.stdout))


def suppressions(file: str, text: str) -> dict[Place, str]:
    """Every check that a template asks to be skipped, and the reason it gives."""
    return {
        Place(file, name, skip["id"]): skip.get("comment", "")
        for name, resource in yaml.load(text, Loader=yaml.CSafeLoader)["Resources"].items()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    }


def without_suppressions(text: str) -> str:
    """The same template, asking for no check to be skipped."""
    template = yaml.load(text, Loader=yaml.CSafeLoader)
    for resource in template["Resources"].values():
        resource.get("Metadata", {}).pop("checkov", None)
    return str(yaml.dump(template, Dumper=yaml.CSafeDumper, sort_keys=False))


def _report(found: Mapping[str, Any]) -> Report:
    results, summary = found["results"], found["summary"]
    if summary["parsing_errors"]:
        raise ValueError(f"checkov cannot read {results['parsing_errors']}")
    return Report(_places(results["failed_checks"]), _places(results["skipped_checks"]), summary["passed"])


def _places(records: list[dict[str, str]]) -> frozenset[Place]:
    """The resource of a record is its type and its logical id."""
    return frozenset(
        Place(one["file_path"].lstrip("/"), one["resource"].rpartition(".")[2], one["check_id"]) for one in records
    )
