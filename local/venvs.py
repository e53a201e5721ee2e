"""Virtual environments made from lock files, once per content of the lock."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.errors import LocalError
from local.layout import Layout
from local.locks import exclusive

Report = Callable[[str], None]
Run = Callable[[list[str], int], None]
"""Runs uv with arguments, and with a descriptor that it must keep open (the lock) to its end."""

STAMP = "made-from"  # written last: an environment without it was never finished


def ensure(layout: Layout, name: str, lock: Path, report: Report, run: Run | None = None) -> Path:
    """Return the python of the virtual environment `name`, making it from `lock` unless that was done before.

    Killed at any time, the next call makes it anew. Two callers at once: the second waits for the first.
    Raises LocalError when it cannot be made (no space, no network, a hash that differs).
    """
    folder = layout.venvs / name
    python = folder / "bin" / "python"
    stamp = _stamp_of(lock, folder)
    with _explained(name):
        layout.venvs.mkdir(parents=True, exist_ok=True)
        with exclusive(layout.venvs / f"{name}.lock") as held:
            if not _is_made(folder, stamp):
                report(f"making the virtual environment {name!r} (once)")
                _make(folder, lock, run or _uv, held)
                (folder / STAMP).write_text(stamp, encoding="utf-8")
    return python


def _stamp_of(lock: Path, folder: Path) -> str:
    """Say what an environment depends on: the lock, the interpreter and its own place (scripts name it)."""
    try:
        content = lock.read_bytes()
    except OSError as error:
        raise LocalError(f"{lock}: cannot be read ({error.strerror})") from error
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{hashlib.sha256(content).hexdigest()} python{version} {folder}\n"


def _is_made(folder: Path, stamp: str) -> bool:
    """Whether `folder` was finished from this lock and its python is still there (a checkout may move)."""
    try:
        finished = (folder / STAMP).read_text(encoding="utf-8") == stamp
    except FileNotFoundError:
        return False
    return finished and (folder / "bin" / "python").exists()


def _make(folder: Path, lock: Path, run: Run, held: int) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    run(["venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)], held)
    target = ["--python", str(folder / "bin" / "python")]
    run(["pip", "install", "--quiet", *target, "--require-hashes", "--requirements", str(lock)], held)


def _uv(arguments: list[str], held: int) -> None:
    """Run uv of the tool's own environment; its last words become the error."""
    misleading = ("VIRTUAL_ENV", "PYTHONPATH")
    done = subprocess.run(
        [sys.executable, "-m", "uv", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={key: value for key, value in os.environ.items() if key not in misleading},
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
    except LocalError as error:
        raise LocalError(f"the virtual environment {name!r} could not be made: {error}") from error
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise LocalError(f"the virtual environment {name!r} could not be made: {error.strerror}{where}") from error
