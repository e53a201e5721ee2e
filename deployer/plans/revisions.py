"""What a checkout held at a revision of git: files as text. Git is asked, and nothing is checked out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from deployer.errors import WrongUse, one_line

_TIME_LIMIT = 60  # seconds

Git = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]
"""Runs git with some arguments, in the folder that paths are relative to."""


def git_in(folder: Path) -> Git:
    """Return what runs git in a folder. Without git, every command fails as if there were no repository."""

    def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        command = ["git", "-C", str(folder), *arguments]
        try:
            return subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False,
                timeout=_TIME_LIMIT,
            )  # fmt: skip
        except (OSError, UnicodeDecodeError, subprocess.TimeoutExpired) as error:
            return subprocess.CompletedProcess(command, 127, "", str(error))

    return run


def commit(git: Git, revision: str) -> str:
    """The commit that a revision names. Raises WrongUse when there is none of that name."""
    asked = git(["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"])
    if asked.returncode:
        why = one_line(asked.stderr)
        raise WrongUse(
            f"{revision} is neither a folder of templates nor a revision of git" + (f": {why}" if why else ""),
            "give one of them: --against main, --against ../other/templates/dev",
        )
    return asked.stdout.strip()


def head(git: Git) -> str:
    """The commit that is checked out, with `-dirty` when files that git knows were changed since; empty without one."""
    asked = git(["rev-parse", "--verify", "--quiet", "HEAD"])
    if asked.returncode:
        return ""
    changed = git(["--no-optional-locks", "status", "--porcelain", "--untracked-files=no"])
    return asked.stdout.strip() + ("-dirty" if changed.returncode or changed.stdout.strip() else "")


def within(checkout: Path, path: Path) -> str:
    """A path as git takes it in a checkout, however it is written: absolute, or with `..` in it."""
    return Path(os.path.relpath((checkout / path).resolve(), checkout.resolve())).as_posix()


def repository(checkout: Path) -> Path | None:
    """Where the repository begins that a folder is in; None when it is in none."""
    here = checkout.resolve()
    return next((each for each in (here, *here.parents) if (each / ".git").exists()), None)


def folder(git: Git, at: str, path: str) -> dict[str, str]:
    """The templates of a folder at a commit, by their paths inside it; none when it was not there."""
    listed = git(["ls-tree", "-r", "-z", "--name-only", at, "--", f"{path.rstrip('/')}/"])
    names = [name for name in listed.stdout.split("\0") if name.endswith(".yml")]
    texts = {name: text(git, at, name) for name in names} if listed.returncode == 0 else {}
    return {Path(name).relative_to(path).as_posix(): found for name, found in texts.items() if found is not None}


def text(git: Git, at: str, path: str) -> str | None:
    """A file at a commit; None when it was not there."""
    asked = git(["show", f"{at}:./{path}"])
    return asked.stdout if asked.returncode == 0 else None
