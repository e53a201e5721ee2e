"""The check of the DAGs: Airflow's own Python imports each file (docker/dag_check); here it becomes findings."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from deployer.errors import DeployError, one_line

ERROR, WARNING, NOTE = "error", "warning", "note"
_LEVELS = (ERROR, WARNING, NOTE)
SLOW = 3  # an import that takes over one part in this many of what Airflow allows is told
PLACEHOLDER = "placeholder"  # the value of a secret, here
# What a DAG may see of the shell: nothing of the account, for a DAG's code must not act in it.
_SHELL = re.compile(r"PATH|LANG|LC_\w+|TZ|TMPDIR|SSL_CERT_\w+|\w+_proxy|AIRFLOW_(VAR|CONN)_\w+", re.IGNORECASE)
_PACKAGE = re.compile(r"ModuleNotFoundError: (?!.*imports begin at)")
_MISSING = re.compile(r"ModuleNotFoundError: No module named")
# What a Python says of syntax that is newer than itself; "'(' was never closed" no version accepts.
_NEWER = re.compile(
    r"SyntaxError: (invalid syntax|expected '\('|f-string|unterminated string|multiple exception types)"
)
_GIVE_SECRET = "give its value to the check in the shell, under that name"  # noqa: S105 - no secret
# Asked of the account, or written elsewhere: none of it decides whether a DAG imports.
_NOT_HERE = re.compile(r"AIRFLOW__(SECRETS|LOGGING|METRICS|DATABASE|WORKERS__SECRETS)_\w+")


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to be said of a line of the DAGs. `level` is error, warning or note; `file` as from the checkout."""

    file: str
    line: int
    level: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level}: {self.what}"


@dataclass(frozen=True)
class DagReport:
    """What a check has found; `passed` unless there is an error. Seconds are the check's, without Airflow's start."""

    airflow: str
    files: int
    dags: int
    seconds: float
    findings: tuple[Finding, ...]
    deprecations: tuple[Finding, ...] = ()
    python: str = ""

    def at(self, level: str) -> tuple[Finding, ...]:
        """Return the findings of a level."""
        return tuple(one for one in self.findings if one.level == level)

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against these DAGs."""
        return not self.at(ERROR)

    @property
    def summary(self) -> str:
        """The whole in one line."""
        found = ", ".join(f"{level}s: {len(self.at(level))}" for level in _LEVELS)
        return f"{self.files} files, {self.dags} DAGs, {self.seconds:.1f} s with Airflow {self.airflow}; {found}"

    def as_data(self) -> dict[str, Any]:
        """Return it as what `--json` prints."""
        return asdict(self) | {"passed": self.passed}


Facts = Mapping[str, Any]  # an answer of docker/dag_check, as JSON
Run = Callable[[Path, str, Facts, Mapping[str, str], Path], Facts]


def check(
    checkout: Path,
    variables: Mapping[str, str],
    python: Path,
    report: Callable[[str], None],
    run: Run | None = None,
    image_python: str = "",
) -> DagReport:
    """Import every DAG of checkout/dags with the Airflow of `python`, and return what is to be said of them.

    `variables` are those of the DAG processor as the settings say (verbs.dags.of_dag_processor gives them); `report`
    is told what is going on; what a newer `image_python` (3.12) may read but this one cannot is no error.
    `verbs.dags.checked(settings, report)` does all of this for the settings in use.
    Raises DeployError when Airflow itself does not work.
    """
    report("checking the DAGs")
    root = checkout.resolve()
    unknown = [name for name, value in variables.items() if value == PLACEHOLDER]
    request = {"root": str(root), "processes": _cores(), "placeholders": unknown}
    return fold(_asked(root, python, "check", request, variables, run or ask), image_python)


def facts(checkout: Path, python: Path, request: Mapping[str, Any], run: Run | None = None) -> Facts:
    """Ask the Airflow of `python` what it is (docker/dag_check/facts.py). Raises DeployError when it does not work."""
    return _asked(checkout.resolve(), python, "facts", request, {}, run or ask)


def _asked(
    root: Path, python: Path, question: str, request: Mapping[str, Any], variables: Mapping[str, str], run: Run
) -> Facts:
    with tempfile.TemporaryDirectory(prefix="dag-check-") as home:
        for name in ("dags", "plugins"):
            (Path(home) / name).symlink_to(root / name)  # for who looks for his files in AIRFLOW_HOME, as in the image
        return run(python, question, request, environment(root, Path(home), variables, os.environ), root)


def ask(python: Path, question: str, request: Mapping[str, Any], variables: Mapping[str, str], folder: Path) -> Facts:
    """Put a question to docker/dag_check in Airflow's Python; DeployError when it gives no answer."""
    done = subprocess.run(
        [str(python), "-P", "-m", "dag_check", question],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
        env=dict(variables),
        cwd=folder,
    )
    try:
        answer: Facts = json.loads(done.stdout)
    except ValueError as error:
        last = one_line("".join(done.stderr.strip().splitlines()[-1:]))
        way_out = "see airflow.options and airflow.variables in the settings"
        raise DeployError(f"Airflow does not start (status {done.returncode}): {last}", way_out) from error
    return answer


