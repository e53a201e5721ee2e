"""Become another program, written down first: `python -m local.aws.launch RECORD SIGNAL USER PROGRAM ...`.

The process writes its own record and only then turns into the program, so there is no moment at which a server runs
that nobody could find again. `USER` is the account to become ("-": stay): PostgreSQL refuses to run as root.
"""

import os
import pwd
import sys
from pathlib import Path

from local.processes import write_down_myself


def main(arguments: list[str]) -> None:
    """Write the record, give up root if asked to, and turn into the program."""
    record, stop_signal, user, *command = arguments
    write_down_myself(Path(record), stop_signal)
    if user != "-":
        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    os.execv(command[0], command)  # noqa: S606  # the program is one of ours, by its full path


if __name__ == "__main__":
    main(sys.argv[1:])
