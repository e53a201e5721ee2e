"""Virtual environments made from lock files, once per content of the lock."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from local.errors import LocalError
from local.layout import Layout
from local.locks import exclusive

Report = Callable[[str], None]
Run = Callable[[list[str], int], None]
"""Runs uv with arguments, and with a descriptor that it must keep open (the lock) to its end."""

AIRFLOW_LOCK = Path("docker") / "requirements-laptop.lock"
OWN_REQUIREMENTS = Path("docker") / "requirements.txt"
_INCLUDED = re.compile(r"\s*(?:-r|-c|--requirements?|--constraints?)[ =]*([^\s#]+)")
STAMP = "made-from"  # written last: an environment without it was never finished


class Unfit(LocalError):  # noqa: N818 - nothing went wrong: two things do not go together
    """What the user's requirements ask for cannot be installed beside the laptop's Airflow."""


def airflow(layout: Layout, report: Report, run: Run | None = None) -> Path:
    """Return the python that has Airflow, and beside it what the user's docker/requirements.txt names.

    Raises LocalError when it cannot be made, Unfit when a requirement does not fit beside this Airflow.
    """
    return ensure(layout, "airflow", layout.checkout / AIRFLOW_LOCK, report, run, layout.checkout / OWN_REQUIREMENTS)


def ensure(
    layout: Layout, name: str, lock: Path, report: Report, run: Run | None = None, own: Path | None = None
) -> Path:
    """Return the python of the virtual environment `name`, making it from `lock` unless that was done before.

    `own` are requirements to be installed on top, which leave the lock's versions as they are.
    Killed at any time, the next call makes it anew. Two callers at once: the second waits for the first.
    Raises LocalError when it cannot be made (no space, no network, a hash that differs).
    """
    more = own if own is not None and asks_for_something(own) else None
    base = stamp_of(_hash(lock), layout.venvs / name)
    stamp = base + (f"{hashlib.sha256(text_of(more).encode()).hexdigest()} on top\n" if more else "")
    uv = run or run_uv

    def make(folder: Path, before: str, held: int) -> None:
        if before.startswith(base):
            _reduce(folder, lock, uv, held)
        else:
            make_empty(folder, uv, held)
            uv([*installing(folder), "--require-hashes", "--requirements", str(lock)], held)
        if more:  # when that fails, the next attempt need not begin from nothing
            (folder / STAMP).write_text(f"{base}unfinished\n", encoding="utf-8")
            _add(folder, more, lock, uv, held)

    return keep(layout, name, stamp, report, make)


def keep(layout: Layout, name: str, stamp: str, report: Report, make: Callable[[Path, str, int], None]) -> Path:
    """Return the python of the virtual environment `name`; unless `stamp` is what it was made from, `make` it.

    `make` is given its folder, the stamp of what is there (empty: nothing whole), and the lock's descriptor.
    """
    folder = layout.venvs / name
    with _explained(name):
        layout.venvs.mkdir(parents=True, exist_ok=True)
        with exclusive(layout.venvs / f"{name}.lock") as held:
            before = _made_from(folder)
            if before != stamp:
                report(f"making the virtual environment {name!r} (once)")
                (folder / STAMP).unlink(missing_ok=True)
                make(folder, before, held)
                (folder / STAMP).write_text(stamp, encoding="utf-8")
    return folder / "bin" / "python"


def asks_for_something(requirements: Path) -> bool:
    """Whether there is a file of requirements with more in it than comments."""
    try:
        lines = requirements.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise LocalError(f"{requirements}: cannot be read ({error.strerror})") from error
    return any(line.strip() and not line.lstrip().startswith("#") for line in lines)


def text_of(requirements: Path, seen: frozenset[Path] = frozenset()) -> str:
    """Return a file of requirements, and after it those that it includes. Raises LocalError for what cannot be read."""
    try:
        text = requirements.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(f"{requirements}: cannot be read ({error})") from error
    seen |= {requirements.resolve()}
    names = (match[1] for line in text.splitlines() if (match := _INCLUDED.match(line)))
    included = [requirements.parent / name for name in names if "://" not in name]
    return "\n".join([text, *(text_of(each, seen) for each in included if each.resolve() not in seen)])


def stamp_of(ingredients: str, folder: Path) -> str:
    """Say what an environment depends on: its ingredients, the interpreter and its own place (scripts name it)."""
    return f"{ingredients} python{sys.version_info.major}.{sys.version_info.minor} {folder}\n"


def _hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise LocalError(f"{file}: cannot be read ({error.strerror})") from error


def _made_from(folder: Path) -> str:
    """Return what `folder` was made from, if that was finished and its python is still there (a checkout may move)."""
    try:
        finished = (folder / STAMP).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    return finished if (folder / "bin" / "python").exists() else ""


def _reduce(folder: Path, lock: Path, run: Run, held: int) -> None:
    """Bring an environment back to its lock in place: an Airflow may be running from it."""
    run([*installing(folder), "--exact", "--require-hashes", "--requirements", str(lock)], held)


def make_empty(folder: Path, run: Run, held: int) -> None:
    """Make a virtual environment with nothing in it, in place of whatever is there."""
    if folder.exists():
        shutil.rmtree(folder)
    run(["venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)], held)


def _add(folder: Path, own: Path, lock: Path, run: Run, held: int) -> None:
    """Install the user's requirements under the lock's versions. Raises Unfit in the resolver's words."""
    try:
        run([*installing(folder), "--requirements", str(own), "--constraints", str(lock), "--no-verify-hashes"], held)
    except LocalError as error:
        raise Unfit(f"{own.parent.name}/{own.name} does not fit beside Airflow: {error}") from error


def installing(folder: Path) -> list[str]:
    """Return the first of uv's arguments for an installation into an environment."""
    return ["pip", "install", "--quiet", "--python", str(folder / "bin" / "python")]


def asking(index: str, shell: Mapping[str, str] = os.environ) -> Run:
    """Return what runs uv with an index of packages; the shell's own choice of one wins.

    https://docs.astral.sh/uv/reference/environment/#uv_default_index
    """
    return partial(run_uv, variables=variables_of(index, shell))


def variables_of(index: str, shell: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the shell's variables, and in them the index of packages to use; empty for uv's own choice."""
    return ({"UV_DEFAULT_INDEX": index} if index and "UV_INDEX_URL" not in shell else {}) | dict(shell)


def run_uv(arguments: list[str], held: int, variables: Mapping[str, str] = os.environ) -> None:
    """Run uv of the tool's own environment; its last words become the error."""
    misleading = ("VIRTUAL_ENV", "PYTHONPATH")
    done = subprocess.run(
        [sys.executable, "-m", "uv", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={key: value for key, value in variables.items() if key not in misleading},
        stdin=subprocess.DEVNULL,
        pass_fds=(held,),
    )
    if done.returncode != 0:
        raise LocalError(_last_words(done.stderr) or f"uv ended with status {done.returncode}")


def _last_words(text: str) -> str:
    """Join what uv said into one line: its complaint and the innermost cause."""
    drawing = " \t\N{MULTIPLICATION SIGN}├╰─▶│>-"
    lines = [line.strip(drawing) for line in text.splitlines() if line.strip(drawing)]
    return ": ".join(dict.fromkeys([*lines[:1], *lines[-1:]]))


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except Unfit:
        raise  # it says itself what is to be done, and the environment without that can be made
    except LocalError as error:
        raise LocalError(f"the virtual environment {name!r} could not be made: {error}") from error
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise LocalError(f"the virtual environment {name!r} could not be made: {error.strerror}{where}") from error