def environment(root: Path, home: Path, variables: Mapping[str, str], shell: Mapping[str, str]) -> dict[str, str]:
    """Return what the check's processes have: the shell's essentials, Airflow's variables, no database, no account."""
    kept = {name: value for name, value in shell.items() if _SHELL.fullmatch(name)}
    given = {name: value for name, value in variables.items() if not _NOT_HERE.fullmatch(name)}
    from_shell = {name: value for name, value in kept.items() if name.startswith("AIRFLOW_")}
    return {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        **kept,
        **given,
        **from_shell,
        # Whoever is signed in has that in files too, which boto3 finds without any variable:
        # https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html
        "HOME": str(home),
        **dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG"), os.devnull),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(root / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(root / "plugins"),
        "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACKS": "True",
        "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH": "1000",  # the user's line may be far from the end
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AWS_EC2_METADATA_DISABLED": "true",
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS would end the forks
        "PYTHONPATH": str(root / "docker"),
    }


def fold(said: Mapping[str, Any], image_python: str = "") -> DagReport:
    """Make the report of what docker/dag_check has answered."""
    files, unwalkable = said["files"], said["unwalkable"]
    newer = f"this is Python {said['python']}, the image's is {image_python}"
    findings = [
        *(Finding(one["file"], one["line"], ERROR, f"plugin: {one['what']}") for one in said["plugins"]),
        *([Finding("dags", 1, ERROR, f"the folder cannot be gone through: {unwalkable}")] if unwalkable else []),
        *_errors(files, newer if _is_older(said["python"], image_python) else ""),
        *_slow(files, said["limit"]),
        *_duplicates(files),
        *_lookups(files),
        *(Finding(each["file"], each["line"], WARNING, each["what"]) for one in files for each in one["templates"]),
        *([] if files or unwalkable else [Finding("dags", 1, WARNING, "there are no DAG files")]),
    ]
    old = {Finding(each["file"], each["line"], NOTE, each["what"]) for one in files for each in one["deprecations"]}
    count = sum(len(one["dags"]) for one in files)
    return DagReport(
        said["airflow"],
        len(files),
        count,
        said["seconds"],
        tuple(sorted(set(findings))),
        tuple(sorted(old)),
        said["python"],
    )


def without_requirements(found: DagReport, refused: str) -> DagReport:
    """Return a report of a check that was made without docker/requirements.txt: a missing package then stops nobody."""

    def mended(one: Finding) -> Finding:
        missing = one.level == ERROR and _PACKAGE.search(one.what)
        return replace(one, level=WARNING, what=f"not checked: {one.what}") if missing else one

    why = f"{refused}; the DAGs were checked without it, whether it fits in the image the build says"
    findings = {*map(mended, found.findings), Finding("docker/requirements.txt", 1, WARNING, why)}
    return replace(found, findings=tuple(sorted(findings)))


def _is_older(version: str, than: str) -> bool:
    """Whether a Python (3.11.7) is of an older kind than another one (3.12); never when there is no other."""
    here, there = ([int(part) for part in each.split(".")[:2] if part.isdigit()] for each in (version, than))
    return here < there


def _errors(files: Sequence[Mapping[str, Any]], newer: str) -> Iterator[Finding]:
    """Yield a finding for each thing that is wrong, however many files import it.

    `newer` says, if so, that the image's Python is newer than the one that has found them.
    """
    found = [
        ((each["file"], each["line"], each["kind"], each["what"] + _perhaps(each, one)), one["file"])
        for one in files
        for each in one["errors"]
    ]
    for (file, line, kind, what), those in groupby(sorted(found), key=itemgetter(0)):
        importers = [name for _, name in those if not file.startswith(name)]
        others = f" and {len(importers) - 1} more" if len(importers) > 1 else ""
        level, text = _in_words(kind, what)
        if newer and _NEWER.match(what):
            level, text = WARNING, f"not checked: {text} ({newer}, which may read it)"
        yield Finding(file, line, level, text + (f" (imported by {importers[0]}{others})" if importers else ""))


