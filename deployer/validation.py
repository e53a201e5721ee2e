"""cfn-lint over rendered templates, each distinct one once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deployer.deploying import packaging
from deployer.errors import DeployError, one_line

_TIME_LIMIT = 600  # seconds
_CFN_LINT = (sys.executable, "-c", "from cfnlint.runner import main; raise SystemExit(main())")
_ENOUGH = 300  # characters of a message: some quote every version that AWS has
_IGNORED = ("W3002",)  # it warns that relative children need packaging, which is what deployer.deploying.packaging does
_SHARE = 6  # templates that are worth one more process: the linter's start takes as long as a few of them
_MOST = 8  # processes, of 150 MB each


@dataclass(frozen=True)
class Finding:
    """What cfn-lint objects to. `level` is its own: Error, Warning, Informational."""

    level: str
    rule: str
    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level.lower()} {self.rule}: {self.message}"


Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def run_program(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and keep what it prints. Raises DeployError when it takes over ten minutes."""
    quiet = subprocess.DEVNULL
    try:
        return subprocess.run(command, stdin=quiet, capture_output=True, text=True, check=False, timeout=_TIME_LIMIT)
    except subprocess.TimeoutExpired as error:
        raise DeployError(f"cfn-lint has not ended in {_TIME_LIMIT // 60} minutes", "run it again") from error


def lint(folders: Iterable[Path], regions: Sequence[str], run: Run = run_program) -> tuple[Finding, ...]:
    """Check rendered folders for the given regions; in order of file and line.

    Templates that are alike, with all that is nested in them, are checked once, under their first name.
    Raises DeployError when cfn-lint itself does not work.
    """
    shares = _shares(distinct(folders))
    if not shares:
        return ()
    options = ["--format", "json", "--ignore-checks", *_IGNORED, "--regions", *regions]
    # Programs of their own: the linter's modules are large, and its settings global.
    commands = [[*_CFN_LINT, *options, "--template", *map(str, share)] for share in shares]
    with ThreadPoolExecutor(len(commands)) as several:
        found = [finding for done in several.map(run, commands) for finding in _findings(done)]
    return tuple(sorted(found, key=lambda f: (f.file, f.line, f.rule)))


def _shares(files: Sequence[Path]) -> list[list[Path]]:
    """Files for as many linters side by side as there are cores to run them; large ones dealt out first."""
    count = min(os.cpu_count() or 1, _MOST, -(-len(files) // _SHARE))
    by_size = sorted(files, key=lambda file: -file.stat().st_size)
    return [by_size[number::count] for number in range(count)]


def distinct(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Return the templates of some folders without those that equal an earlier one, children included."""
    first: dict[str, Path] = {}
    for folder in folders:
        texts = packaging.read_folder(folder)
        for name in sorted(texts):
            key = packaging.plan(texts, name, base="")[-1].key  # a hash over the template and its children
            first.setdefault(key, folder / name)
    return tuple(first.values())


def _findings(done: subprocess.CompletedProcess[str]) -> Iterator[Finding]:
    try:
        matches = json.loads(done.stdout)
    except ValueError as error:
        said = one_line(done.stderr or done.stdout)
        raise DeployError(f"cfn-lint failed with status {done.returncode}: {said}") from error
    return map(_finding, matches)


def _finding(match: dict[str, object]) -> Finding:
    """Source of the shape: cfnlint.formatters.JsonFormatter."""
    rule, location = match["Rule"], match["Location"]
    if not (isinstance(rule, dict) and isinstance(location, dict)):
        raise DeployError("cfn-lint answers in a form that is not known here", "install the locked version of it")
    return Finding(
        level=str(match["Level"]),
        rule=str(rule["Id"]),
        file=Path(str(match["Filename"])),
        line=int(location["Start"]["LineNumber"]),
        message=textwrap.shorten(one_line(str(match["Message"])), _ENOUGH, placeholder=" ..."),
    )
