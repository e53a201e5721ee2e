"""An environment with another version of Airflow: what its official image would have, as far as that can be known here.

The official image holds to the constraints that are published with each version
(https://airflow.apache.org/docs/apache-airflow/stable/installation/installing-from-pypi.html#constraints-files).
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from local.errors import LocalError
from local.layout import Layout
from local.venvs import (
    OWN_REQUIREMENTS,
    Report,
    Run,
    asks_for_something,
    installing,
    keep,
    make_empty,
    run_uv,
    stamp_of,
    text_of,
)

LAPTOP = Path("docker") / "requirements-laptop.in"
CONSTRAINTS = "https://raw.githubusercontent.com/apache/airflow/constraints-{version}/constraints-{python}.txt"
_JSON = "application/vnd.pypi.simple.v1+json"  # https://packaging.python.org/en/latest/specifications/simple-repository-api/
_TIME_LIMIT = 20  # seconds

Fetch = Callable[[str, str], str]
"""Returns the text of a URL, asked for as a media type; OSError when it cannot be had."""


@dataclass(frozen=True)
class Other:
    """A python with another Airflow.

    `basis` says by what its versions were chosen; `refused` why docker/requirements.txt is not installed there, and
    is empty when it is.
    """

    python: Path
    basis: str
    refused: str


def fetch(url: str, kind: str) -> str:
    """Ask for a URL. Raises OSError when there is no answer, or none with status 200."""
    try:
        with urlopen(Request(url, headers={"Accept": kind}), timeout=_TIME_LIMIT) as answer:  # noqa: S310 - https
            text: str = answer.read().decode()
    except (HTTPException, UnicodeDecodeError) as error:
        raise OSError(str(error)) from error
    return text


def released(ask: Fetch = fetch, variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return every version of Airflow that the package index has, and when it was uploaded (ISO 8601, maybe empty).

    Nothing when the index does not answer as PyPI does.
    """
    index = variables.get("UV_DEFAULT_INDEX") or variables.get("UV_INDEX_URL") or "https://pypi.org/simple"
    try:
        said = json.loads(ask(f"{index.rstrip('/')}/apache-airflow/", _JSON))
        files = {each["filename"]: each.get("upload-time", "") for each in said["files"]}
        return {one: files.get(f"apache_airflow-{one}-py3-none-any.whl", "") for one in said["versions"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def ensure(layout: Layout, version: str, uploaded: str, report: Report, run: Run = run_uv, ask: Fetch = fetch) -> Other:
    """Return the environment .local/venvs/airflow-<version>, making it unless that was done before.

    `uploaded` is the time of its release: where the constraints cannot be had, packages newer than that are left out.
    Raises LocalError when it cannot be made.
    """
    constraints = _constraints(layout, version, ask)
    name = f"airflow-{version}"
    folder, own = layout.venvs / name, layout.checkout / OWN_REQUIREMENTS
    wanted = _wanted((layout.checkout / LAPTOP).read_text(encoding="utf-8"), version, exactly=constraints is None)
    limits, basis = _limits(version, constraints, uploaded)
    refusal = folder / "refused"

    def make(folder: Path, _: str, held: int) -> None:
        make_empty(folder, run, held)
        run([*installing(folder), *limits, *wanted], held)
        refusal.write_text("", encoding="utf-8")
        if asks_for_something(own):
            theirs = ["--constraints", str(constraints)] if constraints else []
            try:
                run([*installing(folder), *theirs, "--requirements", str(own), *wanted], held)
            except LocalError as error:
                refusal.write_text(str(error), encoding="utf-8")

    more = text_of(own) if asks_for_something(own) else ""
    ingredients = repr((wanted, limits, constraints and constraints.read_text(encoding="utf-8"), more))
    stamp = stamp_of(hashlib.sha256(ingredients.encode()).hexdigest(), folder)
    python = keep(layout, name, stamp, report, make)
    return Other(python, basis, refusal.read_text(encoding="utf-8"))


def _constraints(layout: Layout, version: str, ask: Fetch) -> Path | None:
    """Return the file of the published constraints; what was had once need not be had again: a tag does not change."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    file = layout.venvs / f"constraints-{version}-{python}.txt"
    if not file.exists():
        try:
            text = ask(CONSTRAINTS.format(version=version, python=python), "text/plain")
        except OSError:
            return None
        layout.venvs.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return file


def _wanted(laptop: str, version: str, *, exactly: bool) -> list[str]:
    """Return the laptop's requirements with another Airflow; constraints know better than what it excludes."""
    lines = [line.strip() for line in laptop.splitlines() if line.strip() and not line.strip().startswith("#")]
    others = [line if exactly else re.split(r"[<>=!~;]", line)[0] for line in lines]
    return [re.sub(r"^(apache-airflow(\[[^]]*])?).*", rf"\1=={version}", line) for line in others]


def _limits(version: str, constraints: Path | None, uploaded: str) -> tuple[list[str], str]:
    """Return uv's options that decide about versions, and what that is in words."""
    pre = [] if version.replace(".", "").isdigit() else ["--prerelease", "allow"]
    if constraints:
        return [*pre, "--constraints", str(constraints)], "as its published constraints say"
    without = "its published constraints could not be had, so"
    if uploaded:
        day_after = datetime.fromisoformat(uploaded) + timedelta(days=1)
        return [
            *pre,
            "--exclude-newer",
            f"{day_after:%Y-%m-%dT%H:%M:%SZ}",
        ], f"{without} what was newest a day after its release"
    return pre, f"{without} what is newest now"