def _perhaps(error: Mapping[str, Any], file: Mapping[str, Any]) -> str:
    """Say what the file had here that is another thing where it is deployed: an error may come of it."""
    if error["kind"] != "import" or _MISSING.match(error["what"]) or error["what"].startswith("SyntaxError"):
        return ""
    names = [each["what"].split("'")[1] for each in file["lookups"] if each["what"].startswith("Variable '")]
    return "".join(
        [
            *(f"; Variable {name!r} had its default here, give AIRFLOW_VAR_{name.upper()}" for name in names),
            *(f"; {each['what']} is {PLACEHOLDER!r} here: {_GIVE_SECRET}" for each in file["placeholders"]),
        ]
    )


def _in_words(kind: str, what: str) -> tuple[str, str]:
    """Return level and text of an error. What only the deployment can know does not stop anybody: it may work there."""
    if kind == "lookup":
        hint = "read it in a task, or give it to the check as AIRFLOW_VAR_<NAME> or AIRFLOW_CONN_<ID>"
        return WARNING, f"not checked: the import needs what only the deployed Airflow knows ({what}); {hint}"
    if kind == "aws":
        return WARNING, f"not checked: the import asks AWS, which the check keeps it from ({what}); ask in a task"
    if kind == "folder":
        return WARNING, f"not checked: there is no /opt/airflow here ({what}); find files beside yours by __file__"
    if kind == "variable":
        return ERROR, f"{what}: no such variable; airflow.variables in the settings is the place for it"
    if kind == "library":
        return WARNING, f"not checked: {what}; here it is not: docker/packages.txt is installed in the image alone"
    if kind == "sibling":
        return ERROR, what
    if kind == "end":
        return ERROR, f"its import {what}"
    if what.startswith("ModuleNotFoundError: No module named 'airflow.providers."):
        # The official image has some providers that the laptop's environment has not.
        return ERROR, f"{what}; name its package (apache-airflow-providers-...) in docker/requirements.txt"
    return ERROR, f"{what}; a package for it belongs in docker/requirements.txt" if _MISSING.match(what) else what


def _slow(files: Sequence[Mapping[str, Any]], limit: float) -> Iterator[Finding]:
    for one in files:
        timed_out = any(each["kind"] in ("time", "end") for each in one["errors"])
        if limit > 0 and (one["seconds"] or 0) > limit / SLOW and not timed_out:
            allowed = f"Airflow gives up after {limit:g} s (core.dagbag_import_timeout)"
            yield Finding(one["file"], 1, WARNING, f"its import took {one['seconds']:.1f} s; {allowed}")


def _duplicates(files: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield an error for every line that makes a DAG whose id another line has used: Airflow keeps but one of them.

    Of DAGs that a file has from another DAG file by importing it, one error in all.
    """
    made = {(dag["id"], dag["file"]) for one in files for dag in one["dags"]}
    places: dict[str, list[tuple[str, int]]] = {}
    for one in files:
        for dag in one["dags"]:
            if dag["maker"] != dag["file"] and (dag["id"], dag["maker"]) in made:
                what = f"it has DAGs of {dag['maker']}, so that both files make them"
                yield Finding(dag["file"], dag["line"], ERROR, f"{what}; import what both need from a third file")
            else:
                places.setdefault(dag["id"], []).append((dag["file"], dag["line"]))
    for name, several in places.items():
        for number, (file, line) in enumerate(several):
            if len(several) > 1:
                other_file, other_line = several[0 if number else 1]
                same = (file, line) == (other_file, other_line)
                where = "made more than once here" if same else f"also made at {other_file}:{other_line}"
                yield Finding(file, line, ERROR, f"DAG {name!r} is {where}")


def _lookups(files: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield a note for what is looked up at import with success: it is asked for at every parse, by every process."""
    for one in files:
        stumbled = {(each["file"], each["line"]) for each in one["errors"]}
        for each in one["lookups"]:
            if (each["file"], each["line"]) not in stumbled:
                what = (
                    f"{each['what']} is looked up at every parse of the file; a task or a template is the place for it"
                )
                yield Finding(each["file"], each["line"], NOTE, what)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
