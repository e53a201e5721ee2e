"""Who the database and the broker run as: PostgreSQL refuses to run as root, so root lends them an ordinary account."""

import os
import pwd
import stat
from pathlib import Path

from local.errors import LocalError

ORDINARY_USER = "nobody"


def user_for_servers() -> str:
    """Name the account the servers run as: our own, or an ordinary one if we are root ("-" means our own)."""
    return ORDINARY_USER if os.geteuid() == 0 else "-"


def hand_over(path: Path) -> None:
    """Give a file or folder to the account the servers run as."""
    if os.geteuid() == 0:
        account = pwd.getpwnam(ORDINARY_USER)
        os.chown(path, account.pw_uid, account.pw_gid)


def check_reachable(path: Path) -> None:
    """Raise LocalError when we are root and the servers' ordinary account could not come to `path`."""
    if os.geteuid() == 0 and (closed := closed_to_others(path)) is not None:
        raise LocalError(
            f"{closed}: closed to other users, and PostgreSQL does not run as root; "
            f"use a checkout that user {ORDINARY_USER!r} can enter (chmod o+x {closed}), or an ordinary user"
        )


def closed_to_others(path: Path) -> Path | None:
    """Return the first folder on the way to `path` (or `path` itself) that not everybody may enter."""
    for folder in [*reversed(path.resolve().parents), path.resolve()]:
        if not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None
